"""The bridge: which calls fleet-sim gets, with which caller, and which calls stay with ministack."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from conftest import ANYTHING, Rig

MEMBER = "222200000001"


def test_caller_account_and_operation_arrive(rig: Rig) -> None:
    admin = rig.as_account(MEMBER)
    role = rig.role(ANYTHING, admin=admin)
    rig.session(role, admin).client("ssm").describe_instance_information()
    seen = rig.stub.seen[-1]
    assert (seen["service"], seen["operation"], seen["account"]) == ("ssm", "DescribeInstanceInformation", MEMBER)
    assert seen["caller"] == f"arn:aws:sts::{MEMBER}:assumed-role/{role.rsplit('/', 1)[-1]}/test"


def test_ec2_speaks_its_own_protocol(rig: Rig) -> None:
    assert rig.client("ec2").describe_instances()["Reservations"] == []
    assert "Action=DescribeInstances" in rig.stub.seen[-1]["body"]


def test_errors_of_the_simulator_are_errors_of_aws(rig: Rig) -> None:
    with pytest.raises(ClientError) as caught:
        rig.client("organizations").list_delegated_administrators()
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"


def test_parameters_stay_with_ministack(rig: Rig) -> None:
    before = len(rig.stub.seen)
    rig.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    assert rig.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    assert len(rig.stub.seen) == before


def test_tags_of_parameters_stay_with_ministack_and_those_of_baselines_do_not(rig: Rig) -> None:
    ssm, tags = rig.client("ssm"), [{"Key": "a", "Value": "1"}]
    ssm.put_parameter(Name="/tagged", Value="1", Type="String")
    before = len(rig.stub.seen)
    parameter = {"ResourceType": "Parameter", "ResourceId": "/tagged"}
    ssm.add_tags_to_resource(**parameter, Tags=tags)
    assert ssm.list_tags_for_resource(**parameter)["TagList"] == tags
    ssm.remove_tags_from_resource(**parameter, TagKeys=["a"])
    assert len(rig.stub.seen) == before
    baseline = {"ResourceType": "PatchBaseline", "ResourceId": "pb-0000000000000ours"}
    ssm.add_tags_to_resource(**baseline, Tags=tags)
    ssm.list_tags_for_resource(**baseline)
    ssm.remove_tags_from_resource(**baseline, TagKeys=["a"])
    operations = [call["operation"] for call in rig.stub.seen[before:]]
    assert operations == ["AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"]


def test_decisions_and_sessions_are_written_down(rig: Rig) -> None:
    admin = rig.as_account(MEMBER)
    role = rig.role({"Effect": "Allow", "Action": "ssm:ListCommands", "Resource": "*"}, admin=admin)
    name = role.rsplit("/", 1)[-1]
    session = rig.session(role, admin)
    with pytest.raises(ClientError):
        session.client("ssm").describe_instance_information()
    lines = [json.loads(line) for line in (rig.evidence / "authorized.jsonl").read_text().splitlines()]
    last = [line for line in lines if line["principal"] == name][-1]
    assert (last["action"], last["decision"]) == ("ssm:DescribeInstanceInformation", "denied")
    assert (last["account"], last["resource"]) == (MEMBER, "*")
    trusted = [line for line in lines if line["by"] == "trust" and line["resource"] == role]
    assert [line["decision"] for line in trusted] == ["authorized"]
    secrets = [json.loads(line) for line in (rig.evidence / "secrets.jsonl").read_text().splitlines()]
    assert any(secret["principal"] == name and secret["sessionToken"] for secret in secrets)
