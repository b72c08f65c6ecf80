"""Systems Manager: managed instances, their results, and settings."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..asker import Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Model, Page

_INFORMATION = "ssm:DescribeInstanceInformation"
_SETTING = "/ssm/managed-instance/default-ec2-instance-management-role"
_INVALID = "InvalidInstanceId"
_STATES = ("Missing", "Failed")
# With the counts of a result that say how many patches of each there are.
_COVERED = {
    "Installed": "InstalledCount",
    "InstalledPendingReboot": "InstalledPendingRebootCount",
    "InstalledRejected": "InstalledRejectedCount",
}


def _by_id(asker: Asker, instance: str) -> str:
    filters = [{"Key": "InstanceIds", "Values": [instance]}]
    return asker.answer("ssm", "describe_instance_information", Filters=filters, MaxResults=50)


def _unknown(asker: Asker) -> str:
    return _by_id(asker, "i-00000000000000000")


def _hybrid(asker: Asker) -> str:
    found = asker.call("ssm", "describe_instance_information", MaxResults=50)["InstanceInformationList"]
    nodes = {node["InstanceId"][:3] == "mi-": node["ResourceType"] for node in found}
    if True not in nodes:
        raise CannotTell("the first page has no hybrid node: register one by a hybrid activation, and ask again")
    return f"mi- is {nodes[True]}"


def _terminated(asker: Asker) -> str:
    filters = [{"Name": "instance-state-name", "Values": ["terminated"]}]
    reservations = asker.call("ec2", "describe_instances", Filters=filters)["Reservations"]
    ids = [instance["InstanceId"] for reservation in reservations for instance in reservation["Instances"]]
    if not ids:
        raise CannotTell("no instance was terminated in the last hour: terminate one, and ask again")
    return _by_id(asker, ids[0])


def _patches(asker: Asker) -> str:
    instance = asker.managed_instance()
    filters = [{"Key": "State", "Values": list(_STATES)}]
    try:
        answer = asker.call("ssm", "describe_instance_patches", InstanceId=instance, Filters=filters, MaxResults=100)
    except ClientError as error:
        return asker.code(error)
    # The model spells a state in two ways.
    found = {patch["State"].replace("_", "").lower() for patch in answer["Patches"]}
    return "also other states" if found - {state.lower() for state in _STATES} else "only these states"


def _covered(asker: Asker) -> str:
    """Says whether the patches of an instance are as many as its result counts, and tell their classification."""
    counted = {
        state["InstanceId"]: sum(state.get(count, 0) for count in _COVERED.values()) for state in _results(asker)
    }
    instance = next((one for one, count in counted.items() if count > 0), None)
    if instance is None:
        raise CannotTell("no instance has an installed patch that its baseline covers: patch one, and ask again")
    filters = [{"Key": "State", "Values": list(_COVERED)}]
    pages = (
        asker.client("ssm")
        .get_paginator("describe_instance_patches")
        .paginate(InstanceId=instance, Filters=filters, PaginationConfig={"PageSize": 100})
    )
    patches = [patch for page in pages for patch in page["Patches"]]
    asker.notes.append(f"{counted[instance]} counted, {len(patches)} listed")
    if len(patches) < counted[instance]:
        return "fewer than counted"
    told = any(patch["Classification"] for patch in patches)
    return "all, with classification" if told else "all, without classification"


def _never_patched(asker: Asker) -> str:
    answer = asker.call("ssm", "describe_instance_patch_states", InstanceIds=["i-00000000000000000"])
    return f"{len(answer['InstancePatchStates'])} rows"


def _results(asker: Asker) -> list[dict[str, Any]]:
    """Returns the results of up to 50 instances that Systems Manager knows."""
    found = asker.call("ssm", "describe_instance_information", MaxResults=50)["InstanceInformationList"]
    ids = [node["InstanceId"] for node in found if node["InstanceId"].startswith("i-")]
    states = asker.call("ssm", "describe_instance_patch_states", InstanceIds=ids)["InstancePatchStates"] if ids else []
    if not states:
        raise CannotTell("no instance has a result of a scan: scan one, and ask again")
    return list(states)


def _registered(asker: Asker, group: str, os: str) -> str:
    """Returns the id of the baseline of a patch group, or else of the default."""
    pages = asker.client("ssm").get_paginator("describe_patch_groups").paginate()
    mappings = [mapping for page in pages for mapping in page["Mappings"]]
    for mapping in mappings:
        baseline = mapping["BaselineIdentity"]
        if group and mapping["PatchGroup"] == group and baseline["OperatingSystem"] == os:
            return str(baseline["BaselineId"])
    return str(asker.call("ssm", "get_default_patch_baseline", OperatingSystem=os)["BaselineId"])


def _deciding(asker: Asker) -> str:
    """Says whether a result names the baseline that is registered for its instance."""
    state = _results(asker)[0]
    ids = [state["BaselineId"], ""]
    try:
        os = asker.call("ssm", "get_patch_baseline", BaselineId=ids[0])["OperatingSystem"]
    except ClientError as error:
        # The short id of one of AWS's own baselines is in the list by its ARN only.
        pages = asker.client("ssm").get_paginator("describe_patch_baselines").paginate()
        known = [one for page in pages for one in page["BaselineIdentities"]]
        own = [one["OperatingSystem"] for one in known if one["BaselineId"].endswith(f"/{ids[0]}")]
        if not own:
            return asker.code(error)
        os = own[0]
    ids[1] = _registered(asker, state["PatchGroup"], os)
    asker.notes.append(f"the result has {ids[0]}, registered is {ids[1]}")
    return "the registered one" if ids[0].rsplit("/", 1)[-1] == ids[1].rsplit("/", 1)[-1] else "another one"


def _no_group(asker: Asker) -> str:
    """Says what PatchGroup is for an instance without the tag."""
    states = {state["InstanceId"]: state["PatchGroup"] for state in _results(asker)}
    reservations = asker.call("ec2", "describe_instances", InstanceIds=sorted(states))["Reservations"]
    for instance in (one for reservation in reservations for one in reservation["Instances"]):
        tags = {tag["Key"] for tag in instance.get("Tags", [])}
        if not tags & {"Patch Group", "PatchGroup"}:
            return "a text" if states[instance["InstanceId"]] else "the empty text"
    raise CannotTell("every instance with a result has a patch group: scan one without, and ask again")


def _setting(asker: Asker) -> str:
    try:
        setting = asker.call("ssm", "get_service_setting", SettingId=_SETTING)["ServiceSetting"]
    except ClientError as error:
        return asker.code(error)
    value = setting.get("SettingValue", "")
    return value if value in {"", "$None"} else "a role"


FACTS = (
    Fact(
        name="unknown-instance-in-the-filter",
        says="DescribeInstanceInformation with the id of an instance that does not exist.",
        calls=(_INFORMATION,),
        sources=(
            Model(
                "ssm", "DescribeInstanceInformation", "isn't valid or a node that you don't own, you receive an error"
            ),
            Model("ssm", "InvalidInstanceId", "Invalid states are: Shutting-down and Terminated"),
        ),
        aws=(_INVALID, ACCEPTED),
        orgpatch={
            _INVALID: "lists all managed instances instead",
            ACCEPTED: "the instance is not in the list, and so not online",
        },
        ask=_unknown,
        simulator=ACCEPTED,
    ),
    Fact(
        name="terminated-instance-in-the-filter",
        says="DescribeInstanceInformation with the id of an instance that was terminated.",
        calls=(_INFORMATION,),
        sources=(
            Model("ssm", "InvalidInstanceId", "Invalid states are: Shutting-down and Terminated"),
            Page("https://github.com/prowler-cloud/prowler/issues/2059", "the call fails for such an instance"),
        ),
        aws=(_INVALID, ACCEPTED),
        orgpatch={
            _INVALID: "lists all managed instances instead",
            ACCEPTED: "the instance is not in the list, and so not online",
        },
        ask=_terminated,
        not_local="the scenario of the local cloud has no terminated instance",
    ),
    Fact(
        name="hybrid-nodes-are-listed",
        says="DescribeInstanceInformation without a filter also lists hybrid nodes. Their ids begin with `mi-`, and "
        "their ResourceType is ManagedInstance.",
        calls=(_INFORMATION,),
        sources=(
            Model("ssm", "DescribeInstanceInformation", "it returns information for all your managed nodes"),
            Model("ssm", "InstanceInformation.ResourceType", "Instances are either EC2 instances or managed instances"),
        ),
        aws=("mi- is ManagedInstance",),
        orgpatch={
            "mi- is ManagedInstance": "each is a row with the outcome skipped (hybrid-node)",
            "mi- is EC2Instance": "each is a row with the outcome skipped (hybrid-node), by its id",
        },
        ask=_hybrid,
    ),
    Fact(
        name="patches-by-state",
        says="DescribeInstancePatches can be filtered by several states, spelled as in the examples of the reference.",
        calls=("ssm:DescribeInstancePatches",),
        sources=(
            Model(
                "ssm",
                "DescribeInstancePatchesRequest.Filters",
                "Sample values: Installed | InstalledOther | InstalledPendingReboot",
            ),
        ),
        aws=("only these states",),
        orgpatch={
            "only these states": "reads what the instance lacks",
            "also other states": "reads more pages; other states are left out here",
        },
        ask=_patches,
    ),
    Fact(
        name="covered-patches",
        says="DescribeInstancePatches by the states of what is installed and covered by the baseline has as many "
        "patches as the result of the instance counts, and tells their classification.",
        calls=("ssm:DescribeInstancePatchStates", "ssm:DescribeInstancePatches"),
        sources=(
            Model(
                "ssm",
                "DescribeInstancePatchesRequest.Filters",
                "Sample values: Installed | InstalledOther | InstalledPendingReboot",
            ),
            Model("ssm", "InstancePatchState.InstalledCount", "patches from the patch baseline that are installed"),
        ),
        aws=("all, with classification",),
        orgpatch={
            "all, with classification": "names approval rules that they rule out",
            "all, without classification": "names no rule of a baseline with an installed patch",
            "fewer than counted": "names no rule of a baseline with an installed patch",
        },
        ask=_covered,
    ),
    Fact(
        name="instance-without-results",
        says="DescribeInstancePatchStates has no row for an instance without results, and that is no error.",
        calls=("ssm:DescribeInstancePatchStates",),
        sources=(
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstancePatchStates.html",
                "its errors are InternalServerError and InvalidNextToken only",
            ),
        ),
        aws=("0 rows",),
        orgpatch={"0 rows": "the instance has no result"},
        ask=_never_patched,
    ),
    Fact(
        name="baseline-of-a-result",
        says="BaselineId of a result is the baseline that is registered for the patch group of the instance and its "
        "operating system, or else the default. It differs, too, if the registration changed since the scan.",
        calls=("ssm:DescribeInstancePatchStates", "ssm:DescribePatchGroups", "ssm:GetDefaultPatchBaseline"),
        sources=(
            Model("ssm", "InstancePatchState.BaselineId", "ID of the patch baseline used to patch the managed node"),
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-patch-groups.html",
                "a patch group has one baseline for each operating system; without a match the default applies",
            ),
        ),
        aws=("the registered one",),
        orgpatch={
            "the registered one": "sees in each scan which baseline decides, and skips what is not the plan's",
            "another one": "would skip instances although the plan's baseline decides: set otherBaseline: warn",
        },
        ask=_deciding,
    ),
    Fact(
        name="result-without-a-patch-group",
        says="PatchGroup in the result of an instance without that tag is the empty text, although the model has a "
        "minimum of 1.",
        calls=("ssm:DescribeInstancePatchStates",),
        sources=(
            Page(
                "https://docs.aws.amazon.com/cli/latest/reference/ssm/describe-instance-patch-states.html",
                'the example has "PatchGroup": ""; the User Guide, too',
            ),
        ),
        aws=("the empty text",),
        orgpatch={
            "the empty text": "the reason of a skipped instance names no patch group",
            "a text": "the reason names that text as the patch group",
        },
        ask=_no_group,
    ),
    Fact(
        name="default-host-management",
        says="GetServiceSetting answers a role, `$None`, or ServiceSettingNotFound.",
        calls=("ssm:GetServiceSetting",),
        sources=(
            Model("ssm", "ServiceSettingNotFound", "hasn't been provisioned"),
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
                "fleet-manager-default-host-management-configuration.html",
                "the setting holds the name of a role",
            ),
        ),
        aws=("a role", "$None", "ServiceSettingNotFound"),
        orgpatch={
            "a role": "an instance without an instance profile can be managed",
            "$None": "default host management is off",
            "": "default host management is off",
            "ServiceSettingNotFound": "default host management is off",
        },
        ask=_setting,
        simulator="$None",
    ),
)
