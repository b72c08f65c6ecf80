"""Authorizes SSM calls on their resources: the document, every instance and the patch baseline, with their tags.

Natively only parameters have a resource, and all other calls are authorized on `*`. A least-privilege policy for
SendCommand would then deny it. The resources come from AWS's service authorization reference. These operations have no
resource there, so a policy must say `*`: CreatePatchBaseline (only conditions on the tags of the request, which
ministack knows), DescribePatchBaselines, DescribePatchGroups, DescribePatchProperties, GetPatchBaselineForPatchGroup,
GetInventory, ListAssociations, DescribeMaintenanceWindows, and EC2's Describe operations.
Patches `iam_actions.extract_resource_arn` and `iam_evaluator.enforce`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id

from .bodies import json_object
from .simulator import BASELINES, INSTANCES

OF_A_BASELINE = frozenset(
    {
        "DeletePatchBaseline",
        "DeregisterPatchBaselineForPatchGroup",
        "DescribeEffectivePatchesForPatchBaseline",
        "GetPatchBaseline",
        "RegisterDefaultPatchBaseline",
        "RegisterPatchBaselineForPatchGroup",
        "UpdatePatchBaseline",
    }
)
OF_A_WINDOW = frozenset({"DescribeMaintenanceWindowTargets", "DescribeMaintenanceWindowTasks"})
TAGGING = frozenset({"AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"})

_resources: ContextVar[list[str] | None] = ContextVar("ssm_resources", default=None)


def install() -> None:
    """Replaces the two names."""
    native_arn = iam_actions.extract_resource_arn
    native_enforce = iam_evaluator.enforce

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        params: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        _resources.set(None)
        if service == "ssm":
            operation = iam_actions._action_from_target(headers) or ""
            resources = _resources_of(operation, json_object(body), region, account)
            if resources:
                _resources.set(resources)
                return resources[0]
        return native_arn(service, method, path, headers, body, params, region, account)

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        resources = (_resources.get() if service == "ssm" else None) or [resource_arn]
        for resource in resources:
            context = {**(service_context or {}), **_tags_of(resource)}
            denied = native_enforce(
                access_key_id, iam_action, service, region, resource_arn=resource, service_context=context
            )
            if denied:
                return denied
        return None

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_evaluator.enforce = enforce


def _resources_of(operation: str, request: dict[str, Any], region: str, account: str) -> list[str]:
    if operation == "SendCommand":
        document = _document_arn(str(request.get("DocumentName", "")), region, account)
        return [document, *(_node_arn(node, region, account) for node in _nodes(request, region, account))]
    if operation in {"DescribeInstancePatchStates", "DescribeInstancePatches"}:
        nodes = request.get("InstanceIds") or [request.get("InstanceId", "*")]
        return [_node_arn(node, region, account) for node in nodes]
    if operation == "GetCalendarState":
        return [_document_arn(str(name), region, account) for name in request.get("CalendarNames") or []]
    if operation in OF_A_WINDOW:
        return [f"arn:aws:ssm:{region}:{account}:maintenancewindow/{request.get('WindowId', '')}"]
    if operation == "DescribeAssociation":
        return [f"arn:aws:ssm:{region}:{account}:association/{request.get('AssociationId', '')}"]
    if operation == "GetServiceSetting":
        return [_setting_arn(str(request.get("SettingId", "")), region, account)]
    if operation in OF_A_BASELINE:
        return [_baseline_arn(str(request.get("BaselineId", "")), region, account)]
    if operation in TAGGING and request.get("ResourceType") == "PatchBaseline":
        return [_baseline_arn(str(request.get("ResourceId", "")), region, account)]
    return []


def _baseline_arn(baseline: str, region: str, account: str) -> str:
    # A request names a predefined baseline by its ARN, which contains an account of AWS.
    return baseline if baseline.startswith("arn:") else f"arn:aws:ssm:{region}:{account}:patchbaseline/{baseline}"


def _setting_arn(setting: str, region: str, account: str) -> str:
    return setting if setting.startswith("arn:") else f"arn:aws:ssm:{region}:{account}:servicesetting{setting}"


def _document_arn(name: str, region: str, account: str) -> str:
    if name.startswith("arn:"):
        return name
    owner = "" if name.startswith("AWS-") else account
    return f"arn:aws:ssm:{region}:{owner}:document/{name}"


def _nodes(request: dict[str, Any], region: str, account: str) -> list[str]:
    nodes = list(request.get("InstanceIds") or [])
    for target in request.get("Targets") or []:
        key, values = str(target.get("Key", "")), list(target.get("Values") or [])
        if key.lower() == "instanceids":
            nodes += values
        elif key.startswith("tag:"):
            nodes += INSTANCES.tagged(account, region, key[len("tag:") :], values) or ["*"]
    return nodes


def _node_arn(node: str, region: str, account: str) -> str:
    if node.startswith("mi-"):
        return f"arn:aws:ssm:{region}:{account}:managed-instance/{node}"
    return f"arn:aws:ec2:{region}:{account}:instance/{node}"


def _tags_of(resource: str) -> dict[str, str]:
    service, region, owner, name = [*resource.split(":", 5), "", "", "", "", "", ""][2:6]
    kind, _, identifier = name.partition("/")
    if (service, kind) == ("ec2", "instance"):
        tags = INSTANCES.tags(get_account_id(), region, identifier)
    elif (service, kind, owner) == ("ssm", "patchbaseline", get_account_id()):
        tags = BASELINES.tags(owner, region, identifier)
    else:
        return {}
    context = {}
    for key, value in tags.items():
        context[f"ssm:resourceTag/{key}"] = value
        context[f"aws:ResourceTag/{key}"] = value
    return context
