"""Deploys AWS::CloudFormation::StackSet with SERVICE_MANAGED permissions: the member template in every target account.

The target accounts are all accounts below the OUs in fleet-sim's organization, except the management account. The
scenario can change this per account with `memberRole`: in an account with `absent` the stack fails, and
`wrong-external-id` deploys another external ID. Resources are created directly and not as stacks of their own, so that
two thousand accounts do not take minutes.

What AWS does and this does too:

- An account that fails becomes a stack instance that is FAILED. The resource fails only if more accounts fail than the
  failure tolerance allows, so with a tolerance of 100 % it is complete although no account has the role. Failed
  accounts are not tried again. ListStackInstances shows them with their reasons.
- IAM refuses a trust policy with a principal that it does not see: one that does not exist, or is only seconds old. How
  many seconds is documented nowhere: NEW_PRINCIPAL_SECONDS, see settings.py.
- CallAs must fit the account: SELF in the management account, DELEGATED_ADMIN elsewhere.
"""

from __future__ import annotations

import copy
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlparse

from ministack.core.responses import AccountRegionScopedDict, get_account_id, request_scope
from ministack.services import iam, s3
from ministack.services.cloudformation import engine, handlers, helpers, provisioners

from .settings import SETTINGS
from .simulator import ORGANIZATION
from .stack_resources import handlers as handlers_of

# Type, physical id and properties.
Resource = tuple[str, str, dict[str, Any]]


