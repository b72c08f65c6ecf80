"""Who started a run: the state Starter of patch-run, with the local cloud's CloudTrail."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ANYTHING, Rig

FOLDER = Path(__file__).parents[3] / "statemachine"
LOOKUP = "arn:aws:states:::aws-sdk:cloudtrail:lookupEvents"
AFTER_FIVE_MINUTES = 400
RANGE = "CloudTrail.InvalidTimeRangeException"


def runs(rig: Rig, *statements: dict[str, Any], wait: int = AFTER_FIVE_MINUTES) -> str:
    """Creates a stand-in for patch-run: it waits, goes through Starter, and returns what Report would get of it."""
    starter = json.loads((FOLDER / "patch-run.asl.json").read_text().replace("${Partition}", "aws"))["States"][
        "Starter"
    ]
    states = {
        "Wait": {
            "Type": "Wait",
            "Seconds": wait,
            "Assign": {"run": {"startedAt": "{% $states.context.Execution.StartTime %}"}},
            "Next": "Starter",
        },
        "Starter": starter,
        "Report": {"Type": "Pass", "Output": "{% $starts %}", "End": True},
    }
    return rig.machine(states, *statements)


def starts(rig: Rig, execution: str) -> list[dict[str, str]]:
    """Returns what CloudTrail was found to say."""
    found = json.loads(rig.finish(execution)["output"])
    assert isinstance(found, list)
    return found


def test_the_caller_is_named_after_some_minutes(rig: Rig) -> None:
    machine, operator = runs(rig), rig.session(rig.role(ANYTHING))
    execution = operator.client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    who = operator.client("sts").get_caller_identity()["Arn"]
    assert ":assumed-role/" in who
    assert {"execution": execution, "by": who} in starts(rig, execution)


def test_before_that_cloudtrail_is_silent(rig: Rig) -> None:
    execution = rig.start(runs(rig, wait=1))
    assert execution not in [start.get("execution") for start in starts(rig, execution)]


def test_a_run_without_the_permission_goes_on(rig: Rig) -> None:
    nothing = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    assert starts(rig, rig.start(runs(rig, nothing))) == []


def test_the_caller_of_scan_run_and_its_role_are_both_listed(rig: Rig) -> None:
    # crates/report/src/starter.rs takes the first one.
    text, name = (FOLDER / "scan-run.asl.json").read_text().replace("${Partition}", "aws"), f"r-{uuid.uuid4().hex}"
    role = rig.role(ANYTHING)
    scan_run = rig.client("stepfunctions").create_state_machine(
        name=f"s-{uuid.uuid4().hex[:8]}", definition=text.replace("${PatchRunArn}", runs(rig)), roleArn=role
    )["stateMachineArn"]
    ended = rig.finish(rig.start(scan_run, {"operation": "scan", "plan": "m"}, name=name))
    by = {start["execution"]: start["by"] for start in json.loads(ended["output"]) if "execution" in start}
    named = [caller for execution, caller in by.items() if execution.endswith(f":{name}")]
    assert len(named) == 2
    assert by[ended["executionArn"]].endswith(":root")
    assert any(f":assumed-role/{role.rsplit('/', 1)[-1]}/" in caller for caller in named)


def test_a_refused_start_is_listed_without_an_execution(rig: Rig) -> None:
    machine, name = rig.machine({"Done": {"Type": "Succeed"}}), f"r-{uuid.uuid4().hex}"
    states = rig.client("stepfunctions")
    rig.finish(rig.start(machine, {}, name=name))
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name=name, input='{"another": 1}')
    found = starts(rig, rig.start(runs(rig)))
    assert any("execution" not in start and "by" in start for start in found)


def test_events_that_exceed_what_a_state_may_hold_cost_the_report_nothing(rig: Rig) -> None:
    # Any principal of the account can write such events: CloudTrail keeps up to 100 KB of a request's parameters.
    machine, states = runs(rig), rig.client("stepfunctions")
    for _ in range(3):
        with pytest.raises(ClientError):
            states.start_execution(stateMachineArn=machine, name="x" * 100_000)
    execution = rig.start(machine)
    assert starts(rig, execution) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"MaxResults": 0}, "States.Runtime"),
        ({"LookupAttributes": [{"AttributeKey": "EventName"}]}, "States.Runtime"),
        (
            {"StartTime": "2026-01-02T00:00:00Z", "EndTime": "2026-01-01T00:00:00Z"},
            "CloudTrail.InvalidTimeRangeException",
        ),
        (
            {"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}] * 2},
            "CloudTrail.InvalidLookupAttributesException",
        ),
    ],
)
def test_wrong_requests_are_refused(rig: Rig, bare: Rig, arguments: dict[str, Any], error: str) -> None:
    ask = {"Ask": {"Type": "Task", "Resource": LOOKUP, "Arguments": arguments, "End": True}}
    assert rig.run(ask)["error"] == error
    assert bare.run(ask)["error"] == "States.Runtime"
