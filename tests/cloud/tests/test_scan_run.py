"""The state machine scan-run, with a stand-in for patch-run: what it starts, and that it ends as the run ends."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from conftest import ANYTHING, Rig

DEFINITION = Path(__file__).parents[3] / "statemachine" / "scan-run.asl.json"
ALL = {"operation": "scan", "plan": "monthly", "stages": ["test"], "readinessOnly": True, "comment": "CHG-1"}
ECHO = {"Done": {"Type": "Pass", "Output": {"decision": "advanced", "input": "{% $states.input %}"}, "End": True}}
HALT = {"Halt": {"Type": "Fail", "Error": "Halted", "Cause": "the gate of 01-test-1"}}
LONG = {"Work": {"Type": "Wait", "Seconds": 86400, "End": True}}


def scan_run(rig: Rig, run: str) -> str:
    """Creates scan-run in front of a stand-in; returns its ARN."""
    text = DEFINITION.read_text().replace("${Partition}", "aws").replace("${PatchRunArn}", run)
    made = rig.client("stepfunctions").create_state_machine(
        name=f"s-{uuid.uuid4().hex[:8]}", definition=text, roleArn=rig.role(ANYTHING)
    )
    return str(made["stateMachineArn"])


def child(run: str, execution: str) -> str:
    """Returns the ARN of the run that an execution of scan-run starts."""
    return f"{run.replace(':stateMachine:', ':execution:')}:{execution.rsplit(':', 1)[-1]}"


@pytest.mark.parametrize("given", [ALL, {"operation": "preview-baselines", "plan": "monthly"}])
def test_it_passes_on_what_a_scan_may_say_and_the_output(rig: Rig, given: dict[str, Any]) -> None:
    run = rig.machine(ECHO)
    ended = rig.finish(rig.start(scan_run(rig, run), given, name=f"r-{uuid.uuid4().hex}"))
    assert json.loads(ended["output"]) == {"decision": "advanced", "input": given}
    begun = rig.client("stepfunctions").describe_execution(executionArn=child(run, ended["executionArn"]))
    assert json.loads(begun["input"]) == given


@pytest.mark.parametrize(
    "given",
    [
        {"operation": "install", "plan": "m"},
        {"operation": "restore-baselines", "plan": "m"},
        {"operation": ["scan"], "plan": "m", "stages": ["a"], "withoutEarlierGates": True},
        {"operation": "scan", "plan": "m", "withoutEarlierGates": True},
        {"operation": "scan", "plan": "m", "scheduledTime": "2026-11-08T02:00:00Z"},
        {"plan": "m"},
        {},
    ],
)
def test_it_starts_nothing_else(rig: Rig, given: dict[str, Any]) -> None:
    run = rig.machine(ECHO)
    ended = rig.finish(rig.start(scan_run(rig, run), given))
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert rig.client("stepfunctions").list_executions(stateMachineArn=run)["executions"] == []


def test_it_ends_with_error_and_cause_of_the_run(rig: Rig) -> None:
    ended = rig.finish(rig.start(scan_run(rig, rig.machine(HALT)), {"operation": "scan", "plan": "m"}))
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Halted", "the gate of 01-test-1")


def test_a_run_that_cannot_be_started_says_why(rig: Rig) -> None:
    run, name = rig.machine(ECHO), f"r-{uuid.uuid4().hex}"
    rig.finish(rig.start(run, {"operation": "install", "plan": "m"}, name=name))
    ended = rig.finish(rig.start(scan_run(rig, run), {"operation": "scan", "plan": "m"}, name=name))
    assert (ended["status"], ended["error"]) == ("FAILED", "StepFunctions.ExecutionAlreadyExistsException")


def test_stopping_it_stops_the_run(rig: Rig) -> None:
    run = rig.machine(LONG)
    started = rig.start(scan_run(rig, run), {"operation": "scan", "plan": "m"})
    states, deadline = rig.client("stepfunctions"), time.monotonic() + 10
    while not states.list_executions(stateMachineArn=run)["executions"] and time.monotonic() < deadline:
        time.sleep(0.02)
    states.stop_execution(executionArn=started)
    assert rig.finish(child(run, started))["status"] == "ABORTED"
