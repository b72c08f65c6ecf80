"""Alarms and dashboard in template.yaml use metrics that the code writes."""

import json
from typing import Any

import pytest

from . import metrics, sources

ALARMS = sources.resources(sources.template(), "AWS::CloudWatch::Alarm")
# The lines that the code writes for a run and its stages, from the golden file of its unit test.
GOLDEN = (
    sources.ROOT
    / "crates/report/src/snapshots/orgpatch_report__metrics__tests__a_run_is_one_line_and_each_stage_another.snap"
)
# Metrics that AWS services write, with their dimensions.
OF_AWS = {
    ("AWS/States", metric): {"StateMachineArn": {"Ref": "PatchRun"}}
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut")
}


def golden() -> list[dict[str, Any]]:
    """Returns the lines of the golden file."""
    return [json.loads(line) for line in GOLDEN.read_text().splitlines() if line.startswith("{")]


def test_the_code_writes_the_embedded_metric_format() -> None:
    assert len(golden()) == 3
    assert [fault for line in golden() for fault in metrics.faults(line)] == []


def test_alarms_and_dashboard_ask_for_what_the_code_writes() -> None:
    written = set().union(*(metrics.written(line) for line in golden()))
    assert metrics.used() and metrics.used() <= written


@pytest.mark.parametrize("logical_id", ALARMS)
def test_an_alarm_is_on_a_metric_that_somebody_writes(logical_id: str) -> None:
    properties = ALARMS[logical_id]["Properties"]
    if properties["Namespace"] != {"Fn::Sub": "orgpatch/${AWS::StackName}"}:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in properties["Dimensions"]}
        assert OF_AWS[properties["Namespace"], properties["MetricName"]] == dimensions
    assert properties["TreatMissingData"] in {"notBreaching", "breaching"}


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
def test_a_line_that_cloudwatch_would_not_take_is_found(path: tuple[str | int, ...], value: object) -> None:
    line = golden()[0]
    place: Any = line
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert metrics.faults(line)
