"""Records every authorization decision and every session, as evidence for the tests of IAM and of credentials.

Patches `iam_evaluator.enforce`, `.evaluate_trust_policy` and `sts.register_session`.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import sts

from .evidence import AUTHORIZED, SECRETS


def record(principal_arn: str, action: str, resource: str, allowed: bool, region: str, by: str = "identity") -> None:
    """Records a decision. `principal` is the plain name of the role (or `root`)."""
    AUTHORIZED.write(
        principal=_name(principal_arn),
        principalArn=principal_arn,
        account=principal_arn.split(":")[4] if principal_arn.count(":") >= 5 else "",
        action=action,
        resource=resource,
        region=region,
        decision="authorized" if allowed else "denied",
        by=by,
    )


def install() -> None:
    """Wraps the names; comes after `ssm_authorization`, so that a SendCommand is still one line."""
    native_enforce = iam_evaluator.enforce
    native_trust = iam_evaluator.evaluate_trust_policy
    native_register = sts.register_session

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        denied = native_enforce(
            access_key_id, iam_action, service, region, resource_arn=resource_arn, service_context=service_context
        )
        principal = iam_evaluator.resolve_principal(access_key_id or "", get_account_id())
        record(getattr(principal, "arn", "unknown"), iam_action, resource_arn, not denied, region)
        return denied

    def evaluate_trust_policy(document: Any, caller_arn: str, ctx: Any = None) -> bool:
        allowed = native_trust(document, caller_arn, ctx)
        if ctx is not None and ctx.action == "sts:AssumeRole":
            record(caller_arn, ctx.action, ctx.resource_arn, allowed, ctx.region, by="trust")
        return allowed

    def register_session(access_key: str, session: dict[str, Any]) -> None:
        native_register(access_key, session)
        SECRETS.write(
            principal=_name(session.get("Arn", "")),
            accessKeyId=access_key,
            secretAccessKey=session.get("SecretAccessKey", ""),
            sessionToken=session.get("SessionToken", ""),
        )

    iam_evaluator.enforce = enforce
    iam_evaluator.evaluate_trust_policy = evaluate_trust_policy
    sts.register_session = register_session


def _name(principal_arn: str) -> str:
    if ":assumed-role/" in principal_arn:
        return principal_arn.split(":assumed-role/", 1)[1].split("/", 1)[0]
    return principal_arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
