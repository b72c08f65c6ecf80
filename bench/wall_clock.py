"""Compares how long a run takes with its longest chain of patching, and says where the rest of the time goes.

Each part of a step ends with its slowest target. The run's time is therefore the time of these targets, one after the
other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import organization
from .figure import Figure, Section
from .run import Run, seconds_between


@dataclass(frozen=True)
class Parts:
    """Simulated seconds of the slowest targets, one after the other."""

    # An agent works on a command.
    patching: float
    # A command has been sent, and no agent has begun.
    delivery: float
    # Every command has ended, and orgpatch has not seen it yet. Functions that take time are in it, too.
    looks: float
    # Outside of the slowest targets: the state machine's own functions.
    between: float


def parts(run: Run) -> Parts:
    """Divides the time of the run. Functions take no simulated time, unless the scenario says so."""
    patching = delivery = looks = 0.0
    for execution in _slowest(run):
        account = json.loads(execution["input"])["target"]["accountId"]
        begin, end = execution["startDate"], execution["stopDate"]
        own = [one for one in run.commands if one["account"] == account and begin <= one["sent"] < end]
        ended = [(one, invocation) for one in own for invocation in one["invocations"] if invocation["ended"]]
        lasts = seconds_between(begin, end)
        works = _covered([(i["began"] or i["ended"], i["ended"]) for _, i in ended])
        is_open = _covered([(one["sent"], i["ended"]) for one, i in ended])
        patching += works
        delivery += is_open - works
        looks += lasts - is_open
    return Parts(patching, delivery, looks, run.simulated_seconds - patching - delivery - looks)


def section(run: Run) -> Section:
    """Returns the wall clock with its parts, and what the functions used meanwhile."""
    path, found = organization.critical_path_seconds(), parts(run)
    figures = [
        Figure("longest chain of simulated patching", path / 60, "min", digits=1),
        Figure("the run, from start to end", run.simulated_seconds / 60, "min", digits=1),
        Figure("the run over the longest chain", run.simulated_seconds / path, "times", 1.25, 2),
        Figure("of the run: agents work", found.patching / 60, "min", None, 1, "on the slowest target of each part"),
        Figure("of the run: delivery", found.delivery / 60, "min", None, 1, "sent, and no agent has begun"),
        Figure(
            "of the run: waiting for a look", found.looks / 60, "min", None, 1, "ended, and orgpatch has not looked"
        ),
        Figure("of the run: between the parts", found.between / 60, "min", None, 1, "functions take no time here"),
    ]
    for function, used in sorted(run.usage.items()):
        note = f"{used.cpu_seconds:.2f} s of processor time in all"
        figures.append(Figure(f"{function}: peak memory in the run", used.peak_bytes / 1e6, "MB", 30, 1, note))
    title = "Wall clock of the run, in simulated time, which stands still while the computer works; and its functions"
    return Section(title, "python -m bench --only run", figures)


def _slowest(run: Run) -> list[dict[str, Any]]:
    """Returns the execution that ended last in each part of a step: the scans, then the installs."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for execution in run.executions:
        if execution.get("mapRunArn"):
            given = json.loads(execution["input"])
            if "target" not in given:
                continue
            part = given["step"], given["phase"]
            if part not in last or execution["stopDate"] > last[part]["stopDate"]:
                last[part] = execution
    return list(last.values())


def _covered(intervals: list[tuple[str, str]]) -> float:
    """Returns the seconds that lie in at least one of the intervals. Timestamps of one form are in order as texts."""
    seconds, until = 0.0, ""
    for begin, end in sorted(intervals):
        if end > until:
            seconds += seconds_between(max(begin, until), end)
            until = end
    return seconds
