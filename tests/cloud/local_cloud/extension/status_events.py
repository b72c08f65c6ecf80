"""Lets a rule of EventBridge start executions of a state machine, with the role of its target.

Natively the role is ignored: every rule may start everything. A delivery that is refused, or fails, is not repeated. A
fault of the scenario on `events:Deliver` loses a delivery (`error`) or makes it twice (`lostResponse`): EventBridge
delivers the events of Step Functions at best effort, and at least once.

Patches `eventbridge._invoke_target` and `._dispatch_to_stepfunctions`.
"""

from __future__ import annotations

import contextvars
import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import eventbridge
from ministack.services import stepfunctions as sf

from .faults import FAULTS
from .service_trust import trusts
from .step_functions import role

SERVICE = "events.amazonaws.com"
# The target and the rule of the delivery under way.
_delivery: ContextVar[tuple[dict[str, Any], dict[str, Any]] | None] = ContextVar("delivery", default=None)


def install() -> None:
    """Wraps the two names."""
    native = eventbridge._invoke_target

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        token = _delivery.set((target, rule))
        try:
            native(target, event, rule, view)
        finally:
            _delivery.reset(token)

    eventbridge._invoke_target = invoke_target
    eventbridge._dispatch_to_stepfunctions = _dispatch


def _dispatch(machine: str, text: str) -> None:
    delivery = _delivery.get()
    if delivery is None:
        return
    target, rule = delivery
    why = _refused(target, rule, machine)
    if why:
        sf.logger.warning("EventBridge could not deliver to %s: %s", machine, why)
        return
    fate = FAULTS.meet("events:Deliver", {get_account_id()}, text)
    for _ in range(0 if fate.error else 2 if fate.lost else 1):
        # The event may come from the thread of an execution; what it starts is another caller's.
        contextvars.copy_context().run(_start, target["RoleArn"], {"stateMachineArn": machine, "input": text})


def _refused(target: dict[str, Any], rule: dict[str, Any], machine: str) -> str | None:
    arn = target.get("RoleArn")
    if not arn:
        return "the target has no role"
    if not trusts(arn, SERVICE, rule["Arn"]):
        return f"{SERVICE} may not assume {arn}"
    if not role.may(arn, "events", "states:StartExecution", machine):
        return f"{arn} may not call states:StartExecution on it"
    return None


def _start(role_arn: str, request: dict[str, Any]) -> None:
    iam_evaluator.pin_request_origin(SERVICE, True)
    iam_evaluator._request_caller_arn.set(role.assumed(role_arn, "events"))
    status, _, body = sf._start_execution(request)
    if status != 200:
        sf.logger.warning("EventBridge could not start %s: %s", request, json.loads(body))
