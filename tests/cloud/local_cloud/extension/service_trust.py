"""Says whether a role's trust policy names a service: ministack knows no principals that are services."""

from __future__ import annotations

import json

from ministack.core import iam_evaluator
from ministack.services import iam


def trusts(role_arn: str, service: str, source_arn: str) -> bool:
    """Returns whether the service may assume the role for that source (`aws:SourceArn`, `aws:SourceAccount`)."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=source_arn.split(":")[3],
        service_context={"aws:sourceaccount": account, "aws:sourcearn": source_arn},
    )
    document = (iam._roles.get(name) or {}).get("AssumeRolePolicyDocument") or "{}"
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal")
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        named = principal == "*" or service in ([services] if isinstance(services, str) else services)
        if (
            named
            and statement["Effect"] == "Allow"
            and iam_evaluator._conditions_met(statement.get("Condition") or {}, context)
        ):
            return True
    return False
