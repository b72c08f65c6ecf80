"""Refuses definitions of state machines in ValidateStateMachineDefinition: no JSON, or a transition to nowhere.

Natively every definition is OK, so a test of the answer could not fail. Step Functions looks for much more (API
reference of ValidateStateMachineDefinitionDiagnostic). Here `checks` does that for the one definition that is deployed.
Patches `stepfunctions._validate_state_machine_definition`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions as sf


def install() -> None:
    """Replaces the name."""
    sf._validate_state_machine_definition = _validate


def _validate(data: dict[str, Any]) -> Any:
    found = list(_diagnostics(data.get("definition", "")))
    return json_response({"result": "FAIL" if found else "OK", "diagnostics": found})


def _diagnostics(text: str) -> Iterator[dict[str, str]]:
    try:
        definition = json.loads(text)
        found = list(_lost(definition, ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield {"severity": "ERROR", "code": "INVALID_JSON_DESCRIPTION", "message": f"No state machine: {error!r}"}
        return
    for location, target in found:
        message = f"{location} names {target}, which is no state"
        yield {"severity": "ERROR", "code": "MISSING_TRANSITION_TARGET", "message": message, "location": location}


def _lost(machine: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yields the place and target of each transition whose target does not exist."""
    states = machine["States"]
    if machine["StartAt"] not in states:
        yield f"{path}/StartAt", machine["StartAt"]
    for name, state in states.items():
        here = f"{path}/States/{name}"
        targets = [("Next", state.get("Next")), ("Default", state.get("Default"))]
        targets += [("Catch", entry["Next"]) for entry in state.get("Catch", [])]
        targets += [("Choices", entry["Next"]) for entry in state.get("Choices", [])]
        for field, target in targets:
            if target is not None and target not in states:
                yield f"{here}/{field}", target
        inner = [state[field] for field in ("ItemProcessor", "Iterator") if field in state]
        for branch in [*state.get("Branches", []), *inner]:
            yield from _lost(branch, here)
