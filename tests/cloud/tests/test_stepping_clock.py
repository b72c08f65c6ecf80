"""The stepping clock: it stands still while anything works, and steps to the next moment that somebody waits for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from conftest import BUCKET, Rig, start_rig
from stub_simulator import StubSimulator
from test_step_functions import distributed, inline, receive, task, token_task

SLOW = "import time\ndef handler(event, context):\n    time.sleep(0.4)\n    return event"
PUT = """
import boto3
from botocore.config import Config
def handler(event, context):
    boto3.client("s3", config=Config(s3={"addressing_style": "path"})).put_object(**event)
"""
ASK = """
import boto3
def handler(event, context):
    boto3.client("organizations").list_roots()
    answer = boto3.client("dynamodb").list_tables()
    return answer["ResponseMetadata"]["HTTPHeaders"]["date"]
"""


@pytest.fixture(scope="module")
def stepping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Starts a cloud with the stepping clock."""
    stub = StubSimulator(running=False)
    rig = start_rig(tmp_path_factory.mktemp("stepping"), stub, clock="stepping")
    rig.cloud.start_clock()
    yield rig
    rig.cloud.stop()
    stub.stop()


@pytest.fixture(scope="module")
def slow(stepping: Rig) -> str:
    """Returns a function that takes 0.4 real seconds."""
    return stepping.function(SLOW)


def seconds(ended: dict[str, Any]) -> float:
    """Returns how many simulated seconds an execution took."""
    return (ended["stopDate"] - ended["startDate"]).total_seconds()


def wait(count: Any, following: str | None = None) -> dict[str, Any]:
    """Returns a Wait state."""
    return {"Type": "Wait", "Seconds": count, **({"Next": following} if following else {"End": True})}


def test_work_takes_no_simulated_time_and_waiting_no_real_time(stepping: Rig, slow: str) -> None:
    states = {"Task": {**task(slow), "Next": "Wait"}, "Wait": wait(7 * 24 * 3600)}
    del states["Task"]["End"]
    begun = time.monotonic()
    assert seconds(stepping.run(states)) == 7 * 24 * 3600
    assert time.monotonic() - begun < 5


def test_a_wait_of_no_seconds_is_allowed(stepping: Rig) -> None:
    assert seconds(stepping.run({"Wait": wait(0)})) == 0


@pytest.mark.parametrize("kind", [inline, distributed])
def test_time_waits_for_every_iteration(stepping: Rig, slow: str, kind: Any) -> None:
    """Two items at a time, each works and then waits: the slower computer must not make the run longer."""
    states = {
        "Task": {**task(slow), "Next": "Wait", "Output": "{% $states.input %}"},
        "Wait": wait("{% $states.input %}"),
    }
    del states["Task"]["End"]
    ended = stepping.run({"Map": kind(states, MaxConcurrency=2)}, given={"items": [10, 100, 20, 30, 1000]})
    # One thread waits for 10, 20, 30 and 1000 seconds, the other for 100.
    assert seconds(ended) == 10 + 20 + 30 + 1000


def test_branches_of_a_parallel_state_wait_at_the_same_time(stepping: Rig) -> None:
    branches = [{"StartAt": "Wait", "States": {"Wait": wait(count)}} for count in (50, 60)]
    ended = stepping.run({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, given={"x": 1})
    assert seconds(ended) == 60
    assert json.loads(ended["output"]) == [{"x": 1}, {"x": 1}]


def test_a_busy_execution_holds_the_time_of_all_others(stepping: Rig, slow: str) -> None:
    loop = {
        "Again": {
            **task(slow, Assign={"n": "{% $states.input + 1 %}"}),
            "Output": "{% $states.input + 1 %}",
            "Next": "Enough",
        },
        "Enough": {"Type": "Choice", "Default": "End", "Choices": [{"Condition": "{% $n < 3 %}", "Next": "Again"}]},
        "End": {"Type": "Succeed"},
    }
    del loop["Again"]["End"]
    busy = stepping.start(stepping.machine(loop), 0)
    sleeping = stepping.start(stepping.machine({"Wait": wait(1)}))
    ends = [stepping.finish(execution)["stopDate"] for execution in (busy, sleeping)]
    assert (ends[1] - ends[0]).total_seconds() == 1


def test_retry_delays_and_the_timeout_of_the_machine(stepping: Rig) -> None:
    missing = "arn:aws:lambda:ap-northeast-1:111111111111:function:missing"
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 3}]
    assert seconds(stepping.run({"Task": task(missing, Retry=retry)})) == 10 + 20 + 40
    ended = stepping.run({"Wait": wait(1000)}, TimeoutSeconds=25)
    assert (ended["status"], seconds(ended)) == ("TIMED_OUT", 25)
    ended = stepping.run({"Map": distributed({"Wait": wait(1000)})}, given={"items": [1, 2]}, TimeoutSeconds=25)
    assert (ended["status"], seconds(ended)) == ("TIMED_OUT", 25)


