"""Alarms: each has a way to people and may take it, and a night that goes wrong is one alarm, however late metrics come."""

import copy
import itertools
from collections.abc import Callable, Iterator

import pytest

from . import alarms, sources
from .alarms import Alarms, Looking, Open, Point

HALTED, FAILED = "orgpatch-run-halted", "orgpatch-run-failed"
RESOURCES = {
    logical_id: resource["Properties"]
    for kind in (alarms.METRIC, alarms.COMPOSITE)
    for logical_id, resource in sources.resources(sources.template(), kind).items()
}
HOUR = 3600


# ------------------------------------------------------------------------------------------------------ who is told
def faults(loaded: Alarms) -> list[str]:
    """What is wrong with the alarms as they stand, before anything happens."""
    found = []
    composites = {name: alarm for name, alarm in loaded.items() if alarm["Type"] == alarms.COMPOSITE}
    for name, alarm in composites.items():
        named = alarms.children(alarm["AlarmRule"])
        found += [f"{name} looks at {child}, which is no alarm" for child in named if child not in loaded]
        suppressor = loaded.get(alarm["ActionsSuppressor"], {})
        if (suppressor.get("MetricName"), bool(suppressor.get("AlarmActions"))) != ("RunsHalted", True):
            found.append(f"{name} is suppressed by {alarm['ActionsSuppressor']}, which tells nobody of a halt")
    watched = {child for alarm in composites.values() for child in alarms.children(alarm["AlarmRule"])}
    for name, alarm in loaded.items():
        if bool(alarm.get("AlarmActions")) == (name in watched):
            found.append(f"{name} tells people {'twice' if name in watched else 'nothing'}")
    return found


def test_every_alarm_has_one_way_to_people() -> None:
    assert faults(alarms.load(conditional=True)) == []


@pytest.mark.parametrize(
    ("name", "changed", "fault"),
    [
        (
            FAILED,
            {"AlarmRule": 'ALARM("orgpatch-no-such-alarm") OR ALARM("orgpatch-execution-timed-out")'},
            "is no alarm",
        ),
        (FAILED, {"AlarmRule": 'ALARM("orgpatch-execution-failed")'}, "timed-out tells people nothing"),
        (FAILED, {"ActionsSuppressor": "orgpatch-execution-timed-out"}, "tells nobody of a halt"),
        (FAILED, {"ActionsSuppressor": "orgpatch-no-such-alarm"}, "tells nobody of a halt"),
        (FAILED, {"AlarmActions": []}, "tells people nothing"),
        (HALTED, {"AlarmActions": []}, "tells people nothing"),
        ("orgpatch-no-successful-run", {"AlarmActions": []}, "tells people nothing"),
        ("orgpatch-execution-failed", {"AlarmActions": ["topic"]}, "tells people twice"),
    ],
    ids=str,
)
def test_an_alarm_without_a_way_or_with_two_is_found(name: str, changed: dict, fault: str) -> None:
    loaded = copy.deepcopy(alarms.load(conditional=True))
    loaded[name] |= changed
    assert any(fault in found for found in faults(loaded))


@pytest.mark.parametrize("logical_id", RESOURCES)
def test_an_alarm_says_what_it_means_and_names_others_by_reference(logical_id: str) -> None:
    properties = RESOURCES[logical_id]
    assert properties["AlarmDescription"]
    assert properties.get("AlarmActions", []) in ([], [{"Ref": "Alerts"}])
    # By a text of the same letters, CloudFormation would not know which is to be made first.
    if "AlarmRule" in properties:
        assert "orgpatch" not in properties["AlarmRule"]["Fn::Sub"]
        assert set(properties["ActionsSuppressor"]) == {"Ref"}


def test_alarms_of_this_account_may_publish_and_nobody_else() -> None:
    # Composite alarms publish as metric alarms do: the service, on behalf of the account that has the alarm.
    policy = sources.template()["Resources"]["AlertsPolicy"]["Properties"]
    assert policy["Topics"] == [{"Ref": "Alerts"}]
    [allowed] = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("sns:Publish", {"Ref": "Alerts"})
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_absence_of_success_is_an_alarm_and_cloudwatch_can_look_back_so_far() -> None:
    alarm, parameter = (
        sources.template()["Resources"]["NoSuccessfulRun"],
        sources.template()["Parameters"]["AlarmAfterDays"],
    )
    properties = alarm["Properties"]
    assert (alarm["Condition"], properties["TreatMissingData"]) == ("AlarmsWithoutSuccess", "breaching")
    assert properties["EvaluationPeriods"] == {"Ref": "AlarmAfterDays"}
    # PutMetricAlarm refuses more than seven days; no day is no alarm.
    assert properties["Period"] * max(parameter["AllowedValues"]) <= 604_800
    assert parameter["Default"] == min(parameter["AllowedValues"]) == 0
    condition = sources.template()["Conditions"]["AlarmsWithoutSuccess"]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmAfterDays"}, 0]}]}


