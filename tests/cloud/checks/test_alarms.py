"""Every alarm notifies people in exactly one way, and a failed night is one alarm, however late the metrics come."""

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from . import alarms, sources
from .alarms import Alarms, Change, Evaluation, Point, Undocumented

HALTED, FAILED = "orgpatch-run-halted", "orgpatch-run-failed"
NOTHING = "orgpatch-run-reached-nothing"
RESOURCES = {
    logical_id: resource["Properties"]
    for kind in (alarms.METRIC, alarms.COMPOSITE)
    for logical_id, resource in sources.resources(sources.template(), kind).items()
}
HOUR = 3600


# ------------------------------------------------------------------------------------------------------ who is notified
def faults(loaded: Alarms) -> list[str]:
    """Returns what is wrong with the definitions of the alarms."""
    found = []
    composites = {name: alarm for name, alarm in loaded.items() if alarm["Type"] == alarms.COMPOSITE}
    for name, alarm in composites.items():
        named = alarms.children(alarm["AlarmRule"])
        found += [f"{name} watches {child}, which is not an alarm" for child in named if child not in loaded]
        suppressor = loaded.get(alarm["ActionsSuppressor"], {})
        if (suppressor.get("MetricName"), bool(suppressor.get("AlarmActions"))) != ("RunsHalted", True):
            found.append(f"{name} is suppressed by {alarm['ActionsSuppressor']}, which notifies of no halt")
    watched = {child for alarm in composites.values() for child in alarms.children(alarm["AlarmRule"])}
    for name, alarm in loaded.items():
        if bool(alarm.get("AlarmActions")) == (name in watched):
            found.append(f"{name} notifies people {'twice' if name in watched else 'never'}")
    return found


def test_every_alarm_has_one_way_to_people() -> None:
    assert faults(alarms.load(conditional=True)) == []


@pytest.mark.parametrize(
    ("name", "changed", "fault"),
    [
        (
            FAILED,
            {"AlarmRule": 'ALARM("orgpatch-no-such-alarm") OR ALARM("orgpatch-execution-timed-out")'},
            "is not an alarm",
        ),
        (FAILED, {"AlarmRule": 'ALARM("orgpatch-execution-failed")'}, "timed-out notifies people never"),
        (FAILED, {"ActionsSuppressor": "orgpatch-execution-timed-out"}, "notifies of no halt"),
        (FAILED, {"ActionsSuppressor": "orgpatch-no-such-alarm"}, "notifies of no halt"),
        (FAILED, {"AlarmActions": []}, "notifies people never"),
        (HALTED, {"AlarmActions": []}, "notifies people never"),
        ("orgpatch-no-successful-run", {"AlarmActions": []}, "notifies people never"),
        (NOTHING, {"AlarmActions": []}, "notifies people never"),
        ("orgpatch-execution-failed", {"AlarmActions": ["topic"]}, "notifies people twice"),
    ],
    ids=str,
)
def test_an_alarm_without_a_way_or_with_two_is_found(name: str, changed: dict[str, Any], fault: str) -> None:
    loaded = copy.deepcopy(alarms.load(conditional=True))
    loaded[name] |= changed
    assert any(fault in found for found in faults(loaded))


@pytest.mark.parametrize("logical_id", RESOURCES)
def test_an_alarm_says_what_it_means_and_names_others_by_reference(logical_id: str) -> None:
    properties = RESOURCES[logical_id]
    assert properties["AlarmDescription"]
    assert properties.get("AlarmActions", []) in ([], [{"Ref": "Alerts"}])
    # A plain text with the same name would not tell CloudFormation which alarm it has to create first.
    if "AlarmRule" in properties:
        assert "orgpatch" not in properties["AlarmRule"]["Fn::Sub"]
        assert set(properties["ActionsSuppressor"]) == {"Ref"}


def test_alarms_of_this_account_may_publish_and_nobody_else() -> None:
    # Composite alarms publish as metric alarms do: CloudWatch publishes on behalf of the account that has the alarm.
    policy = sources.template()["Resources"]["AlertsPolicy"]["Properties"]
    assert policy["Topics"] == [{"Ref": "Alerts"}]
    # The other statement is about changes of plans: test_bucket_guards.py.
    statements = policy["PolicyDocument"]["Statement"]
    allowed = next(statement for statement in statements if statement["Sid"] == "AlarmsOfThisAccount")
    assert [statement["Sid"] for statement in statements if statement["Effect"] == "Allow"] == [
        "AlarmsOfThisAccount",
        "ChangesOfPlans",
    ]
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
    # PutMetricAlarm refuses more than seven days. With 0 days there is no alarm.
    assert properties["Period"] * max(parameter["AllowedValues"]) <= 604_800
    assert parameter["Default"] == min(parameter["AllowedValues"]) == 0
    condition = sources.template()["Conditions"]["AlarmsWithoutSuccess"]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmAfterDays"}, 0]}]}


