"""The alarms of template.yaml, played by CloudWatch's rules: who is told what, and when, after runs that ended so or so.

The rules are those of the CloudWatch user guide: "Configuring how CloudWatch alarms treat missing data" for metric alarms
(`judge`), "Suppressing composite alarm actions" with its six examples for composite ones (`actions`). test_alarms.py holds
both against the guide's own tables and examples. What the guide leaves open is in `Open`; the tests try all of it.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# A private name, but ministack is pinned, and it answers to a wrong rule as AWS does.
from ministack.services.cloudwatch import _parse_alarm_rule as parse_rule

from . import intrinsics, sources

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
# Name → properties, intrinsic functions resolved.
Alarms = dict[str, dict[str, Any]]
# Seconds, and the state that an alarm goes into then.
Change = tuple[float, str]
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True)
class Point:
    """A value of a metric: `at` is the time that it bears, `seen` the one at which CloudWatch has it, in seconds."""

    namespace: str
    name: str
    value: float
    at: float
    seen: float


@dataclass(frozen=True)
class Looking:
    """How an alarm is evaluated, as far as nobody says: at which second of each minute, and how many periods it looks
    back beyond its EvaluationPeriods for data that is really there.
    """

    second: int
    further_back: int


@dataclass(frozen=True)
class Open:
    """What the documentation leaves open."""

    at_ours: Looking
    at_theirs: Looking
    # Whether the minute that is not over yet counts.
    unfinished: bool
    # Whether a composite alarm that goes into ALARM during an extension begins to wait, as one does that goes to OK then.
    waits_anew: bool


def load(conditional: bool = False) -> Alarms:
    """What a deployment with default parameters has; or also what depends on a condition."""
    template, found = sources.template(), {}
    for kind in (METRIC, COMPOSITE):
        for resource in sources.resources(template, kind).values():
            if conditional or "Condition" not in resource:
                properties = intrinsics.resolve(resource["Properties"], template)
                found[properties["AlarmName"]] = {"Type": kind, **properties}
    return found


def children(rule: str) -> list[str]:
    """The alarms that a rule names."""
    return _names(parse_rule(rule))


def told(alarms: Alarms, points: Sequence[Point], open_: Open) -> list[str]:
    """The alarms whose AlarmActions are taken, in the order in which they are."""
    changes = {name: states(alarm, points, open_) for name, alarm in alarms.items() if alarm["Type"] == METRIC}
    taken = []
    for name, alarm in alarms.items():
        if alarm["Type"] == METRIC:
            mine = changes[name]
        else:
            rule = parse_rule(alarm["AlarmRule"])
            of_rule = _changes_of_rule(rule, {child: changes[child] for child in _names(rule)})
            mine = actions(
                of_rule,
                changes[alarm["ActionsSuppressor"]],
                alarm["ActionsSuppressorWaitPeriod"],
                alarm["ActionsSuppressorExtensionPeriod"],
                open_.waits_anew,
            )
        if alarm.get("AlarmActions"):
            taken += [(time, name) for time, state in mine if state == "ALARM"]
    return [name for _, name in sorted(taken)]


def states(alarm: dict[str, Any], points: Sequence[Point], open_: Open) -> list[Change]:
    """How the state of a metric alarm changes, which is OK in the beginning."""
    assert alarm["Statistic"] == "Sum"
    looking = open_.at_theirs if alarm["Namespace"].startswith("AWS/") else open_.at_ours
    period, reach = alarm["Period"], alarm["EvaluationPeriods"] + looking.further_back
    of_metric = [
        (int(point.at // period), point)
        for point in points
        if (point.namespace, point.name) == (alarm["Namespace"], alarm["MetricName"])
    ]
    # Only when data comes, is old enough or too old can anything change.
    still_open = 0 if open_.unfinished else 1
    moments = {0.0} | {
        moment
        for place, point in of_metric
        for moment in (point.seen, (place + still_open) * period, (place + still_open + reach) * period)
    }
    found, state = [], "OK"
    for time in sorted({math.ceil((moment - looking.second) / 60) * 60 + looking.second for moment in moments}):
        newest = time // period - still_open
        sums: dict[int, float] = {}
        for place, point in of_metric:
            if point.seen <= time and newest - reach < place <= newest:
                sums[place] = sums.get(place, 0) + point.value
        new = judge(alarm, [sums[place] for place in sorted(sums)])
        if new != state:
            found.append((time, new))
            state = new
    return found


def judge(alarm: dict[str, Any], real: Sequence[float]) -> str:
    """The state by the data that is really there within the evaluation range, the oldest first."""
    wanted = alarm["EvaluationPeriods"]
    recent = real[-wanted:]
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(breaches(value, alarm["Threshold"]) for value in recent)
    match alarm["TreatMissingData"]:
        case "breaching":
            breaching += wanted - len(recent)
        case "notBreaching":
            pass
        case other:
            raise ValueError(f"not played here: TreatMissingData {other}")
    return "ALARM" if breaching >= alarm.get("DatapointsToAlarm", wanted) else "OK"


def actions(
    composite: Sequence[Change], suppressor: Sequence[Change], wait: float, extension: float, waits_anew: bool
) -> list[Change]:
    """When a suppressed composite alarm takes actions, and those of which state. Both alarms are OK in the beginning."""
    events = sorted(
        [(time, "composite", state) for time, state in composite]
        + [(time, "suppressor", state) for time, state in suppressor]
    )
    state, suppressing, extending, due, taken = "OK", False, False, None, []
    for time, who, new in [*events, (float("inf"), "", "")]:
        if due is not None and due <= time:
            taken.append((due, state))
            due = None
        if who == "suppressor":
            if new == "ALARM":
                due = None
            elif suppressing:
                due, extending = time + extension, True
            suppressing = new == "ALARM"
        elif who == "composite":
            state = new
            goes_on = due is not None and extending and new == "ALARM" and not waits_anew
            if not suppressing and not goes_on:
                due, extending = time + wait, False
    return taken


def _changes_of_rule(rule: tuple[Any, ...], of_children: dict[str, list[Change]]) -> list[Change]:
    now = dict.fromkeys(of_children, "OK")
    found, state = [], "OK"
    for time, name, new in sorted((time, name, new) for name, changes in of_children.items() for time, new in changes):
        now[name] = new
        of_rule = "ALARM" if _true(rule, now) else "OK"
        if of_rule != state:
            found.append((time, of_rule))
            state = of_rule
    return found


def _true(rule: tuple[Any, ...], now: dict[str, str]) -> bool:
    match rule:
        case ("state", state, name):
            return now[name] == state
        case ("or", *inner):
            return any(_true(one, now) for one in inner)
        case _:
            raise ValueError(f"not played here: {rule}")


def _names(rule: tuple[Any, ...]) -> list[str]:
    match rule:
        case ("state", _, name):
            return [name]
        case ("or", *inner):
            return [name for one in inner for name in _names(one)]
        case _:
            raise ValueError(f"not played here: {rule}")