# ----------------------------------------------------------------------------------------------------- whole nights
# How much later than it happened CloudWatch has our metric and that of Step Functions, and how long `report` worked:
# not at all, some minutes, all that its time-out allows and the notification on top.
Delays = tuple[float, float, float]
DELAYS: list[Delays] = list(itertools.product((0, 60, 120, 180), (0, 60, 120, 180), (5, 300, 960)))
How = Callable[[float, Delays], list[Point]]


def ours(name: str, value: float, at: float, delays: Delays) -> Point:
    """What `report` logs: it bears the time at which `report` began, and comes when it is through."""
    return Point("orgpatch/orgpatch", name, value, at, at + delays[2] + delays[0])


def theirs(name: str, at: float, delays: Delays) -> Point:
    """What Step Functions counts when an execution has ended."""
    return Point("AWS/States", name, 1, at, at + delays[1])


def advanced(at: float, delays: Delays) -> list[Point]:
    """Through all steps."""
    said = [ours("RunsAdvanced", 1, at, delays), ours("RunsHalted", 0, at, delays)]
    return [*said, theirs("ExecutionsSucceeded", at + delays[2], delays)]


def halted(at: float, delays: Delays) -> list[Point]:
    """A gate said no."""
    said = [ours("RunsAdvanced", 0, at, delays), ours("RunsHalted", 1, at, delays)]
    return [*said, theirs("ExecutionsFailed", at + delays[2], delays)]


def broken(at: float, delays: Delays) -> list[Point]:
    """An error, which the report says."""
    said = [ours("RunsAdvanced", 0, at, delays), ours("RunsHalted", 0, at, delays)]
    return [*said, theirs("ExecutionsFailed", at + delays[2], delays)]


def refused(at: float, delays: Delays) -> list[Point]:
    """At the start; or there is no report, or our metric got lost: only Step Functions knows."""
    return [theirs("ExecutionsFailed", at, delays)]


def timed_out(at: float, delays: Delays) -> list[Point]:
    """After a year."""
    return [theirs("ExecutionsTimedOut", at, delays)]


def stopped(at: float, delays: Delays) -> list[Point]:
    """By a person."""
    return [theirs("ExecutionsAborted", at, delays)]


NIGHTS: dict[str, tuple[list[tuple[float, How]], list[str]]] = {
    "advanced": ([(0, advanced)], []),
    "halted": ([(0, halted)], [HALTED]),
    "broken": ([(0, broken)], [FAILED]),
    "refused": ([(0, refused)], [FAILED]),
    "timed out": ([(0, timed_out)], [FAILED]),
    "stopped": ([(0, stopped)], []),
    "halted, refused an hour later": ([(0, halted), (HOUR, refused)], [HALTED, FAILED]),
    "refused, halted an hour later": ([(0, refused), (HOUR, halted)], [FAILED, HALTED]),
    "halted, and an hour later": ([(0, halted), (HOUR, halted)], [HALTED, HALTED]),
    "refused, and an hour later": ([(0, refused), (HOUR, refused)], [FAILED, FAILED]),
    "advanced, broken an hour later": ([(0, advanced), (HOUR, broken)], [FAILED]),
}


def everything_open() -> Iterator[Open]:
    """Every combination of what the documentation leaves open."""
    for second, ours_back, theirs_back in itertools.product((0, 30), (0, 2, 10), (0, 2, 5)):
        for unfinished, waits_anew in itertools.product((False, True), repeat=2):
            yield Open(Looking(second, ours_back), Looking(0, theirs_back), unfinished, waits_anew)


def wrong(loaded: Alarms, night: str) -> list[str]:
    """In which circumstances people hear of a night what they should not, or do not hear what they should."""
    runs, expected = NIGHTS[night]
    found = []
    for delays in DELAYS:
        # Neither at the beginning of a minute nor at its end.
        points = [point for after, how in runs for point in how(HOUR + 17 + after, delays)]
        for open_ in everything_open():
            heard = alarms.told(loaded, points, open_)
            if heard != expected:
                found.append(f"{night}: {heard} with delays {delays} and {open_}")
    return found


@pytest.mark.parametrize("night", NIGHTS)
def test_a_night_is_one_alarm_however_late_the_metrics_come(night: str) -> None:
    assert wrong(alarms.load(), night) == []


@pytest.mark.parametrize("late", [0, 600, HOUR, 10 * HOUR])
@pytest.mark.parametrize("report", [5, 1200, 1800, HOUR])
def test_no_delay_makes_a_halt_silent(late: float, report: float) -> None:
    # Where our metric is too late, people hear of the halt as a failure, at worst of both; never of nothing.
    for open_ in everything_open():
        heard = alarms.told(alarms.load(), halted(HOUR + 17, (late, 60, report)), open_)
        assert heard and set(heard) <= {HALTED, FAILED} and len(heard) == len(set(heard)), open_


