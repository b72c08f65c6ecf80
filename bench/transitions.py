"""Counts the state transitions of a run as AWS bills them, and the Lambda calls among them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from statistics import mean
from typing import Any

from . import organization
from .figure import Figure, Section
from .run import Run

_THROTTLED = "Lambda.TooManyRequestsException"


@dataclass(frozen=True)
class Transitions:
    """State transitions of the run itself, and of each target by phase (`scan`, `install`) and account."""

    parent: int
    targets: dict[str, dict[str, int]]
    invocations: Counter[str]
    parent_invocations: int
    scan_invocations: int

    @property
    def whole(self) -> dict[str, int]:
        """The transitions of each target that was installed, its scan included, by account."""
        scans, installs = self.targets["scan"], self.targets["install"]
        return {account: scans[account] + count for account, count in installs.items()}


def read(run: Run) -> Transitions:
    """Counts in the history of the execution and of its children."""
    parent = parent_invocations = scan_invocations = 0
    targets: dict[str, dict[str, int]] = {"scan": {}, "install": {}}
    invocations: Counter[str] = Counter()
    for execution in run.executions:
        called = _invocations(execution)
        invocations += called
        if not execution.get("mapRunArn"):
            parent += _count(execution)
            parent_invocations += called.total()
            continue
        given = json.loads(execution["input"])
        if "target" not in given:
            # It asks who started the run. Starting a child counts as one transition.
            parent += 1 + _count(execution)
            continue
        targets[given["phase"]][given["target"]["accountId"]] = 1 + _count(execution)
        if given["phase"] == "scan":
            scan_invocations += called.total()
    return Transitions(parent, targets, invocations, parent_invocations, scan_invocations)


def section(run: Run) -> Section:
    """Compares the transitions of a target with their limits."""
    found = read(run)
    hour_long = organization.hour_long_accounts()
    slow = [count for account, count in found.whole.items() if account in hour_long]
    return Section(
        f"State transitions, {run.targets} targets, {len(hour_long)} of them with installs of an hour",
        "python -m bench --only run",
        [
            Figure("scan of a target, most", max(found.targets["scan"].values()), "", 20),
            Figure("hour-long install of a target, its scan included, most", max(slow), "", 60),
            Figure("install of a target, its scan included, mean", mean(found.whole.values()), "", None, 1),
            Figure("the run itself, per target", found.parent / run.targets, "", None, 2, f"{found.parent} in all"),
        ],
    )


def throttled(run: Run) -> int:
    """Returns how many Lambda calls were refused because too many functions ran."""
    return sum(
        event.get("taskFailedEventDetails", {}).get("error") == _THROTTLED
        for execution in run.executions
        for event in execution["events"]
    )


def _count(execution: dict[str, Any]) -> int:
    """Returns the states entered plus the retries, because AWS bills each of them."""
    types = Counter(event["type"] for event in execution["events"])
    entered = sum(count for name, count in types.items() if name.endswith("StateEntered"))
    return entered + max(0, types["TaskScheduled"] - types["TaskStateEntered"])


def _invocations(execution: dict[str, Any]) -> Counter[str]:
    """Returns the number of Lambda calls by function."""
    called: Counter[str] = Counter()
    for event in execution["events"]:
        details = event.get("taskScheduledEventDetails", {})
        if details.get("resourceType") == "lambda":
            # arn:aws:lambda:<region>:<account>:function:<stack>-<function>:<version>
            name = json.loads(details["parameters"])["FunctionName"].split(":")[6]
            called[name.partition("-")[2]] += 1
    return called
