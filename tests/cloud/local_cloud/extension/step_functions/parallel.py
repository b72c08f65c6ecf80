"""Runs a Parallel state with branches that take part in the clock; natively the clock could step while they work.

Patches `stepfunctions._run_parallel_branches`.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from ministack.services import stepfunctions as sf

from ..clock import CLOCK
from . import expressions


def run_branches(
    state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    """Runs one attempt of a Parallel state. Its output is the outputs of the branches, in their order."""
    jsonata = sf._state_query_language(state, ctx) == "JSONata"
    if jsonata:
        given = sf._apply_jsonata_arguments(state, raw, ctx) if "Arguments" in state else raw
    else:
        given = sf._apply_parameters(state, sf._apply_input_path(state, raw, ctx), ctx)
    branches = state["Branches"]
    results: list[Any] = [None] * len(branches)

    def run(index: int, branch: dict[str, Any]) -> None:
        results[index] = sf._run_sub_machine(branch["States"], branch["StartAt"], given, execution, copy.deepcopy(ctx))

    CLOCK.together([partial(run, index, branch) for index, branch in enumerate(branches)], len(branches))
    return expressions.finish(state, raw, ctx, results, jsonata)


def install() -> None:
    """Replaces the name."""
    sf._run_parallel_branches = run_branches
