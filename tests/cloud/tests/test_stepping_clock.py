"""The stepping clock: it stands still while anything works, and steps to the next moment that a thread waits for."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import pytest
from conftest import BUCKET, Rig, start_rig
from stub_simulator import StubSimulator
from test_step_functions import distributed, inline, receive, task, token_task
from test_workers import bootstrap

SLOW = "import time\ndef handler(event, context):\n    time.sleep(0.4)\n    return event"
PUT = """
import boto3
from botocore.config import Config
def handler(event, context):
    boto3.client("s3", config=Config(s3={"addressing_style": "path"})).put_object(**event)
"""
# A runtime of its own, because ministack's for Python gives every error the same name.
FAILS = """#!/usr/bin/python3
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse(); event = json.loads(answer.read())
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    kind, body = "response", {}
    if event["n"] < len(event["errors"]):
        kind, body = "error", {"errorType": event["errors"][event["n"]], "errorMessage": "again"}
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/{kind}", json.dumps(body))
    api.getresponse().read()
"""
ASK = """
import boto3
def handler(event, context):
    answers = [boto3.client("organizations").list_roots(), boto3.client("dynamodb").list_tables()]
    return [answer["ResponseMetadata"]["HTTPHeaders"]["date"] for answer in answers]
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


def test_each_retrier_counts_its_own_attempts(stepping: Rig) -> None:
    """From the documentation of Retry: the first retrier that names the error decides, and each has its own count."""
    fails = bootstrap(stepping, FAILS)
    retry = [
        {"ErrorEquals": ["First"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 3},
        {"ErrorEquals": ["Second"], "IntervalSeconds": 100, "MaxAttempts": 1},
    ]
    payload = {"n": "{% $states.context.State.RetryCount %}", "errors": ["First", "First", "Second", "First"]}
    ended = stepping.run({"Task": task(fails, payload, Retry=retry)})
    assert (ended["status"], seconds(ended)) == ("SUCCEEDED", 10 + 20 + 100 + 40)
    payload["errors"] = ["First", "Second", "Second", "First"]
    ended = stepping.run({"Task": task(fails, payload, Retry=retry)})
    assert (ended["error"], seconds(ended)) == ("Second", 10 + 100)


def test_a_retrier_may_go_on_for_ever(stepping: Rig) -> None:
    """The delay before the 310th attempt is larger than any number that a float holds."""
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 1,
            "BackoffRate": 10,
            "MaxDelaySeconds": 2,
            "MaxAttempts": 99999999,
        }
    ]
    missing = "arn:aws:lambda:ap-northeast-1:111111111111:function:missing"
    ended = stepping.run({"Task": task(missing, Retry=retry)}, TimeoutSeconds=800)
    assert (ended["status"], seconds(ended)) == ("TIMED_OUT", 800)


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
    other, date = [parsedate_to_datetime(text) for text in json.loads(ended["output"])]
    assert abs((datetime.now(UTC) - other).total_seconds()) < 60
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


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns the module of the clock; it reads its settings when it is imported."""
    monkeypatch.setenv("FLEET_SIM_ADDRESS", "127.0.0.1:1")
    environment = dict(os.environ)
    from local_cloud.extension import clock  # noqa: PLC0415  (only after the setting is there)

    os.environ.update(environment)
    return clock


def test_no_thread_is_forgotten_and_none_is_overtaken(module: Any) -> None:
    """Many threads wait for many moments; each sees only its own, in order, and all end when the slowest ends."""
    begun = datetime(2026, 11, 10, tzinfo=UTC)
    clock, wrong = module.SteppingClock(begun), []
    clock.start()

    def wait_often(each: int) -> None:
        for _ in range(200):
            wanted = clock.now() + timedelta(seconds=each)
            clock.wait(each)
            if clock.now() != wanted:
                wrong.append((wanted, clock.now()))

    def run() -> None:
        with clock.working("all"):
            clock.together([partial(wait_often, each) for each in range(1, 41)], 40)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), clock.describe()
    assert wrong == []
    assert (clock.now() - begun).total_seconds() == 200 * 40
    assert clock.describe()["works"] == []


def test_who_let_others_work_works_again_when_they_have_ended(module: Any) -> None:
    clock = module.SteppingClock(datetime(2026, 11, 10, tzinfo=UTC))
    clock.start()

    def sleep() -> None:
        with clock.working("sleeper"):
            clock.wait(3600)

    with clock.working("caller"):
        threading.Thread(target=sleep, daemon=True).start()
        until(lambda: clock.describe()["waits"] == ["sleeper"])
        clock.together([partial(clock.wait, 5), partial(clock.wait, 7)], 2)
        time.sleep(0.1)
        assert clock.now() == datetime(2026, 11, 10, 0, 0, 7, tzinfo=UTC)
        assert clock.describe()["works"] == ["caller"]


def test_a_stuck_clock_writes_what_holds_it(
    module: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_STUCK_SECONDS", 0)
    clock = module.SteppingClock(datetime(2026, 11, 10, tzinfo=UTC))
    with caplog.at_level(logging.WARNING, "local_cloud.clock"):
        clock.begin("execution x in Slow")
        clock.start()
        until(lambda: "execution x in Slow" in caplog.text)


def test_an_invocation_of_a_client_holds_the_time(stepping: Rig, slow: str) -> None:
    client = stepping.client("lambda")
    client.invoke(FunctionName=slow, Payload=b"{}")
    before = datetime.fromisoformat(stepping.cloud.clock()["now"])
    client.invoke(FunctionName=slow, Payload=b"{}")
    assert datetime.fromisoformat(stepping.cloud.clock()["now"]) == before
