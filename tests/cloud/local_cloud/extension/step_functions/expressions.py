"""Evaluates JSONata in simulated time, with a time limit that a busy computer does not reach, and Assign as AWS does.

Natively `$now()` and `$millis()` read the real clock, an expression may take one second of *real* time (with many
children on two processors, healthy expressions fail), and the expressions of one Assign see each other's results.
Patches `stepfunctions._register_sfn_jsonata_functions`, `._error_matches`, `._apply_state_assign` and jsonata's
`Timebox.current_milli_time`.
"""

from __future__ import annotations

import time
from typing import Any

from jsonata.timebox import Timebox
from ministack.services import stepfunctions as sf

from ..clock import CLOCK
from .scope import limit_size

# From AWS's documentation: "States.ALL can't catch the States.DataLimitExceeded terminal error or Runtime error types."
TERMINAL_ERRORS = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def finish(state: dict[str, Any], raw: Any, ctx: dict[str, Any], result: Any, jsonata: bool) -> tuple[Any, str | None]:
    """Returns the output of a state with a result, and the name of the next state; assigns its variables."""
    if jsonata:
        output = sf._apply_jsonata_output(state, raw, ctx, result=result, default=result)
        sf._apply_state_assign(state, raw, ctx, result=result)
    else:
        output = sf._apply_result_path(state, raw, sf._apply_result_selector(state, result))
        output = sf._apply_output_path(state, output, ctx)
    return output, sf._next_or_end(state)


def install() -> None:
    """Replaces the names."""
    native_register = sf._register_sfn_jsonata_functions
    native_matches = sf._error_matches

    def register(expression: Any) -> None:
        native_register(expression)
        expression.register_lambda("now", CLOCK.now_iso)
        expression.register_lambda("millis", lambda: int(CLOCK.now().timestamp() * 1000))

    def error_matches(error_equals: list[str], error: str) -> bool:
        if error in TERMINAL_ERRORS:
            return False
        return native_matches(error_equals, error)

    def assign(state: dict[str, Any], raw: Any, ctx: Any, result: Any = None, error_output: Any = None) -> None:
        if ctx is None or sf._state_query_language(state, ctx) != "JSONata":
            return
        # All expressions see the variables as they were before the first assignment.
        values = sf._apply_jsonata_template(state.get("Assign") or {}, raw, ctx, result, error_output)
        for value in values.values():
            limit_size(value)
        ctx.setdefault("variables", {}).update(values)

    sf._apply_state_assign = assign
    sf._register_sfn_jsonata_functions = register
    sf._error_matches = error_matches
    Timebox.current_milli_time = staticmethod(lambda: int(time.thread_time() * 1000))
