"""What an SSM call is authorized on: the document and every instance with its tags, not `*`.

Natively only parameters have a resource, so the least-privilege policy for SendCommand is an implicit deny.
Patches `iam_actions.extract_resource_arn` and `iam_evaluator.enforce`.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id

from .simulator import INSTANCES

_resources: ContextVar[list[str] | None] = ContextVar("ssm_resources", default=None)


def install() -> None:
    """Replaces the two names."""
    native_arn = iam_actions.extract_resource_arn
    native_enforce = iam_evaluator.enforce

    def extract_resource_arn(
        service: str, method: str, path: str, headers: dict, body: bytes, params: dict, region: str, account: str
    ) -> str:
        _resources.set(None)
        if service == "ssm":
            operation = iam_actions._action_from_target(headers) or ""
            resources = _resources_of(operation, _document(body), region, account)
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


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _resources_of(operation: str, request: dict[str, Any], region: str, account: str) -> list[str]:
    if operation == "SendCommand":
        document = _document_arn(str(request.get("DocumentName", "")), region, account)
        return [document, *(_node_arn(node, region, account) for node in _nodes(request, region, account))]
    if operation in {"DescribeInstancePatchStates", "DescribeInstancePatches"}:
        nodes = request.get("InstanceIds") or [request.get("InstanceId", "*")]
        return [_node_arn(node, region, account) for node in nodes]
    if operation == "GetCalendarState":
        return [_document_arn(str(name), region, account) for name in request.get("CalendarNames") or []]
    if operation in {"GetPatchBaseline", "UpdatePatchBaseline", "DeletePatchBaseline"}:
        return [f"arn:aws:ssm:{region}:{account}:patchbaseline/{request.get('BaselineId', '')}"]
    return []


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
    if ":instance/" not in resource or not resource.startswith("arn:aws:ec2:"):
        return {}
    region, instance = resource.split(":")[3], resource.rsplit("/", 1)[-1]
    context = {}
    for key, value in INSTANCES.tags(get_account_id(), region, instance).items():
        context[f"ssm:resourceTag/{key}"] = value
        context[f"aws:ResourceTag/{key}"] = value
    return context
