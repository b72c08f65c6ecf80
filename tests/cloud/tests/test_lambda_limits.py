"""Lambda in a small account: the limit of invocations in flight, how long they last, a lost answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import BUCKET, Rig, start_rig
from stub_simulator import StubSimulator
from test_step_functions import ECHO, distributed, task

SETTINGS = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:lambda:getAccountSettings", "End": True}
# The first copy takes three real seconds, the second none. Both leave an object.
COPIES = """
import time, boto3
from botocore.config import Config
def handler(event, context):
    if event["copy"] == 0:
        time.sleep(3)
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    s3.put_object(Bucket=event["bucket"], Key=f"ended/{event['copy']}", Body=b"")
"""
FAULTS: list[dict[str, Any]] = [
    {"operation": "lambda:Invoke", "lostResponse": True, "outlivedAfterMs": 100, "request": "outlived"},
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Starts a cloud with the stepping clock and three invocations at a time; those of `…-20` last 20 seconds."""
    limits = {"concurrentExecutions": 3, "seconds": {"20": 20}}
    stub = StubSimulator(running=False, faults=FAULTS, limits=limits)
    rig = start_rig(tmp_path_factory.mktemp("small"), stub, clock="stepping")
    rig.cloud.start_clock()
    yield rig
    rig.cloud.stop()
    stub.stop()


def seconds(ended: dict[str, Any]) -> float:
    """Returns how many simulated seconds an execution took."""
    return (ended["stopDate"] - ended["startDate"]).total_seconds()


@pytest.fixture(scope="module")
def function(small: Rig) -> str:
    """Returns a function whose invocations last 20 simulated seconds."""
    return small.function(ECHO, name="lasting-20")


def throttled(rig: Rig, execution: str) -> int:
    """Returns how many invocations of the children were refused for the account's limit."""
    machine = execution.split(":")[6]
    events = [event for run in rig.executions() if f":{machine}/" in run["executionArn"] for event in run["events"]]
    failed = [event["taskFailedEventDetails"]["error"] for event in events if event["type"] == "TaskFailed"]
    assert set(failed) <= {"Lambda.TooManyRequestsException"}
    return len(failed)


def test_an_invocation_lasts_its_simulated_seconds(small: Rig, function: str) -> None:
    begun = time.monotonic()
    assert seconds(small.run({"Task": task(function)})) == 20
    assert time.monotonic() - begun < 5


def test_more_invocations_than_the_limit_are_refused(small: Rig, function: str) -> None:
    retry = [
        {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1},
        {
            "ErrorEquals": ["Lambda.TooManyRequestsException"],
            "IntervalSeconds": 6,
            "BackoffRate": 1.5,
            "MaxDelaySeconds": 6,
            "MaxAttempts": 99999999,
        },
    ]
    items = list(range(7))
    ended = small.run({"Map": distributed({"Task": task(function, Retry=retry)})}, given={"items": items})
    assert ended["status"] == "SUCCEEDED"
    # Three at a time: 3, 3 and 1 of them, 20 seconds each. Retried every 6 seconds, so never in the second in which a
    # place becomes free, they begin at 0, 24 and 48: refused are 4 at 0, 6, 12 and 18, and 1 at 24, 30, 36 and 42.
    assert seconds(ended) == 68
    assert throttled(small, ended["executionArn"]) == 4 * 4 + 4
    patient = distributed({"Task": task(function)}, ToleratedFailurePercentage=100)
    ended = small.run({"Map": patient}, given={"items": items})
    assert throttled(small, ended["executionArn"]) == 4


def test_the_state_machine_can_ask_for_the_limit(small: Rig, rig: Rig, bare: Rig) -> None:
    limit = json.loads(small.run({"Ask": SETTINGS})["output"])["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (3, 3)
    assert json.loads(rig.run({"Ask": SETTINGS})["output"])["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert bare.run({"Ask": SETTINGS})["error"] == "States.Runtime"
    nothing = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    assert rig.run({"Ask": SETTINGS}, nothing)["error"] == "Lambda.LambdaException"


def test_an_invocation_outlives_its_lost_answer(small: Rig) -> None:
    def ended_copies() -> list[str]:
        listed = small.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="ended/")
        return [entry["Key"] for entry in listed.get("Contents", [])]

    payload = {"which": "outlived", "bucket": BUCKET, "copy": "{% $states.context.State.RetryCount %}"}
    retry = [{"ErrorEquals": ["Lambda.SdkClientException"], "IntervalSeconds": 30}]
    ended = small.run({"Task": task(small.function(COPIES, name="copies-20"), payload, Retry=retry)})
    # The clock did not wait for the end of the first copy, and the second ran beside it.
    assert (ended["status"], seconds(ended)) == ("SUCCEEDED", 30 + 20)
    assert ended_copies() == ["ended/1"]
    deadline = time.monotonic() + 10
    while len(ended_copies()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ended_copies() == ["ended/0", "ended/1"]
    # What is left of the first copy, the 20 seconds until its answer, holds no clock.
    assert seconds(small.run({"Wait": {"Type": "Wait", "Seconds": 40, "End": True}})) == 40
    struck = [json.loads(line) for line in (small.evidence / "struck.jsonl").read_text().splitlines()]
    assert struck == [{"operation": "lambda:InvokeFunction", "effect": "lostResponse"}]
