"""Plays the alarms of template.yaml by CloudWatch's rules: which alarms notify people after a run, and when.

The rules come from the CloudWatch user guide: "Configuring how CloudWatch alarms treat missing data" for metric alarms
(`judge`), and "Suppressing composite alarm actions" with its six examples for composite alarms (`actions`).
test_alarms.py compares both with the tables and examples of the guide. `Undocumented` holds what the guide leaves open;
the tests try every combination of it.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# A private name, but ministack is pinned, and it refuses a wrong rule as AWS does.
from ministack.services.cloudwatch import _parse_alarm_rule as parse_rule

from . import intrinsics, sources

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
# Name → properties, without intrinsic functions.
Alarms = dict[str, dict[str, Any]]
# Time in seconds, and the state that an alarm enters at that time.
Change = tuple[float, str]
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True)
class Point:
    """A value of a metric. `at` is its timestamp, `seen` the time when CloudWatch receives it; both in seconds."""

    namespace: str
    name: str
    value: float
    at: float
    seen: float


@dataclass(frozen=True)
class Evaluation:
    """How CloudWatch evaluates an alarm, as far as no document says it."""

    # The second of each minute.
    second: int
    # How many periods before its EvaluationPeriods it searches for existing data.
    further_back: int


@dataclass(frozen=True)
class Undocumented:
    """One answer to every question that the documentation leaves open."""

    of_our_metrics: Evaluation
    of_aws_metrics: Evaluation
    # Whether the current minute counts before it is over.
    unfinished: bool
    # Whether a composite alarm that enters ALARM during an extension starts a wait, as one that enters OK does.
    restarts_wait: bool


def load(conditional: bool = False) -> Alarms:
    """Returns the alarms of a deployment with default parameters; with `conditional`, also those behind a condition."""
    template = sources.template()
    found: Alarms = {}
    for kind in (METRIC, COMPOSITE):
        for resource in sources.resources(template, kind).values():
            if conditional or "Condition" not in resource:
                properties = intrinsics.resolve(resource["Properties"], template)
                found[properties["AlarmName"]] = {"Type": kind, **properties}
    return found


def children(rule: str) -> list[str]:
    """Returns the alarms that a rule names."""
    return _names(parse_rule(rule))


def notifications(alarms: Alarms, points: Sequence[Point], undocumented: Undocumented) -> list[str]:
    """Returns the alarms that take their AlarmActions, in the order of time."""
    changes = {name: states(alarm, points, undocumented) for name, alarm in alarms.items() if alarm["Type"] == METRIC}
    taken: list[tuple[float, str]] = []
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
                undocumented.restarts_wait,
            )
        if alarm.get("AlarmActions"):
            taken += [(time, name) for time, state in mine if state == "ALARM"]
    return [name for _, name in sorted(taken)]


def states(alarm: dict[str, Any], points: Sequence[Point], undocumented: Undocumented) -> list[Change]:
    """Returns the changes of a metric alarm's state, which is OK at the beginning."""
    assert alarm["Statistic"] == "Sum"
    is_aws = alarm["Namespace"].startswith("AWS/")
    evaluation = undocumented.of_aws_metrics if is_aws else undocumented.of_our_metrics
    period, reach = alarm["Period"], alarm["EvaluationPeriods"] + evaluation.further_back
    of_metric = [
        (int(point.at // period), point)
        for point in points
        if (point.namespace, point.name) == (alarm["Namespace"], alarm["MetricName"])
    ]
    # The state can change only when data arrives, becomes old enough, or becomes too old.
    still_open = 0 if undocumented.unfinished else 1
    moments = {0.0} | {
        moment
        for place, point in of_metric
        for moment in (point.seen, (place + still_open) * period, (place + still_open + reach) * period)
    }
    second = evaluation.second
    found: list[Change] = []
    state = "OK"
    for time in sorted({math.ceil((moment - second) / 60) * 60 + second for moment in moments}):
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
    """Returns the state for the existing data of the evaluation range, the oldest first."""
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
            raise ValueError(f"alarms.py does not know TreatMissingData {other}")
    return "ALARM" if breaching >= alarm.get("DatapointsToAlarm", wanted) else "OK"


def actions(
    composite: Sequence[Change], suppressor: Sequence[Change], wait: float, extension: float, restarts_wait: bool
) -> list[Change]:
    """Returns when a suppressed composite alarm takes actions, and for which state. Both alarms begin in OK."""
    events = sorted(
        [(time, "composite", state) for time, state in composite]
        + [(time, "suppressor", state) for time, state in suppressor]
    )
    state, suppressing, extending = "OK", False, False
    due: float | None = None
    taken: list[Change] = []
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
            keeps_extension = due is not None and extending and new == "ALARM" and not restarts_wait
            if not suppressing and not keeps_extension:
                due, extending = time + wait, False
    return taken


def _changes_of_rule(rule: tuple[Any, ...], of_children: dict[str, list[Change]]) -> list[Change]:
    now = dict.fromkeys(of_children, "OK")
    found: list[Change] = []
    state = "OK"
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
