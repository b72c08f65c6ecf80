"""Walks the states of a machine, of a map iteration or of a child, with one loop for all three.

Natively only the outermost loop writes history, StopExecution does not reach iterations and children, and the data that
a state passes on has no size limit. Patches `stepfunctions._run_sub_machine`, `._add_event`, `.now_iso`,
`._scaled_sleep` and `._sleep_until`.
"""

from __future__ import annotations

import copy
import json
from datetime import datetime
from typing import Any

from ministack.services import stepfunctions as sf

from ..clock import CLOCK
from . import scope
from .scope import ExecutionError, limit_size

HISTORY_LIMIT_EVENTS = 25_000
_CLOSING_EVENTS = frozenset({"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut", "ExecutionSucceeded"})


def walk(states: dict[str, Any], start_at: str, data: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
    """Runs from `start_at` to an end; returns the output of the last state."""
    name: str | None = start_at
    value = copy.deepcopy(data)
    while name:
        scope.check()
        state = states.get(name)
        if state is None:
            raise ExecutionError("States.Runtime", f"State '{name}' not found in definition")
        kind = state.get("Type")
        CLOCK.say(f"{execution['executionArn']} in {name}")
        ctx["State"] = {"Name": name, "EnteredTime": CLOCK.now_iso(), "RetryCount": 0}
        sf._add_event(
            execution, f"{kind}StateEntered", {"stateEnteredEventDetails": {"name": name, "input": json.dumps(value)}}
        )
        entered, (value, following) = name, _run(kind, state, value, execution, ctx)
        limit_size(value)
        scope.check()
        sf._add_event(
            execution, f"{kind}StateExited", {"stateExitedEventDetails": {"name": entered, "output": json.dumps(value)}}
        )
        name = following
    return value


def _run(
    kind: str, state: dict[str, Any], value: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    if kind == "Succeed":
        if sf._state_query_language(state, ctx) == "JSONata":
            return sf._apply_jsonata_output(state, value, ctx, default=value), None
        return sf._apply_output_path(state, sf._apply_input_path(state, value, ctx), ctx), None
    if kind == "Fail":
        raise ExecutionError(*sf._fail_state_error(state, value, ctx))
    with_execution = {"Task": sf._execute_task, "Parallel": sf._execute_parallel, "Map": sf._execute_map}
    if kind in with_execution:
        return with_execution[kind](state, value, execution, ctx)
    plain = {"Pass": sf._execute_pass, "Choice": sf._execute_choice, "Wait": sf._execute_wait}
    if kind in plain:
        return plain[kind](state, value, ctx)
    raise ExecutionError("States.Runtime", f"Unknown state type: {kind}")


def add_event(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Adds an event to the history, in simulated time. The 25,000th event ends the execution, as on AWS."""
    events = execution["events"]
    if len(events) >= HISTORY_LIMIT_EVENTS - 1 and kind not in _CLOSING_EVENTS:
        raise ExecutionError("States.Runtime", "The execution reached the maximum number of history events (25000).")
    event = {"id": len(events) + 1, "previousEventId": len(events), "type": kind, "timestamp": CLOCK.now_iso()}
    event.update(details or {})
    events.append(event)
    return event


def _sleep_until(text: str) -> None:
    scope.pause_until(datetime.fromisoformat(text))


def install() -> None:
    """Replaces the names."""
    sf._run_sub_machine = walk
    sf._add_event = add_event
    sf.now_iso = CLOCK.now_iso
    sf._scaled_sleep = scope.pause
    sf._sleep_until = _sleep_until