def test_time_limits_of_task_tokens(stepping: Rig) -> None:
    queue = stepping.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
    for limits, error, length in (
        ({"TimeoutSeconds": 100}, "States.Timeout", 100),
        ({"TimeoutSeconds": 1000, "HeartbeatSeconds": 50}, "States.HeartbeatTimeout", 50),
    ):
        ended = stepping.run({"Ask": token_task(queue, **limits)})
        assert (ended["error"], seconds(ended)) == (error, length)
        receive(stepping, queue)
    # Without a limit nothing moves time, until the answer arrives.
    execution = stepping.start(stepping.machine({"Ask": token_task(queue)}))
    token = receive(stepping, queue)
    time.sleep(0.2)
    assert stepping.cloud.clock()["nextMoment"] is None
    stepping.client("stepfunctions").send_task_success(taskToken=token, output="1")
    assert seconds(stepping.finish(execution)) == 0


def test_stopping_an_execution_stops_its_children(stepping: Rig) -> None:
    stepping.client("s3").put_object(Bucket=BUCKET, Key="held/children", Body=b"")
    stepping.cloud.hold_clock_when(BUCKET, "held/children")
    execution = stepping.start(stepping.machine({"Map": distributed({"Wait": wait(100)})}), {"items": [1, 2]})
    until(lambda: stepping.cloud.clock()["held"])
    stepping.client("stepfunctions").stop_execution(executionArn=execution)
    until(lambda: all(run["status"] == "ABORTED" for run in mine(stepping, execution)))
    assert len(mine(stepping, execution)) == 3
    until(lambda: stepping.cloud.clock()["works"] == stepping.cloud.clock()["waits"][:0])
    stepping.cloud.release_clock()


def mine(rig: Rig, execution: str) -> list[dict[str, Any]]:
    """Returns an execution and its children."""
    machine = execution.split(":")[6]
    return [run for run in rig.executions() if run["executionArn"].split(":")[6].split("/")[0] == machine]


def until(is_so: Any, real_seconds: float = 10) -> None:
    """Waits in real time."""
    deadline = time.monotonic() + real_seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_held_clock_stands_before_the_step_after_the_object(stepping: Rig) -> None:
    put = stepping.function(PUT)
    machine = stepping.machine(
        {
            "First": wait(10, "Put"),
            "Put": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": put, "Payload": {"Bucket": BUCKET, "Key": "reached", "Body": "x"}},
                "Next": "Second",
            },
            "Second": wait(10),
        }
    )
    stepping.cloud.hold_clock_when(BUCKET, "reached")
    execution = stepping.start(machine)
    until(lambda: stepping.cloud.clock()["held"])
    started = stepping.client("stepfunctions").describe_execution(executionArn=execution)["startDate"]
    now = datetime.fromisoformat(stepping.cloud.clock()["now"])
    assert (now - started).total_seconds() == 10
    other = stepping.start(stepping.machine({"Wait": wait(3)}))
    stepping.cloud.release_clock()
    assert (stepping.finish(other)["startDate"] - started).total_seconds() == 10
    assert seconds(stepping.finish(execution)) == 20


def test_fleet_sim_and_the_functions_are_told_the_time(stepping: Rig) -> None:
    ask = stepping.function(ASK)
    states = {"Wait": wait(3600, "Ask"), "Ask": task(ask, Output="{% $states.result.Payload %}")}
    ended = stepping.run(states)
    date = parsedate_to_datetime(json.loads(ended["output"]))
    # The header has whole seconds.
    assert 0 <= (ended["stopDate"] - date).total_seconds() < 1
    told = [call for call in stepping.stub.seen if call["operation"] == "ListRoots"][-1]["now"]
    assert int(told) == round(ended["stopDate"].timestamp() * 1000)


def test_the_clock_says_what_holds_it(stepping: Rig) -> None:
    slower = stepping.function("import time\ndef handler(event, context):\n    time.sleep(2)")
    execution = stepping.start(stepping.machine({"Slow": task(slower)}))
    until(lambda: stepping.cloud.clock()["works"] == [f"{execution} in Slow"])
    stepping.finish(execution)
    assert stepping.cloud.clock()["works"] == []


def test_an_invocation_of_a_client_holds_the_time(stepping: Rig, slow: str) -> None:
    client = stepping.client("lambda")
    client.invoke(FunctionName=slow, Payload=b"{}")
    before = datetime.fromisoformat(stepping.cloud.clock()["now"])
    client.invoke(FunctionName=slow, Payload=b"{}")
    assert datetime.fromisoformat(stepping.cloud.clock()["now"]) == before
