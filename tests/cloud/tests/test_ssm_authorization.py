"""SendCommand is authorized on its document and on every instance, with the tags that fleet-sim knows."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import REGION, Rig

MEMBER = "222200000001"
DOCUMENT = "arn:aws:ssm:*:*:document/AWS-RunPatchBaseline"
INSTANCES = f"arn:aws:ec2:*:{MEMBER}:instance/*"


def allow(resource: str, **condition: Any) -> dict[str, Any]:
    """SendCommand on the resource."""
    statement = {"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def sends(rig: Rig, *statements: dict[str, Any], document: str = "AWS-RunPatchBaseline", **targets: Any) -> bool:
    """Whether a role with the statements may send."""
    admin = rig.as_account(MEMBER)
    ssm = rig.session(rig.role(*statements, admin=admin), admin).client("ssm")
    try:
        ssm.send_command(DocumentName=document, **(targets or {"InstanceIds": ["i-dev"]}))
        return True
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"
        return False


def test_least_privilege_policy_works(rig: Rig, bare: Rig):
    assert sends(rig, allow(DOCUMENT), allow(INSTANCES))
    assert not sends(bare, allow(DOCUMENT), allow(INSTANCES))


@pytest.mark.parametrize(
    "statements",
    [[allow(DOCUMENT)], [allow(INSTANCES)], [allow("arn:aws:ssm:*:*:document/Other"), allow(INSTANCES)]],
    ids=["document only", "instances only", "other document"],
)
def test_both_are_needed(rig: Rig, statements: list[dict[str, Any]]):
    assert not sends(rig, *statements)


def test_every_instance_counts(rig: Rig):
    one = f"arn:aws:ec2:*:{MEMBER}:instance/i-dev"
    assert sends(rig, allow(DOCUMENT), allow(one), InstanceIds=["i-dev"])
    assert not sends(rig, allow(DOCUMENT), allow(one), InstanceIds=["i-dev", "i-dev2"])


@pytest.mark.parametrize("key", ["ssm:resourceTag/env", "aws:ResourceTag/env"])
def test_tags_come_from_the_simulator(rig: Rig, key: str):
    tagged = allow(INSTANCES, StringEquals={key: "dev"})
    assert sends(rig, allow(DOCUMENT), tagged, InstanceIds=["i-dev"])
    assert not sends(rig, allow(DOCUMENT), tagged, InstanceIds=["i-prod"])


def test_targets_by_tag_are_resolved(rig: Rig):
    tagged = allow(INSTANCES, StringEquals={"ssm:resourceTag/env": "dev"})
    by = lambda value: [{"Key": "tag:env", "Values": [value]}]  # noqa: E731
    assert sends(rig, allow(DOCUMENT), tagged, Targets=by("dev"))
    assert not sends(rig, allow(DOCUMENT), tagged, Targets=by("prod"))


def test_patch_states_are_authorized_per_instance(rig: Rig):
    admin = rig.as_account(MEMBER)
    one = {"Effect": "Allow", "Action": "ssm:Describe*", "Resource": f"arn:aws:ec2:{REGION}:{MEMBER}:instance/i-dev"}
    ssm = rig.session(rig.role(one, admin=admin), admin).client("ssm")
    ssm.describe_instance_patch_states(InstanceIds=["i-dev"])
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.describe_instance_patch_states(InstanceIds=["i-dev", "i-dev2"])


def test_denied_calls_never_reach_the_simulator(rig: Rig):
    before = len(rig.stub.seen)
    assert not sends(rig, allow(DOCUMENT))
    assert "SendCommand" not in [call["operation"] for call in rig.stub.seen[before:]]