@pytest.mark.parametrize(
    ("name", "changed", "night"),
    [
        # What stood here before: the alarm on Step Functions' metric told people itself.
        ("orgpatch-execution-failed", {"AlarmActions": ["topic"]}, "halted"),
        (FAILED, {"ActionsSuppressor": "orgpatch-execution-timed-out"}, "halted"),
        (FAILED, {"ActionsSuppressorWaitPeriod": 120}, "halted"),
        (FAILED, {"ActionsSuppressorWaitPeriod": 900}, "refused"),
        (FAILED, {"ActionsSuppressorExtensionPeriod": 0}, "halted"),
        (FAILED, {"AlarmRule": 'ALARM("orgpatch-execution-failed")'}, "timed out"),
        ("orgpatch-execution-failed", {"EvaluationPeriods": 1}, "refused"),
        ("orgpatch-execution-timed-out", {"EvaluationPeriods": 1}, "timed out"),
        ("orgpatch-execution-failed", {"EvaluationPeriods": 60}, "halted"),
        ("orgpatch-execution-failed", {"DatapointsToAlarm": 2}, "refused"),
        ("orgpatch-execution-failed", {"MetricName": "ExecutionsAborted"}, "stopped"),
        (HALTED, {"EvaluationPeriods": 15}, "halted"),
        (HALTED, {"EvaluationPeriods": 60}, "halted, refused an hour later"),
        (HALTED, {"Threshold": 0}, "advanced"),
    ],
    ids=str,
)
def test_another_number_is_another_night(name: str, changed: dict, night: str) -> None:
    loaded = copy.deepcopy(alarms.load())
    loaded[name] |= changed
    assert wrong(loaded, night)


def test_before_the_first_run_the_absence_of_success_is_an_alarm_at_once() -> None:
    alarm = alarms.load(conditional=True)["orgpatch-no-successful-run"]
    run = 10 * 24 * HOUR
    for open_ in everything_open():
        [first, second, third] = alarms.states(alarm, advanced(run, (0, 0, 5)), open_)
        assert (first[0] < 60, first[1], second[1], third[1]) == (True, "ALARM", "OK", "ALARM")
        # Three days after the last success; or later by as far as CloudWatch looks back for data that is really there.
        days = (third[0] - run) / 24 / HOUR
        assert 3 <= days <= 3 + open_.at_ours.further_back + 1.1


# --------------------------------------------------------------------------------- the rules are those of the guide
@pytest.mark.parametrize(
    ("data", "breaching", "not_breaching"),
    [
        ("0-X-X", "OK", "OK"),
        ("0----", "OK", "OK"),
        ("-----", "ALARM", "OK"),
        ("0XX-X", "ALARM", "ALARM"),
        ("--X--", "ALARM", "OK"),
    ],
)
def test_three_of_three_are_judged_as_in_the_guide(data: str, breaching: str, not_breaching: str) -> None:
    assert judged(data, 3) == (breaching, not_breaching)


@pytest.mark.parametrize(
    ("data", "breaching", "not_breaching"),
    [
        ("0-X-X", "ALARM", "ALARM"),
        ("00X0X", "ALARM", "ALARM"),
        ("0-X--", "ALARM", "OK"),
        ("----0", "ALARM", "OK"),
        ("---X-", "ALARM", "OK"),
    ],
)
def test_two_of_three_are_judged_as_in_the_guide(data: str, breaching: str, not_breaching: str) -> None:
    assert judged(data, 2) == (breaching, not_breaching)


def judged(data: str, datapoints: int) -> tuple[str, str]:
    """A line of the guide's tables: five periods, three of which are evaluated."""
    alarm = {
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": datapoints,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    real = [float(sign == "X") for sign in data if sign != "-"]
    breaching, not_breaching = (
        alarms.judge({**alarm, "TreatMissingData": how}, real) for how in ("breaching", "notBreaching")
    )
    return breaching, not_breaching


@pytest.mark.parametrize(
    ("composite", "suppressor", "taken"),
    [
        ([(2, "ALARM")], [], [(4, "ALARM")]),
        ([(2, "ALARM")], [(3, "ALARM")], []),
        ([(2, "ALARM"), (3, "OK")], [], [(5, "OK")]),
        ([(2, "ALARM")], [(1, "ALARM")], []),
        ([(2, "ALARM")], [(3, "ALARM"), (6, "OK")], [(9, "ALARM")]),
        ([(2, "ALARM"), (7, "OK")], [(3, "ALARM"), (6, "OK")], [(9, "OK")]),
    ],
    ids=[
        "after the wait",
        "by the alarm",
        "changed in the wait",
        "suppressed before",
        "after the extension",
        "changed in the extension",
    ],
)
def test_actions_are_suppressed_as_in_the_examples_of_the_guide(composite: list, suppressor: list, taken: list) -> None:
    for waits_anew in (False, True):
        assert alarms.actions(composite, suppressor, 2, 3, waits_anew) == taken
