"""Authorizes what the state machine does with its role: natively nothing is authorized.

Patches `stepfunctions._invoke_resource`.
"""

from __future__ import annotations

import re
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam
from ministack.services import stepfunctions as sf

from .. import audit, faults
from .scope import ExecutionError, current

_INTEGRATION = re.compile(r"arn:aws:states:::(?:aws-sdk:)?([\w-]+):(\w+)")
_IAM_PREFIX = {"sfn": "states", "cloudwatchlogs": "logs", "eventbridge": "events"}
# The integration for invocations and the general one for all calls of the SDK name an unmodelled error differently.
_DENIED = {
    "lambda:InvokeFunction": "Lambda.AWSLambdaException",
    "lambda:GetAccountSettings": "Lambda.LambdaException",
    "cloudtrail:LookupEvents": "CloudTrail.CloudTrailException",
}
_ERROR_PREFIX = {
    "lambda": "Lambda",
    "sns": "SNS",
    "sqs": "SQS",
    "states": "StepFunctions",
    "s3": "S3",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
}


def assumed(role_arn: str, session: str = "states") -> str:
    """Returns the ARN of the role's session, as IAM and resource policies see it."""
    account = role_arn.split(":")[4]
    return f"arn:aws:sts::{account}:assumed-role/{role_arn.rsplit('/', 1)[-1]}/{session}"


def allowed(action: str, resource: str) -> bool:
    """Returns whether the role of the running state machine allows an action; records the decision."""
    return may(current().role_arn, "states", action, resource)


def may(role_arn: str, session: str, action: str, resource: str) -> bool:
    """Returns whether a role that a service has assumed allows an action; records the decision."""
    if not app.AUTH:
        return True
    account, name = get_account_id(), role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=assumed(role_arn, session),
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    boundary = iam_evaluator._permissions_boundary(iam._roles, name, account)
    decision = iam_evaluator.evaluate(context, policies, *boundary).decision == "Allow"
    audit.record(context.principal_arn, action, resource, decision, get_region())
    return decision


def require(action: str, resource: str, error: str) -> None:
    """Fails the state with `error` unless the role allows the action."""
    if not allowed(action, resource):
        who = assumed(current().role_arn)
        raise ExecutionError(error, f"User: {who} is not authorized to perform: {action} on resource: {resource}")


def install() -> None:
    """Wraps the function through which every task calls a service."""
    native = sf._invoke_resource

    def invoke_resource(resource: str, arguments: Any) -> Any:
        need = _need(resource, arguments if isinstance(arguments, dict) else {})
        if need is None:
            return native(resource, arguments)
        action, on = need
        service = action.split(":")[0]
        prefix = _ERROR_PREFIX.get(service, service.capitalize())
        require(action, on, _DENIED.get(action, f"{prefix}.AccessDeniedException"))
        return faults.around_integration(action, prefix, arguments, lambda: native(resource, arguments))

    sf._invoke_resource = invoke_resource


def _need(resource: str, arguments: dict[str, Any]) -> tuple[str, str] | None:
    if ":function:" in resource:
        return "lambda:InvokeFunction", resource
    match = _INTEGRATION.match(resource)
    if match is None:
        return None
    service, operation = match.groups()
    service = _IAM_PREFIX.get(service, service)
    if (service, operation) == ("lambda", "invoke"):
        return "lambda:InvokeFunction", _function_arn(str(arguments.get("FunctionName", "")))
    return f"{service}:{operation[:1].upper()}{operation[1:]}", _resource(service, arguments)


def _function_arn(name: str) -> str:
    if name.startswith("arn:"):
        return name
    return f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"


def _resource(service: str, arguments: dict[str, Any]) -> str:
    place = f"{get_region()}:{get_account_id()}"
    if service == "sns":
        return str(arguments.get("TopicArn") or arguments.get("TargetArn") or "*")
    if service == "sqs":
        return f"arn:aws:sqs:{place}:{str(arguments.get('QueueUrl', '')).rsplit('/', 1)[-1]}"
    if service == "states":
        return str(arguments.get("StateMachineArn") or arguments.get("ExecutionArn") or "*")
    if service == "s3":
        key = f"/{arguments['Key']}" if arguments.get("Key") else ""
        return f"arn:aws:s3:::{arguments.get('Bucket')}{key}"
    if service == "dynamodb" and arguments.get("TableName"):
        return f"arn:aws:dynamodb:{place}:table/{arguments['TableName']}"
    return "*"