@dataclass
class StackInstance:
    """The member template in one account and Region. `resources` are kept so that they can be removed."""

    account: str
    region: str
    detailed_status: str
    reason: str = ""
    resources: list[Resource] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Whether the stack is what the stack set says."""
        return "CURRENT" if self.detailed_status == "SUCCEEDED" else "OUTDATED"


# Id of the stack set → its stack instances.
_instances: dict[str, list[StackInstance]] = AccountRegionScopedDict()


def install() -> None:
    """Adds the resource type and ListStackInstances."""
    provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::StackSet"] = {
        **handlers_of(_create, _update),
        "delete": _delete,
    }
    handlers._ACTION_HANDLERS["ListStackInstances"] = _list


def _create(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    if properties.get("PermissionModel") != "SERVICE_MANAGED":
        raise ValueError("the local cloud supports only StackSets with PermissionModel SERVICE_MANAGED")
    if (complaint := _call_as_complaint(properties.get("CallAs"))) is not None:
        raise ValueError(complaint)
    stack_set = f"{properties['StackSetName']}:{os.urandom(8).hex()}"
    _deploy(stack_set, properties)
    return stack_set, {"StackSetId": stack_set}


def _update(physical_id: str, _old: Any, new: dict[str, Any], _stack: str, *_: Any, **__: Any) -> Any:
    _delete(physical_id, new)
    _deploy(physical_id, new)
    return physical_id, {"StackSetId": physical_id}


def _delete(physical_id: str, _properties: dict[str, Any], *_: Any, **__: Any) -> None:
    for instance in _instances.pop(physical_id, []):
        with request_scope(instance.account, instance.region):
            _remove(instance.resources)


def _call_as_complaint(call_as: str | None) -> str | None:
    is_management = get_account_id() == ORGANIZATION.management_account
    match call_as or "SELF":
        case "SELF" if not is_management:
            return (
                "You must be the management account or delegated admin account of an organization before operating a "
                "SERVICE_MANAGED stack set"
            )
        case "DELEGATED_ADMIN" if is_management:
            return "Account used is not a delegated administrator"
    return None


def _deploy(stack_set: str, properties: dict[str, Any]) -> None:
    template = engine._parse_template(_template_body(properties))
    instances = _instances.setdefault(stack_set, [])
    for group in properties.get("StackInstancesGroup") or []:
        accounts = _accounts(group["DeploymentTargets"])
        for region in group["Regions"]:
            made = [_instance(template, properties, group, account, region, stack_set) for account in accounts]
            instances += made
            failed = [instance for instance in made if instance.detailed_status == "FAILED"]
            if len(failed) > _tolerated(properties.get("OperationPreferences") or {}, len(made)):
                _delete(stack_set, properties)
                raise ValueError(f"{failed[0].account}/{region}: {failed[0].reason}")


def _tolerated(preferences: dict[str, Any], accounts: int) -> int:
    """Returns how many accounts of a Region may fail. A percentage is rounded down; without either, none may."""
    if "FailureToleranceCount" in preferences:
        return int(preferences["FailureToleranceCount"])
    return accounts * int(preferences.get("FailureTolerancePercentage", 0)) // 100


def _instance(
    template: dict[str, Any],
    properties: dict[str, Any],
    group: dict[str, Any],
    account: dict[str, Any],
    region: str,
    stack_set: str,
) -> StackInstance:
    # What is being closed now was deployed to when it was active.
    if account["state"] not in ("ACTIVE", "PENDING_CLOSURE"):
        return StackInstance(account["id"], region, "SKIPPED_SUSPENDED_ACCOUNT", "Account is suspended")
    if account.get("memberRole", "present") == "absent":
        reason = "ResourceStatusReason:Access denied by a service control policy (the scenario says memberRole: absent)"
        return StackInstance(account["id"], region, "FAILED", reason)
    given = _parameters(properties, group, account.get("memberRole", "present"))
    made: list[Resource] = []
    with request_scope(account["id"], region):
        try:
            _provision(template, given, f"StackSet-{stack_set[:40]}", made)
        except ValueError as error:
            _remove(made)
            return StackInstance(account["id"], region, "FAILED", str(error))
    return StackInstance(account["id"], region, "SUCCEEDED", "", made)


def _accounts(targets: dict[str, Any]) -> list[dict[str, Any]]:
    accounts = ORGANIZATION.accounts_under(targets.get("OrganizationalUnitIds") or [])
    listed, kind = set(map(str, targets.get("Accounts") or [])), targets.get("AccountFilterType", "NONE")
    if kind == "INTERSECTION":
        accounts = [account for account in accounts if account["id"] in listed]
    elif kind == "DIFFERENCE":
        accounts = [account for account in accounts if account["id"] not in listed]
    return accounts


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


def _provision(template: dict[str, Any], given: list[dict[str, str]], stack: str, made: list[Resource]) -> None:
    """Creates the resources, and adds each to `made`."""
    parameters = engine._resolve_parameters(template, given)
    conditions = engine._evaluate_conditions(template, parameters)
    mappings = template.get("Mappings", {})
    known: dict[str, Any] = {}
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
        if kind == "AWS::IAM::Role" and (principal := _unseen_principal(properties["AssumeRolePolicyDocument"])):
            raise ValueError(
                f"ResourceLogicalId:{logical_id}, ResourceType:{kind}, ResourceStatusReason:MalformedPolicyDocument: "
                f'Invalid principal in policy: "AWS":"{principal}"'
            )
        physical_id, attributes = provisioners._provision_resource(kind, logical_id, properties, stack)
        known[logical_id] = {
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Attributes": attributes,
            "Properties": properties,
            "Type": kind,
        }
        made.append((kind, physical_id, properties))


def _remove(resources: list[Resource]) -> None:
    for kind, physical, properties in reversed(resources):
        provisioners._delete_resource(kind, physical, properties)


def _unseen_principal(trust: dict[str, Any]) -> str | None:
    """Returns the first role in a trust policy that IAM does not see (yet). An account as principal is always seen."""
    statements = trust.get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for arn in [named] if isinstance(named, str) else named:
            found = re.fullmatch(r"arn:[a-z-]+:iam::(\d{12}):role/(?:.+/)?([^/]+)", arn)
            if found and not _is_seen(iam._roles.get_scoped(found[1], None, found[2]), arn):
                return arn
    return None


def _is_seen(role: dict[str, Any] | None, arn: str) -> bool:
    if role is None or role["Arn"] != arn:
        return False
    age = datetime.now(UTC) - datetime.fromisoformat(role["CreateDate"])
    return age.total_seconds() >= SETTINGS.new_principal_seconds


def _list(params: dict[str, Any]) -> Any:
    """Answers ListStackInstances: filters by account, Region and detailed status, in pages."""
    name = helpers._p(params, "StackSetName")
    if (complaint := _call_as_complaint(helpers._p(params, "CallAs") or None)) is not None:
        return helpers._error("ValidationError", complaint)
    found = [stack_set for stack_set in _instances if name in (stack_set, stack_set.split(":")[0])]
    if not found:
        return helpers._error("StackSetNotFoundException", f"StackSet {name} not found", 404)
    statuses = _filtered(params, "DETAILED_STATUS")
    chosen = [
        instance
        for instance in _instances[found[0]]
        if helpers._p(params, "StackInstanceAccount") in ("", instance.account)
        and helpers._p(params, "StackInstanceRegion") in ("", instance.region)
        and (not statuses or instance.detailed_status in statuses)
    ]
    size = int(helpers._p(params, "MaxResults") or helpers.PAGE_SIZE)
    page, more, refusal = helpers._page(chosen, params, "ListStackInstances", size)
    if refusal is not None:
        return refusal
    members = "".join(_summary(found[0], instance) for instance in page)
    result = f"<ListStackInstancesResult><Summaries>{members}</Summaries>{more}</ListStackInstancesResult>"
    return helpers._xml(200, "ListStackInstancesResponse", result)


def _filtered(params: dict[str, Any], name: str) -> set[str]:
    for number in range(1, 4):
        if helpers._p(params, f"Filters.member.{number}.Name") == name:
            return set(helpers._p(params, f"Filters.member.{number}.Values").split(","))
    return set()


def _summary(stack_set: str, instance: StackInstance) -> str:
    reason = f"<StatusReason>{helpers._esc(instance.reason)}</StatusReason>" if instance.reason else ""
    return (
        f"<member><StackSetId>{stack_set}</StackSetId><Region>{instance.region}</Region>"
        f"<Account>{instance.account}</Account><Status>{instance.status}</Status>{reason}"
        f"<StackInstanceStatus><DetailedStatus>{instance.detailed_status}</DetailedStatus></StackInstanceStatus></member>"
    )
