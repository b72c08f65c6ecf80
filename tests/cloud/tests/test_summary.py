"""The sentences that say how a run ended."""

from __future__ import annotations

from typing import Any

import pytest
from local_cloud.driver import summary

TOO_MANY = {"code": "too-many-failed", "text": "1 of 33 instances failed (limit 0%)"}


def execution(status: str, error: str | None = None, cause: str | None = None) -> dict[str, Any]:
    """Returns the parts of execution.json that the summary reads."""
    return {"status": status, "error": error, "cause": cause}


def report(*steps: tuple[str, int, str]) -> dict[str, Any]:
    """Returns a report with these steps: stage, wave and decision."""
    return {
        "steps": [
            {"stage": stage, "wave": wave, "decision": decision, "reason": TOO_MANY} for stage, wave, decision in steps
        ]
    }


HALTED = execution("FAILED", "Halted", "step 02-staging-1: 1 of 2 failed")
TEST, STAGING = ("test", 1, "advance"), ("staging", 1, "halt")


@pytest.mark.parametrize(
    ("ended", "steps", "sentence"),
    [
        (execution("SUCCEEDED"), [TEST], "The run advanced through all steps."),
        (execution("FAILED", "InvalidPlan", "no stages"), [], "The run failed: InvalidPlan: no stages"),
        (
            execution("FAILED", "InvalidPlan", '{"errorMessage": "no stages"}'),
            [],
            "The run failed: InvalidPlan: no stages",
        ),
        (execution("ABORTED"), [], "The run failed: ABORTED: no cause is known"),
        # Without a report there is only what the state machine says.
        (HALTED, [], "Halted: step 02-staging-1: 1 of 2 failed"),
        (HALTED, [TEST, STAGING], "Halted at staging: 1 of 33 instances failed (limit 0%)."),
        (
            HALTED,
            [TEST, STAGING, ("production", 1, "not-attempted"), ("production", 2, "not-attempted")],
            "Halted at staging: 1 of 33 instances failed (limit 0%). Production was not touched.",
        ),
        (
            HALTED,
            [STAGING, ("staging", 2, "not-attempted"), ("production", 1, "not-attempted")],
            "Halted at staging wave 1: 1 of 33 instances failed (limit 0%). "
            "Staging wave 2 and production were not touched.",
        ),
    ],
)
def test_the_end_of_a_run_in_words(ended: dict[str, Any], steps: list[tuple[str, int, str]], sentence: str) -> None:
    assert summary.outcome(ended, report(*steps)) == sentence