# ----------------------------------------------------------------------------------------------------- whole nights
# In seconds: the delay until CloudWatch has our metric, the delay until it has that of Step Functions, and how long
# `report` worked: almost no time, some minutes, or its whole time limit plus the notification.
Delays = tuple[float, float, float]
DELAYS: list[Delays] = list(itertools.product((0, 60, 120, 180), (0, 60, 120, 180), (5, 300, 960)))
How = Callable[[float, Delays], list[Point]]


def ours(name: str, value: float, at: float, delays: Delays) -> Point:
    """Returns a metric that `report` logs. Its timestamp is the start of `report`, and it arrives after its end."""
    return Point("orgpatch/orgpatch", name, value, at, at + delays[2] + delays[0])


def theirs(name: str, at: float, delays: Delays) -> Point:
    """Returns a metric that Step Functions counts at the end of an execution."""
    return Point("AWS/States", name, 1, at, at + delays[1])


def advanced(at: float, delays: Delays) -> list[Point]:
    """The run advances through all steps."""
    logged = [ours("RunsAdvanced", 1, at, delays), ours("RunsHalted", 0, at, delays)]
    return [*logged, theirs("ExecutionsSucceeded", at + delays[2], delays)]


def reached_nothing(at: float, delays: Delays) -> list[Point]:
    """The run advances through all steps, and no account lets it in."""
    logged = [ours("RunsAdvanced", 0, at, delays), ours("RunsReachedNothing", 1, at, delays)]
    return [*logged, theirs("ExecutionsSucceeded", at + delays[2], delays)]


def halted(at: float, delays: Delays) -> list[Point]:
    """A gate halts the run."""
    logged = [ours("RunsAdvanced", 0, at, delays), ours("RunsHalted", 1, at, delays)]
    return [*logged, theirs("ExecutionsFailed", at + delays[2], delays)]


def broken(at: float, delays: Delays) -> list[Point]:
    """The run ends in an error, and its report says so."""
    logged = [ours("RunsAdvanced", 0, at, delays), ours("RunsHalted", 0, at, delays)]
    return [*logged, theirs("ExecutionsFailed", at + delays[2], delays)]


def refused(at: float, delays: Delays) -> list[Point]:
    """Only Step Functions reports a failure: the run was refused, or its report or our metric is missing."""
    return [theirs("ExecutionsFailed", at, delays)]


def timed_out(at: float, delays: Delays) -> list[Point]:
    """The execution reaches its time limit of a year."""
    return [theirs("ExecutionsTimedOut", at, delays)]


def stopped(at: float, delays: Delays) -> list[Point]:
    """A person stops the run."""
    return [theirs("ExecutionsAborted", at, delays)]


def quiet(at: float, delays: Delays) -> list[Point]:
    """The execution ends without a run: a scheduled scan meets another run, or a start is delivered twice."""
    return [theirs("ExecutionsSucceeded", at, delays)]


NIGHTS: dict[str, tuple[list[tuple[float, How]], list[str]]] = {
    "advanced": ([(0, advanced)], []),
    "halted": ([(0, halted)], [HALTED]),
    "reached nothing": ([(0, reached_nothing)], [NOTHING]),
    "broken": ([(0, broken)], [FAILED]),
    "refused": ([(0, refused)], [FAILED]),
    "timed out": ([(0, timed_out)], [FAILED]),
    "stopped": ([(0, stopped)], []),
    "halted, refused an hour later": ([(0, halted), (HOUR, refused)], [HALTED, FAILED]),
    "refused, halted an hour later": ([(0, refused), (HOUR, halted)], [FAILED, HALTED]),
    "halted, and an hour later": ([(0, halted), (HOUR, halted)], [HALTED, HALTED]),
    "refused, and an hour later": ([(0, refused), (HOUR, refused)], [FAILED, FAILED]),
    "advanced, broken an hour later": ([(0, advanced), (HOUR, broken)], [FAILED]),
    "a scheduled scan meets an install": ([(0, quiet), (HOUR, advanced)], []),
    "a scheduled scan meets an install that halts": ([(0, quiet), (60, halted)], [HALTED]),
    "an install waits for a scan": ([(0, advanced), (3 * HOUR, advanced)], []),
    "an install waits for a scan for too long": ([(0, refused), (HOUR, advanced)], [FAILED]),
    "a start is delivered twice": ([(0, quiet), (HOUR, advanced)], []),
    "a start is delivered twice, and the run is refused": ([(0, refused), (30, quiet)], [FAILED]),
}


