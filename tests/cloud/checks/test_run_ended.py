"""The rule that closes runs: which events it takes, and what it starts.

The form of an event is that of "Automating Step Functions event delivery with EventBridge" (guide of Step Functions).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import eventbridge

from . import intrinsics, sources

PLACE = f"{intrinsics.REGION}:{intrinsics.ACCOUNT}"
MACHINE = intrinsics.resolve({"Ref": "PatchRun"}, sources.template())


def rule() -> dict[str, Any]:
    """Returns the rule's properties as EventBridge sees them."""
    return intrinsics.resolve(sources.template()["Resources"]["RunEnded"]["Properties"], sources.template())


@pytest.mark.parametrize(
    ("status", "machine", "taken"),
    [
        ("ABORTED", MACHINE, True),
        ("TIMED_OUT", MACHINE, True),
        ("FAILED", MACHINE, True),
        ("SUCCEEDED", MACHINE, False),
        ("RUNNING", MACHINE, False),
        ("PENDING_REDRIVE", MACHINE, False),
        # A child of a Map, and other state machines.
        ("FAILED", f"{MACHINE}/Targets", False),
        ("FAILED", f"{MACHINE}2", False),
        ("ABORTED", MACHINE.replace("patch-run", "scan-run"), False),
    ],
)
def test_it_takes_executions_of_the_state_machine_itself_that_did_not_succeed(
    status: str, machine: str, taken: bool
) -> None:
    event = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Account": intrinsics.ACCOUNT,
        "Region": intrinsics.REGION,
        "Detail": json.dumps({"executionArn": "x", "stateMachineArn": machine, "name": "night", "status": status}),
    }
    assert bool(eventbridge._matches_pattern(json.dumps(rule()["EventPattern"]), event)) is taken  # noqa: SLF001


@pytest.mark.parametrize("name", ["monthly-2026-11", 'a"}, "operation": "install'])
def test_it_starts_the_closing_of_that_run_and_nothing_else(name: str) -> None:
    [target] = rule()["Targets"]
    assert target["Arn"] == MACHINE
    transformer = target["InputTransformer"]
    assert transformer["InputPathsMap"] == {"run": "$.detail.name"}
    text = eventbridge._render_input_template(transformer["InputTemplate"], {"run": name})  # noqa: SLF001
    assert json.loads(text) == {"operation": "close", "run": name}


def test_only_this_rule_may_use_its_role() -> None:
    role = intrinsics.resolve(sources.template()["Resources"]["RunEndedRole"]["Properties"], sources.template())
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": intrinsics.ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:events:{PLACE}:rule/{rule()['Name']}"},
    }
