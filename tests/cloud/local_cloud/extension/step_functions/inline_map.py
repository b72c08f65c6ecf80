"""Runs an INLINE Map: after the first failed iteration no other one starts, as on AWS.

Natively all of them run, so a failed stage would not stop the next stage. Patches `stepfunctions._run_map_items`.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from ministack.services import stepfunctions as sf

from ..clock import CLOCK
from . import distributed_map, expressions
from .scope import ExecutionError

CONCURRENCY_LIMIT = 40


def run_map(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> tuple[Any, str | None]:
    """Runs one attempt of a Map state; distributed maps have their own file."""
    processor = state.get("ItemProcessor") or state.get("Iterator") or {}
    if (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED":
        return distributed_map.run(state, raw, execution, ctx, processor)
    jsonata = sf._state_query_language(state, ctx) == "JSONata"
    effective = raw if jsonata else sf._apply_input_path(state, raw, ctx)
    items = _items(state, raw, effective, ctx, jsonata)
    concurrency = state.get("MaxConcurrency", 0)
    if jsonata and isinstance(concurrency, str):
        concurrency = sf._jsonata_state_field(state, "MaxConcurrency", "number", raw, ctx)
    name, results = ctx["State"]["Name"], [None] * len(items)
    errors: list[Exception] = []
    sf._add_event(execution, "MapStateStarted", {"mapStateStartedEventDetails": {"length": len(items)}})

    def iterate(index: int, item: Any) -> None:
        if errors:
            return
        details = {"name": name, "index": index}
        try:
            item_ctx = copy.deepcopy(ctx)
            item_ctx["Map"] = {"Item": {"Index": index, "Value": item}}
            sf._add_event(execution, "MapIterationStarted", {"mapIterationStartedEventDetails": details})
            chosen = _select(state, raw, effective, item, item_ctx, jsonata)
            results[index] = sf._run_sub_machine(processor["States"], processor["StartAt"], chosen, execution, item_ctx)
            sf._add_event(execution, "MapIterationSucceeded", {"mapIterationSucceededEventDetails": details})
        except Exception as error:  # noqa: BLE001  (the thread of the execution raises it again, below)
            errors.append(error)
            if isinstance(error, ExecutionError):
                sf._add_event(execution, "MapIterationFailed", {"mapIterationFailedEventDetails": details})

    threads = int(concurrency) or CONCURRENCY_LIMIT
    CLOCK.together([partial(iterate, index, item) for index, item in enumerate(items)], threads)
    if errors:
        sf._add_event(execution, "MapStateFailed", {})
        raise errors[0]
    sf._add_event(execution, "MapStateSucceeded", {})
    return expressions.finish(state, raw, ctx, results, jsonata)


def _items(state: dict[str, Any], raw: Any, effective: Any, ctx: dict[str, Any], jsonata: bool) -> list[Any]:
    if not jsonata:
        items = sf._resolve_path_or_ctx(state.get("ItemsPath", "$"), effective, ctx)
    elif "Items" in state:
        items = sf._jsonata_state_field(state, "Items", "array", raw, ctx)
    else:
        items = raw
    if not isinstance(items, list):
        raise ExecutionError("States.Runtime", "The items of a Map state must be an array")
    return items


def _select(state: dict[str, Any], raw: Any, effective: Any, item: Any, item_ctx: dict[str, Any], jsonata: bool) -> Any:
    selector = state.get("ItemSelector") or state.get("Parameters")
    if not selector:
        return item
    if jsonata:
        return sf._apply_jsonata_template(selector, raw, item_ctx)
    return sf._resolve_params_obj(selector, effective, item_ctx)


def install() -> None:
    """Replaces the name."""
    sf._run_map_items = run_map
