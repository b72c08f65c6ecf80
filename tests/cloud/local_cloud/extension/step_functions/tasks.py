"""Runs Task states: time-outs, retries, task tokens, and the history that AWS writes about them.

Natively: no parameters in the history, a JSONata TimeoutSeconds fails, MaxDelaySeconds and JitterStrategy are ignored
and delays are cut at 60 s, the time-out of a task token runs in real time and its heartbeat not at all, a failed
invocation with a token waits for ever, a throttled function is `Lambda.Unknown`. Patches
`stepfunctions._execute_task`, `._with_retry_and_catch` and `._call_lambda`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ministack.core.responses import get_region, new_uuid
from ministack.services import stepfunctions as sf

from .. import lambda_limits
from ..clock import CLOCK
from . import expressions, scope
from .scope import ExecutionError, limit_size

Outcome = tuple[Any, str | None]
# An execution lasts a year at most (quota "maximum execution time"), so no delay is longer.
LONGEST_DELAY_SECONDS = 365 * 24 * 3600.0


def with_retry_and_catch(
    state: dict[str, Any], raw: Any, ctx: dict[str, Any], attempt: Callable[[], Outcome]
) -> Outcome:
    """Runs attempts with the state's Retry and Catch."""
    entered = ctx["State"]
    counts: dict[int, int] = {}
    while True:
        # Iterations change State in the shared context, so each attempt starts with this state's, and its retry count.
        ctx["State"] = {**entered, "RetryCount": sum(counts.values())}
        try:
            return attempt()
        except ExecutionError as error:
            retrier, index = sf._find_matching_retrier(state.get("Retry", []), error.error, counts)
            if retrier is not None:
                scope.pause(_delay(retrier, counts.get(index, 0)))
                counts[index] = counts.get(index, 0) + 1
                continue
            catcher = sf._find_matching_catcher(state.get("Catch", []), error.error)
            if catcher is None:
                raise
            ctx["State"] = entered
            output = sf._apply_catcher(
                catcher, raw, ctx, sf._state_query_language(state, ctx), {"Error": error.error, "Cause": error.cause}
            )
            return output, catcher["Next"]


def _delay(retrier: dict[str, Any], earlier: int) -> float:
    try:
        delay = float(retrier.get("IntervalSeconds", 1)) * float(retrier.get("BackoffRate", 2.0)) ** earlier
    except OverflowError:
        # A retrier may have 99,999,999 attempts. The thousandth one is already beyond every number of this kind.
        delay = LONGEST_DELAY_SECONDS
    delay = min(delay, retrier.get("MaxDelaySeconds", LONGEST_DELAY_SECONDS))
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