def everything_undocumented() -> Iterator[Undocumented]:
    """Yields every combination of answers to what the documentation leaves open."""
    for second, ours_back, theirs_back in itertools.product((0, 30), (0, 2, 10), (0, 2, 5)):
        for unfinished, restarts_wait in itertools.product((False, True), repeat=2):
            yield Undocumented(Evaluation(second, ours_back), Evaluation(0, theirs_back), unfinished, restarts_wait)


def wrong(loaded: Alarms, night: str) -> list[str]:
    """Returns the circumstances in which the notifications of a night differ from the expected ones."""
    runs, expected = NIGHTS[night]
    found = []
    for delays in DELAYS:
        # 17 s: neither at the beginning of a minute nor at its end.
        points = [point for after, how in runs for point in how(HOUR + 17 + after, delays)]
        for undocumented in everything_undocumented():
            sent = alarms.notifications(loaded, points, undocumented)
            if sent != expected:
                found.append(f"{night}: {sent} with delays {delays} and {undocumented}")
    return found


@pytest.mark.parametrize("night", NIGHTS)
def test_a_night_is_one_alarm_however_late_the_metrics_come(night: str) -> None:
    assert wrong(alarms.load(), night) == []


@pytest.mark.parametrize("late", [0, 600, HOUR, 10 * HOUR])
@pytest.mark.parametrize("report", [5, 1200, 1800, HOUR])
def test_no_delay_makes_a_halt_silent(late: float, report: float) -> None:
    # If our metric is too late, people get the halt as a failure, or both notifications, but never none.
    for undocumented in everything_undocumented():
        sent = alarms.notifications(alarms.load(), halted(HOUR + 17, (late, 60, report)), undocumented)
        assert sent and set(sent) <= {HALTED, FAILED} and len(sent) == len(set(sent)), undocumented


@pytest.mark.parametrize(
    ("name", "changed", "night"),
    [
        # An earlier design: the alarm on the metric of Step Functions notified people itself.
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
        (NOTHING, {"MetricName": "RunsAdvanced"}, "reached nothing"),
        (NOTHING, {"AlarmActions": []}, "reached nothing"),
    ],
    ids=str,
)
def test_another_number_is_another_night(name: str, changed: dict[str, Any], night: str) -> None:
    loaded = copy.deepcopy(alarms.load())
    loaded[name] |= changed
    assert wrong(loaded, night)


def test_a_run_that_reached_nothing_is_no_success() -> None:
    alarm = alarms.load(conditional=True)["orgpatch-no-successful-run"]
    run = 10 * 24 * HOUR
    for undocumented in everything_undocumented():
        assert [state for _, state in alarms.states(alarm, reached_nothing(run, (0, 0, 5)), undocumented)] == ["ALARM"]


def test_before_the_first_run_the_absence_of_success_is_an_alarm_at_once() -> None:
    alarm = alarms.load(conditional=True)["orgpatch-no-successful-run"]
    run = 10 * 24 * HOUR
    for undocumented in everything_undocumented():
        [first, second, third] = alarms.states(alarm, advanced(run, (0, 0, 5)), undocumented)
        assert (first[0] < 60, first[1], second[1], third[1]) == (True, "ALARM", "OK", "ALARM")
        # Three days after the last success, or later by the periods that CloudWatch searches further back for data.
        days = (third[0] - run) / 24 / HOUR
        assert 3 <= days <= 3 + undocumented.of_our_metrics.further_back + 1.1


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
    """Evaluates a line of the guide's tables: five periods, three of which count."""
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
def test_actions_are_suppressed_as_in_the_examples_of_the_guide(
    composite: list[Change], suppressor: list[Change], taken: list[Change]
) -> None:
    for restarts_wait in (False, True):
        assert alarms.actions(composite, suppressor, 2, 3, restarts_wait) == taken
