"""Deploys AWS::CloudFormation::StackSet with SERVICE_MANAGED permissions: the member template in every target account.

The target accounts are all accounts below the OUs in fleet-sim's organization, except the management account and
suspended accounts. The scenario can change this per account with `memberRole`: `absent` deploys nothing,
`wrong-external-id` deploys another external ID. Resources are created directly and not as stacks of their own, so that
two thousand accounts do not take minutes.
"""

from __future__ import annotations

import copy
import os
from typing import Any
from urllib.parse import urlparse

from ministack.core.responses import request_scope
from ministack.services import s3
from ministack.services.cloudformation import engine, provisioners

from .simulator import ORGANIZATION
from .stack_resources import handlers

# Account and Region.
Target = tuple[str, str]
# Type, physical id and properties.
Resource = tuple[str, str, dict[str, Any]]
# StackSet → target → created resources, so that an update or a deletion can remove them.
_deployed: dict[str, dict[Target, list[Resource]]] = {}


def install() -> None:
    """Adds the resource type."""
    provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::StackSet"] = {
        **handlers(_create, _update),
        "delete": _delete,
    }


def _create(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    if properties.get("PermissionModel") != "SERVICE_MANAGED":
        raise ValueError("the local cloud supports only StackSets with PermissionModel SERVICE_MANAGED")
    stack_set = f"{properties['StackSetName']}:{os.urandom(8).hex()}"
    _deployed[stack_set] = {}
    _deploy(stack_set, properties)
    return stack_set, {"StackSetId": stack_set}


def _update(physical_id: str, _old: Any, new: dict[str, Any], _stack: str, *_: Any, **__: Any) -> Any:
    _delete(physical_id, new)
    _deployed[physical_id] = {}
    _deploy(physical_id, new)
    return physical_id, {"StackSetId": physical_id}


def _delete(physical_id: str, _properties: dict[str, Any], *_: Any, **__: Any) -> None:
    for (account, region), resources in _deployed.pop(physical_id, {}).items():
        with request_scope(account, region):
            for kind, physical, properties in reversed(resources):
                provisioners._delete_resource(kind, physical, properties)


def _deploy(stack_set: str, properties: dict[str, Any]) -> None:
    template = engine._parse_template(_template_body(properties))
    for group in properties.get("StackInstancesGroup") or []:
        for account in _accounts(group["DeploymentTargets"]):
            for region in group["Regions"]:
                parameters = _parameters(properties, group, account["memberRole"])
                target = (account["id"], region)
                with request_scope(*target):
                    _deployed[stack_set][target] = _provision(template, parameters, f"StackSet-{stack_set[:40]}")


def _accounts(targets: dict[str, Any]) -> list[dict[str, Any]]:
    accounts = ORGANIZATION.accounts_under(targets.get("OrganizationalUnitIds") or [])
    listed, kind = set(map(str, targets.get("Accounts") or [])), targets.get("AccountFilterType", "NONE")
    if kind == "INTERSECTION":
        accounts = [account for account in accounts if account["id"] in listed]
    elif kind == "DIFFERENCE":
        accounts = [account for account in accounts if account["id"] not in listed]
    return [
        account
        for account in accounts
        if account["state"] == "ACTIVE" and account.get("memberRole", "present") != "absent"
    ]


def _parameters(properties: dict[str, Any], group: dict[str, Any], member_role: str) -> list[dict[str, str]]:
    given = {p["ParameterKey"]: str(p["ParameterValue"]) for p in properties.get("Parameters") or []}
    given.update({p["ParameterKey"]: str(p["ParameterValue"]) for p in group.get("ParameterOverrides") or []})
    if member_role == "wrong-external-id":
        given["ExternalId"] = "the-external-id-of-another-stack"
    return [{"Key": key, "Value": value} for key, value in given.items()]


def _template_body(properties: dict[str, Any]) -> str:
    if "TemplateBody" in properties:
        return properties["TemplateBody"]
    bucket, key = urlparse(properties["TemplateURL"]).path.lstrip("/").split("/", 1)
    body = s3._get_object_data(bucket, key)
    if body is None:
        raise ValueError(f"TemplateURL: {properties['TemplateURL']} does not exist")
    return body.decode()


def _provision(
    template: dict[str, Any], given: list[dict[str, str]], stack: str
) -> list[tuple[str, str, dict[str, Any]]]:
    parameters = engine._resolve_parameters(template, given)
    conditions = engine._evaluate_conditions(template, parameters)
    mappings = template.get("Mappings", {})
    known: dict[str, Any] = {}
    made: list[Resource] = []
    definitions = template["Resources"]
    for logical_id in engine._topological_sort(definitions, conditions):
        definition = definitions[logical_id]
        if not conditions.get(definition.get("Condition"), True):
            continue
        properties = engine._resolve_refs(
            copy.deepcopy(definition.get("Properties", {})), known, parameters, conditions, mappings, stack, stack
        )
        properties = {key: value for key, value in properties.items() if value is not engine._NO_VALUE}
        kind = definition["Type"]
        physical_id, attributes = provisioners._provision_resource(kind, logical_id, properties, stack)
        known[logical_id] = {
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Attributes": attributes,
            "Properties": properties,
            "Type": kind,
        }
        made.append((kind, physical_id, properties))
    return made
