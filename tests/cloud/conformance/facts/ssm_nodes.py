"""Systems Manager: managed instances, their results, and settings."""

from __future__ import annotations

from botocore.exceptions import ClientError

from ..asker import Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Model, Page

_INFORMATION = "ssm:DescribeInstanceInformation"
_SETTING = "/ssm/managed-instance/default-ec2-instance-management-role"
_INVALID = "InvalidInstanceId"
_STATES = ("Missing", "Failed")


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


def _never_patched(asker: Asker) -> str:
    answer = asker.call("ssm", "describe_instance_patch_states", InstanceIds=["i-00000000000000000"])
    return f"{len(answer['InstancePatchStates'])} rows"


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
