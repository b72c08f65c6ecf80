"""Measures a run in an account with ten concurrent Lambda executions, against the same run without that limit.

New accounts have such a limit (AWS re:Post; Lambda developer guide, "Lambda quotas").
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from . import organization, run, transitions
from .figure import Figure, Section

TARGETS = 300
_AT_A_TIME = 40
_LIMIT = 10
# How long a function works, in seconds. A function makes 5 to 30 calls to a Region that may be far away.
_SECONDS = {
    "list-accounts": 20,
    "gate": 10,
    "report": 20,
    "assume-role": 5,
    "scan": 15,
    "install": 15,
    "collect-results": 10,
}


def measure(targets: int, latest: bool) -> Section:
    """Measures both runs, or reads the latest. They take long, because every function is really called."""
    took = ", ".join(f"{function} {seconds} s" for function, seconds in _SECONDS.items())
    free = run.of(_setting(targets, None), latest)
    limited = run.of(_setting(targets, _LIMIT), latest)
    figures = [
        Figure(f"limit {_LIMIT}: instances that are not patched", _not_patched(limited), "", 0, 0, _outcomes(limited)),
        Figure("without the limit: from start to end", free.simulated_seconds / 3600, "h", None, 2, took),
        Figure(f"limit {_LIMIT}: from start to end", limited.simulated_seconds / 3600, "h", digits=2),
        Figure("the one over the other", limited.simulated_seconds / free.simulated_seconds, "times", 1.25, 2),
        Figure(f"limit {_LIMIT}: refused Lambda calls, per target", transitions.throttled(limited) / targets, digits=1),
        Figure("without the limit: refused Lambda calls", transitions.throttled(free)),
        Figure("without the limit: state transitions of a target, mean", _mean(free), digits=1),
        Figure(f"limit {_LIMIT}: state transitions of a target, mean", _mean(limited), digits=1),
    ]
    title = f"{targets} targets with installs of an hour, {_AT_A_TIME} at a time, and functions that take their time"
    return Section(title, f"python -m bench --only small-account --targets {targets}", figures)


def _outcomes(measured: run.Run) -> str:
    counts = Counter(instance["outcome"] for instance in measured.instances)
    return ", ".join(f"{outcome} {count}" for outcome, count in counts.most_common())


def _not_patched(measured: run.Run) -> int:
    """Counts by target, too: a target whose results are lost has no instance in the report."""
    patched = [instance for instance in measured.instances if instance["outcome"] == "patched"]
    return max(len(measured.instances), measured.targets) - len(patched)


def _mean(measured: run.Run) -> float:
    whole = transitions.read(measured).whole
    return sum(whole.values()) / len(whole)


def _setting(targets: int, limit: int | None) -> run.Setting:
    accounts = [f"6666{number:08d}" for number in range(targets)]
    functions: dict[str, Any] = {"seconds": _SECONDS}
    if limit is not None:
        functions["concurrentExecutions"] = limit
    return organization.one_stage(
        "small-account" if limit else "large-account",
        "ou-bnch-66666666",
        accounts,
        1,
        {"targets": _AT_A_TIME},
        behaviour={"seconds": organization.HOUR},
        functions=functions,
    )
