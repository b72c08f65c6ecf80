"""Lets IAM and STS see all accounts as one organization, that of fleet-sim.

Natively every account is its own organization, `aws:ResourceOrgID` is unknown, `aws:PrincipalArn` has the STS form of a
role (on AWS the IAM form), calls that walk the tree are authorized on a resource that does not exist, S3's
cross-account check takes the account root for the caller, and a chained role session may last longer than an hour.
Patches `iam_evaluator._principal_org_id`, `._resolve_condition_key`, `.evaluate_resource_policy`,
`.pin_request_origin`, `iam_actions.extract_resource_arn` and `sts.handle_request`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import new_uuid
from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

from .simulator import ORGANIZATION

WALKS = frozenset({"ListAccountsForParent", "ListOrganizationalUnitsForParent", "ListChildren"})
CHAINED_SESSION_LIMIT_SECONDS = 3600


def role_arn(principal_arn: str) -> str:
    """Returns arn:aws:sts::A:assumed-role/NAME/SESSION as the IAM ARN of the role, and anything else unchanged."""
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    account = principal_arn.split(":")[4]
    name = principal_arn.split(":assumed-role/", 1)[1].split("/", 1)[0]
    role = iam._roles.get_scoped(account, None, name) or {}
    return role.get("Arn") or f"arn:aws:iam::{account}:role/{name}"


def install() -> None:
    """Replaces the names."""
    native_arn = iam_actions.extract_resource_arn
    native_origin = iam_evaluator.pin_request_origin
    native_key = iam_evaluator._resolve_condition_key
    native_policy = iam_evaluator.evaluate_resource_policy
    native_sts = sts.handle_request

    def principal_org_id(account: str) -> str | None:
        return ORGANIZATION.id if ORGANIZATION.contains(account) else None

    def condition_key(key: str, context: Any) -> Any:
        if key.lower() == "aws:resourceorgid":
            return principal_org_id(native_key("aws:ResourceAccount", context))
        value = native_key(key, context)
        if key.lower() == "aws:principalarn" and isinstance(value, str):
            return role_arn(value)
        return value

    def resource_policy(document: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        caller = iam_evaluator.caller_arn()
        if (
            context.action.startswith("s3:")
            and context.principal_arn.endswith(":root")
            and f"::{context.principal_account}:assumed-role/" in caller
        ):
            context = dataclasses.replace(context, principal_arn=caller, principal_type="AssumedRole")
        return native_policy(document, context, *args, **kwargs)

    def resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        params: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        if service == "organizations" and iam_actions._action_from_target(headers) in WALKS:
            return _place_in_tree(body)
        if service == "organizations" and iam_actions._action_from_target(headers) == "DescribeAccount":
            wanted = json.loads(body or b"{}").get("AccountId", "")
            return f"arn:aws:organizations::{ORGANIZATION.management_account}:account/{ORGANIZATION.id}/{wanted}"
        return native_arn(service, method, path, headers, body, params, region, account)

    def pin_request_origin(source_ip: str, _secure: bool) -> None:
        # Loopback counts as TLS: there is no certificate here, and policies must be able to refuse plain HTTP.
        native_origin(source_ip, True)

    async def sts_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Any:
        parameters = parse_qs(body.decode("utf-8", "replace"))
        duration = int((parameters.get("DurationSeconds") or ["0"])[0])
        key = extract_access_key_id(headers, query) or ""
        chained = parameters.get("Action") == ["AssumeRole"] and key in sts._sessions
        if chained and duration > CHAINED_SESSION_LIMIT_SECONDS:
            return _refuse_long_chain()
        if parameters.get("Action") == ["AssumeRole"] and not ORGANIZATION.may_be_entered(_account_of(parameters)):
            return _refuse_role(parameters)
        status, answered, answer = await native_sts(method, path, headers, body, query)
        # AWS refuses a missing role like a role that does not trust the caller: with the caller's name.
        nameless, named = b"User: is not authorized", f"User: {iam_evaluator.caller_arn()} is not authorized"
        return status, answered, answer.replace(nameless, named.encode())

    iam_actions.extract_resource_arn = resource_arn
    iam_evaluator.pin_request_origin = app.pin_request_origin = pin_request_origin
    iam_evaluator._principal_org_id = principal_org_id
    iam_evaluator._resolve_condition_key = condition_key
    iam_evaluator.evaluate_resource_policy = resource_policy
    sts.handle_request = sts_request


def _place_in_tree(body: bytes) -> str:
    parent = str(json.loads(body or b"{}").get("ParentId", ""))
    kind = "root" if parent.startswith("r-") else "ou"
    return f"arn:aws:organizations::{ORGANIZATION.management_account}:{kind}/{ORGANIZATION.id}/{parent}"


def _account_of(parameters: dict[str, list[str]]) -> str:
    parts = (parameters.get("RoleArn") or [""])[0].split(":")
    return parts[4] if len(parts) > 4 else ""


def _refuse_role(parameters: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
    role = (parameters.get("RoleArn") or [""])[0]
    asked = f"sts:AssumeRole on resource: {role}"
    return _error(403, "AccessDenied", f"User: {iam_evaluator.caller_arn()} is not authorized to perform: {asked}")


def _refuse_long_chain() -> tuple[int, dict[str, str], bytes]:
    message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    return _error(400, "ValidationError", message)


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error>"
        f"<RequestId>{new_uuid()}</RequestId></ErrorResponse>"
    )
    return status, {"Content-Type": "text/xml"}, body.encode()
