"""Alarms and dashboard in template.yaml: they ask for what the code writes, tell somebody, and are allowed to."""

import json

import pytest

from . import metrics, sources

ALARMS = sources.resources(sources.template(), "AWS::CloudWatch::Alarm")
# What the code writes, as its unit test has it: the lines of a run and of its stages.
GOLDEN = sources.ROOT / "crates/core/src/snapshots/orgpatch_core__metrics__tests__a_run_is_one_line_and_each_stage_another.snap"
# What AWS services write of themselves, with its dimensions.
OF_AWS = {("AWS/States", "ExecutionsFailed"): {"StateMachineArn": {"Ref": "PatchRun"}}}


def golden() -> list[dict]:
    """The lines of the golden file."""
    return [json.loads(line) for line in GOLDEN.read_text().splitlines() if line.startswith("{")]


def test_the_code_writes_the_embedded_metric_format() -> None:
    assert len(golden()) == 3
    assert [fault for line in golden() for fault in metrics.faults(line)] == []


def test_alarms_and_dashboard_ask_for_what_the_code_writes() -> None:
    written = set().union(*(metrics.written(line) for line in golden()))
    assert metrics.asked() and metrics.asked() <= written


@pytest.mark.parametrize("logical_id", ALARMS)
def test_an_alarm_is_on_a_metric_that_somebody_writes_and_tells_people(logical_id: str) -> None:
    properties = ALARMS[logical_id]["Properties"]
    if properties["Namespace"] != {"Fn::Sub": "orgpatch/${AWS::StackName}"}:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in properties["Dimensions"]}
        assert OF_AWS[properties["Namespace"], properties["MetricName"]] == dimensions
    assert properties["AlarmActions"] == [{"Ref": "Alerts"}]
    assert properties["AlarmDescription"]
    assert properties["TreatMissingData"] in {"notBreaching", "breaching"}


def test_the_absence_of_success_is_an_alarm_and_cloudwatch_can_look_back_so_far() -> None:
    alarm, parameter = ALARMS["NoSuccessfulRun"], sources.template()["Parameters"]["AlarmAfterDays"]
    properties = alarm["Properties"]
    assert (alarm["Condition"], properties["TreatMissingData"]) == ("AlarmsWithoutSuccess", "breaching")
    assert properties["EvaluationPeriods"] == {"Ref": "AlarmAfterDays"}
    # PutMetricAlarm refuses more than seven days; no day is no alarm.
    assert properties["Period"] * max(parameter["AllowedValues"]) <= 604_800
    assert parameter["Default"] == min(parameter["AllowedValues"]) == 0
    condition = sources.template()["Conditions"]["AlarmsWithoutSuccess"]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmAfterDays"}, 0]}]}


def test_alarms_of_this_account_may_publish_and_nobody_else() -> None:
    statements = sources.template()["Resources"]["AlertsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [allowed] = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("sns:Publish", {"Ref": "Alerts"})
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


# ------------------------------------------------------------------------------------------ each check finds its fault
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("_aws", "Timestamp"), "now"),
        (("_aws", "CloudWatchMetrics", 0, "Namespace"), ""),
        (("_aws", "CloudWatchMetrics", 0, "Dimensions"), []),
        (("_aws", "CloudWatchMetrics", 0, "Dimensions"), [["Elsewhere"]]),
        (("_aws", "CloudWatchMetrics", 0, "Metrics", 0, "Unit"), "Runs"),
        (("_aws", "CloudWatchMetrics", 0, "Metrics", 0, "Name"), "Elsewhere"),
        (("Plan",), 1),
        (("RunsHalted",), "1"),
    ],
    ids=str,
)
def test_a_line_that_cloudwatch_would_not_take_is_found(path: tuple, value: object) -> None:
    line = golden()[0]
    place = line
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert metrics.faults(line)
