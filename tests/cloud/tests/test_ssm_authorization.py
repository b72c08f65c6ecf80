"""SSM calls are authorized on their resources, such as SendCommand on its document and every instance, with tags."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from conftest import REGION, Rig, is_refused

MEMBER = "222200000001"
DOCUMENT = "arn:aws:ssm:*:*:document/AWS-RunPatchBaseline"
INSTANCES = f"arn:aws:ec2:*:{MEMBER}:instance/*"


def allow(resource: str, **condition: Any) -> dict[str, Any]:
    """Returns a statement that allows SendCommand on the resource."""
    statement = {"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def sends(rig: Rig, *statements: dict[str, Any], document: str = "AWS-RunPatchBaseline", **targets: Any) -> bool:
    """Returns whether a role with the statements may send a command."""
    admin = rig.as_account(MEMBER)
    ssm = rig.session(rig.role(*statements, admin=admin), admin).client("ssm")
    on = targets or {"InstanceIds": ["i-dev"]}
    return not is_refused("AccessDeniedException", lambda: ssm.send_command(DocumentName=document, **on))


def test_least_privilege_policy_works(rig: Rig, bare: Rig) -> None:
    assert sends(rig, allow(DOCUMENT), allow(INSTANCES))
    assert not sends(bare, allow(DOCUMENT), allow(INSTANCES))


@pytest.mark.parametrize(
    "statements",
    [[allow(DOCUMENT)], [allow(INSTANCES)], [allow("arn:aws:ssm:*:*:document/Other"), allow(INSTANCES)]],
    ids=["document only", "instances only", "other document"],
)
def test_both_are_needed(rig: Rig, statements: list[dict[str, Any]]) -> None:
    assert not sends(rig, *statements)


def test_every_instance_counts(rig: Rig) -> None:
    one = f"arn:aws:ec2:*:{MEMBER}:instance/i-dev"
    assert sends(rig, allow(DOCUMENT), allow(one), InstanceIds=["i-dev"])
    assert not sends(rig, allow(DOCUMENT), allow(one), InstanceIds=["i-dev", "i-dev2"])


@pytest.mark.parametrize("key", ["ssm:resourceTag/env", "aws:ResourceTag/env"])
def test_tags_come_from_the_simulator(rig: Rig, key: str) -> None:
    tagged = allow(INSTANCES, StringEquals={key: "dev"})
    assert sends(rig, allow(DOCUMENT), tagged, InstanceIds=["i-dev"])
    assert not sends(rig, allow(DOCUMENT), tagged, InstanceIds=["i-prod"])


def test_targets_by_tag_are_resolved(rig: Rig) -> None:
    tagged = allow(INSTANCES, StringEquals={"ssm:resourceTag/env": "dev"})

    def by(value: str) -> list[dict[str, Any]]:
        return [{"Key": "tag:env", "Values": [value]}]

    assert sends(rig, allow(DOCUMENT), tagged, Targets=by("dev"))
    assert not sends(rig, allow(DOCUMENT), tagged, Targets=by("prod"))


def test_patch_states_are_authorized_per_instance(rig: Rig) -> None:
    admin = rig.as_account(MEMBER)
    one = {"Effect": "Allow", "Action": "ssm:Describe*", "Resource": f"arn:aws:ec2:{REGION}:{MEMBER}:instance/i-dev"}
    ssm = rig.session(rig.role(one, admin=admin), admin).client("ssm")
    ssm.describe_instance_patch_states(InstanceIds=["i-dev"])
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.describe_instance_patch_states(InstanceIds=["i-dev", "i-dev2"])


def test_denied_calls_never_reach_the_simulator(rig: Rig) -> None:
    before = len(rig.stub.seen)
    assert not sends(rig, allow(DOCUMENT))
    assert "SendCommand" not in [call["operation"] for call in rig.stub.seen[before:]]


OURS, FOREIGN = "pb-0000000000000ours", "pb-0000000000foreign"
PREDEFINED = f"arn:aws:ssm:{REGION}:075727635805:patchbaseline/pb-0be8c61cde3be63f3"
OWN_BASELINES = f"arn:aws:ssm:*:{MEMBER}:patchbaseline/*"
TAGS = [{"Key": "orgpatch:plan", "Value": "monthly"}]
ASSOCIATION = "01234567-89ab-cdef-0123-456789abcdef"
WINDOW = "mw-0123456789abcdef0"
SETTING = "/ssm/managed-instance/default-ec2-instance-management-role"


def may(rig: Rig, action: str, resource: str, request: dict[str, Any], **condition: Any) -> bool:
    """Returns whether a role that is allowed this action on the resource may make the call."""
    admin = rig.as_account(MEMBER)
    statement = {"Effect": "Allow", "Action": f"ssm:{action}", "Resource": resource, "Condition": condition}
    ssm = rig.session(rig.role(statement, admin=admin), admin).client("ssm")
    return not is_refused("AccessDeniedException", lambda: getattr(ssm, xform_name(action))(**request))


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("GetPatchBaseline", {"BaselineId": OURS}),
        ("UpdatePatchBaseline", {"BaselineId": OURS}),
        ("DeletePatchBaseline", {"BaselineId": OURS}),
        ("RegisterDefaultPatchBaseline", {"BaselineId": OURS}),
        ("RegisterPatchBaselineForPatchGroup", {"BaselineId": OURS, "PatchGroup": "g"}),
        ("DeregisterPatchBaselineForPatchGroup", {"BaselineId": OURS, "PatchGroup": "g"}),
        ("AddTagsToResource", {"ResourceType": "PatchBaseline", "ResourceId": OURS, "Tags": TAGS}),
        ("RemoveTagsFromResource", {"ResourceType": "PatchBaseline", "ResourceId": OURS, "TagKeys": ["a"]}),
        ("ListTagsForResource", {"ResourceType": "PatchBaseline", "ResourceId": OURS}),
    ],
)
def test_a_baseline_is_authorized_by_its_arn(rig: Rig, action: str, request_: dict[str, Any]) -> None:
    one = f"arn:aws:ssm:{REGION}:{MEMBER}:patchbaseline/"
    assert may(rig, action, OWN_BASELINES, request_)
    assert may(rig, action, one + OURS, request_)
    assert not may(rig, action, one + FOREIGN, request_)
    assert not may(rig, action, "arn:aws:ssm:*:333300000001:patchbaseline/*", request_)


@pytest.mark.parametrize("action", ["GetPatchBaseline", "RegisterDefaultPatchBaseline"])
def test_a_predefined_baseline_is_in_an_account_of_aws(rig: Rig, action: str) -> None:
    assert not may(rig, action, OWN_BASELINES, {"BaselineId": PREDEFINED})
    assert may(rig, action, "arn:aws:ssm:*:*:patchbaseline/*", {"BaselineId": PREDEFINED})


@pytest.mark.parametrize(
    ("action", "resource", "request_"),
    [
        ("DescribeMaintenanceWindowTargets", f"maintenancewindow/{WINDOW}", {"WindowId": WINDOW}),
        ("DescribeMaintenanceWindowTasks", f"maintenancewindow/{WINDOW}", {"WindowId": WINDOW}),
        ("DescribeAssociation", f"association/{ASSOCIATION}", {"AssociationId": ASSOCIATION}),
        ("GetServiceSetting", f"servicesetting{SETTING}", {"SettingId": SETTING}),
        (
            "GetServiceSetting",
            f"servicesetting{SETTING}",
            {"SettingId": f"arn:aws:ssm:{REGION}:{MEMBER}:servicesetting{SETTING}"},
        ),
    ],
)
def test_windows_associations_and_settings_are_authorized_by_their_arns(
    rig: Rig, action: str, resource: str, request_: dict[str, Any]
) -> None:
    assert may(rig, action, f"arn:aws:ssm:{REGION}:{MEMBER}:{resource}", request_)
    assert not may(rig, action, f"arn:aws:ssm:{REGION}:{MEMBER}:{resource}x", request_)


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("DescribePatchBaselines", {}),
        ("DescribePatchGroups", {}),
        ("DescribePatchProperties", {"OperatingSystem": "SUSE", "Property": "SEVERITY"}),
        ("CreatePatchBaseline", {"Name": "abc"}),
        ("DescribeMaintenanceWindows", {}),
        ("GetInventory", {}),
        ("ListAssociations", {}),
    ],
)
def test_what_has_no_resource_needs_any_resource(rig: Rig, action: str, request_: dict[str, Any]) -> None:
    assert may(rig, action, "*", request_)
    assert not may(rig, action, OWN_BASELINES, request_)


@pytest.mark.parametrize("key", ["ssm:resourceTag/orgpatch:plan", "aws:ResourceTag/orgpatch:plan"])
def test_tags_of_baselines_come_from_the_simulator(rig: Rig, key: str) -> None:
    tagged = {"Null": {key: "false"}}
    assert may(rig, "UpdatePatchBaseline", OWN_BASELINES, {"BaselineId": OURS}, **tagged)
    assert not may(rig, "UpdatePatchBaseline", OWN_BASELINES, {"BaselineId": FOREIGN}, **tagged)
    assert not may(rig, "UpdatePatchBaseline", OWN_BASELINES, {"BaselineId": "pb-00000000000unknown"}, **tagged)


def test_tags_of_baselines_are_followed(rig: Rig) -> None:
    ssm = rig.as_account(MEMBER).client("ssm")
    tagged = {"Null": {"aws:ResourceTag/orgpatch:plan": "false"}}

    def update(baseline: str) -> bool:
        return may(rig, "UpdatePatchBaseline", OWN_BASELINES, {"BaselineId": baseline}, **tagged)

    assert update(ssm.create_patch_baseline(Name="abc", Tags=TAGS)["BaselineId"])
    assert not update(ssm.create_patch_baseline(Name="abc")["BaselineId"])
    [_, foreign] = rig.stub.baselines[MEMBER][REGION]["baselines"]
    assert not update(FOREIGN)
    before, foreign["tags"] = foreign["tags"], {"orgpatch:plan": "monthly"}
    ssm.add_tags_to_resource(ResourceType="PatchBaseline", ResourceId=FOREIGN, Tags=TAGS)
    assert update(FOREIGN)
    foreign["tags"] = before
    ssm.remove_tags_from_resource(ResourceType="PatchBaseline", ResourceId=FOREIGN, TagKeys=["orgpatch:plan"])
    assert not update(FOREIGN)


def test_tags_of_a_request_are_conditions_too(rig: Rig) -> None:
    plan = {"Null": {"aws:RequestTag/orgpatch:plan": "false"}}
    assert may(rig, "CreatePatchBaseline", "*", {"Name": "abc", "Tags": TAGS}, **plan)
    assert not may(rig, "CreatePatchBaseline", "*", {"Name": "abc"}, **plan)
    ours = {"ForAllValues:StringEquals": {"aws:TagKeys": ["orgpatch:plan"]}, "Null": {"aws:TagKeys": "false"}}
    this = {"ResourceType": "PatchBaseline", "ResourceId": OURS}
    assert may(rig, "AddTagsToResource", OWN_BASELINES, {**this, "Tags": TAGS}, **ours)
    other = [*TAGS, {"Key": "owner", "Value": "me"}]
    assert not may(rig, "AddTagsToResource", OWN_BASELINES, {**this, "Tags": other}, **ours)