def execute_task(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Outcome:
    """Runs a Task state with all its attempts."""
    return with_retry_and_catch(state, raw, ctx, lambda: _attempt(state, raw, execution, ctx))


def _attempt(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Outcome:
    resource, jsonata = state.get("Resource", ""), sf._state_query_language(state, ctx) == "JSONata"
    waits_for_token = resource.endswith(".waitForTaskToken")
    if waits_for_token:
        ctx["Task"] = {"Token": new_uuid()}
    if jsonata:
        arguments = sf._apply_jsonata_arguments(state, raw, ctx)
    else:
        arguments = sf._apply_parameters(state, sf._apply_input_path(state, raw, ctx), ctx)
    timeout = _seconds(state, "TimeoutSeconds", raw, ctx)
    kind = _resource_of(resource)
    sf._add_event(
        execution,
        "TaskScheduled",
        {
            "taskScheduledEventDetails": {
                **kind,
                "region": get_region(),
                "parameters": json.dumps(arguments),
                **({"timeoutInSeconds": timeout} if timeout is not None else {}),
            }
        },
    )
    sf._add_event(execution, "TaskStarted", {"taskStartedEventDetails": kind})
    try:
        limit_size(arguments)
        if waits_for_token:
            heartbeat = _seconds(state, "HeartbeatSeconds", raw, ctx)
            result = _with_token(resource, arguments, ctx["Task"]["Token"], timeout, heartbeat)
        elif timeout is not None and ":activity:" not in resource and not lambda_limits.take_time():
            # The called service works in real time, however fast the simulated clock runs. If it lasts simulated time,
            # that may take the computer longer than the time-out.
            result = sf._invoke_resource_with_timeout(resource, arguments, timeout)
        else:
            result = sf._invoke_resource(resource, arguments)
        limit_size(result)
    except ExecutionError as error:
        event = "TaskTimedOut" if error.error == "States.Timeout" else "TaskFailed"
        sf._add_event(
            execution,
            event,
            {f"{event[0].lower()}{event[1:]}EventDetails": {**kind, "error": error.error, "cause": error.cause}},
        )
        raise
    scope.check()
    sf._add_event(execution, "TaskSucceeded", {"taskSucceededEventDetails": {**kind, "output": json.dumps(result)}})
    return expressions.finish(state, raw, ctx, result, jsonata)


def _seconds(state: dict[str, Any], field: str, raw: Any, ctx: dict[str, Any]) -> float | None:
    if field not in state:
        return None
    return sf._jsonata_state_field(state, field, "number", raw, ctx)


def _resource_of(resource: str) -> dict[str, str]:
    """Splits `arn:aws:states:::lambda:invoke` as AWS's history does: resourceType lambda, resource invoke."""
    parts = resource.split(":::", 1)
    if len(parts) != 2:
        return {"resourceType": "lambda" if ":function:" in resource else "states", "resource": resource}
    service, _, operation = parts[1].rpartition(":")
    return {"resourceType": service, "resource": operation}


def _with_token(resource: str, arguments: Any, token: str, timeout: float | None, heartbeat: float | None) -> Any:
    """Calls the service, then waits for SendTaskSuccess or SendTaskFailure, in simulated time."""
    answered = CLOCK.signal()
    waiting: dict[str, Any] = {"event": answered, "result": None, "error": None, "heartbeat": None}
    sf._task_tokens[token] = waiting
    try:
        started = CLOCK.now()
        sf._invoke_resource(resource.removesuffix(".waitForTaskToken"), arguments)
        while not answered.is_set():
            scope.check()
            _fail_if_late(started, waiting, timeout, heartbeat)
            CLOCK.wait_until(_latest(started, waiting, timeout, heartbeat), answered, scope.current().over)
    finally:
        sf._task_tokens.pop(token, None)
    if waiting["error"] is not None:
        raise ExecutionError(waiting["error"]["Error"], waiting["error"]["Cause"])
    try:
        return json.loads(waiting["result"])
    except ValueError:
        return waiting["result"]


def _latest(
    started: datetime, waiting: dict[str, Any], timeout: float | None, heartbeat: float | None
) -> datetime | None:
    """Returns the moment at which the first limit of a task or of its execution is reached."""
    limits = [
        scope.current().deadline,
        started + timedelta(seconds=timeout) if timeout is not None else None,
        _last_beat(started, waiting) + timedelta(seconds=heartbeat) if heartbeat is not None else None,
    ]
    return min((limit for limit in limits if limit is not None), default=None)


def _last_beat(started: datetime, waiting: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(waiting["heartbeat"]) if waiting["heartbeat"] else started


def _fail_if_late(started: datetime, waiting: dict[str, Any], timeout: float | None, heartbeat: float | None) -> None:
    now = CLOCK.now()
    if timeout is not None and now - started >= timedelta(seconds=timeout):
        raise ExecutionError("States.Timeout", "")
    if heartbeat is not None and now - _last_beat(started, waiting) >= timedelta(seconds=heartbeat):
        raise ExecutionError("States.HeartbeatTimeout", "")


def install() -> None:
    """Replaces the three names."""
    native_call = sf._call_lambda

    def call_lambda(reference: Any, event: Any) -> Any:
        try:
            return native_call(reference, event)
        except ExecutionError as error:
            if "TooManyRequestsException" in str(error.cause):
                raise ExecutionError("Lambda.TooManyRequestsException", error.cause) from error
            raise

    sf._call_lambda = call_lambda
    sf._execute_task = execute_task
    sf._with_retry_and_catch = with_retry_and_catch
