"""EventBridge Scheduler: when schedules are due, what they start, with which role, and how often."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import ACCOUNT, ANYTHING, REGION, Rig, start_rig
from stub_simulator import StubSimulator
from test_stack import deploy

WAIT = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
SCHEDULER = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
FAULTS: list[dict[str, Any]] = [
    {"operation": "scheduler:Deliver", "lostResponse": True, "request": "twice"},
    {"operation": "scheduler:Deliver", "error": "ThrottlingException", "request": "refused"},
]


@pytest.fixture(scope="module")
def stepping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Starts a cloud with the stepping clock, at 2026-11-10T00:00:00Z, with faults of the Scheduler."""
    stub = StubSimulator(running=False, faults=FAULTS)
    rig = start_rig(tmp_path_factory.mktemp("schedules"), stub, clock="stepping")
    rig.cloud.start_clock()
    yield rig
    rig.cloud.stop()
    stub.stop()


def schedule(rig: Rig, expression: str, machine: str, given: str = "{}", **more: Any) -> str:
    """Deploys a schedule; returns its name."""
    name = f"s-{uuid.uuid4().hex[:8]}"
    role = more.pop("role", None) or rig.role(ANYTHING, trust=SCHEDULER)
    target = {"Arn": more.pop("target", machine), "RoleArn": role, "Input": given}
    properties = {
        "Name": name,
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        **more,
    }
    deploy(rig, {"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}})
    return name


def delivered(rig: Rig, name: str, count: int = 1, keep: bool = False) -> list[dict[str, Any]]:
    """Lets time move until the schedule is due and removes it; returns its deliveries."""
    rig.cloud.await_delivery(name)
    deadline = time.monotonic() + 10
    while True:
        own = [delivery for delivery in rig.cloud.deliveries() if delivery["schedule"] == name]
        if len(own) >= count:
            if not keep:
                rig.client("scheduler").delete_schedule(Name=name)
            rig.cloud.release_clock()
            return own
        assert time.monotonic() < deadline, rig.cloud.clock()
        # Due, the schedule holds the clock; a second delivery needs time.
        rig.cloud.release_clock()
        time.sleep(0.02)


def now(rig: Rig) -> datetime:
    """Returns the simulated time."""
    return datetime.fromisoformat(rig.cloud.clock()["now"])


def test_a_schedule_starts_a_run_at_the_local_time_of_its_zone_and_says_so(stepping: Rig) -> None:
    machine = stepping.machine(WAIT)
    keywords = {word: f"<aws.scheduler.{word}>" for word in ("schedule-arn", "scheduled-time", "attempt-number")}
    given = json.dumps({**keywords, "id": "<aws.scheduler.execution-id>"})
    name = schedule(stepping, "cron(30 2 * * ? *)", machine, given, ScheduleExpressionTimezone="Asia/Tokyo")
    (delivery,) = delivered(stepping, name, keep=True)
    # 02:30 in Tokyo is 17:30 in UTC.
    assert delivery["scheduledTime"].endswith("T17:30:00Z")
    execution = stepping.finish(delivery["executionArn"])
    assert execution["startDate"].astimezone(UTC).strftime("%H:%M:%S") == "17:30:00"
    received = json.loads(execution["input"])
    assert received.pop("id")
    assert received == {
        "schedule-arn": f"arn:aws:scheduler:ap-northeast-1:111111111111:schedule/default/{name}",
        "scheduled-time": delivery["scheduledTime"],
        "attempt-number": "1",
    }
    (next_one,) = delivered(stepping, name, 2)[1:]
    difference = datetime.fromisoformat(next_one["scheduledTime"]) - datetime.fromisoformat(delivery["scheduledTime"])
    assert difference.total_seconds() == 24 * 3600


def test_a_schedule_moves_no_time_of_its_own(stepping: Rig) -> None:
    before = now(stepping)
    name = schedule(stepping, "rate(1 hour)", stepping.machine(WAIT))
    time.sleep(0.3)
    assert now(stepping) == before
    # But while an execution waits, it is due like everything else.
    wait = {"Wait": {"Type": "Wait", "Seconds": 2 * 3600 + 60, "End": True}}
    stepping.run(wait)
    assert len([one for one in stepping.cloud.deliveries() if one["schedule"] == name]) == 2
    stepping.client("scheduler").delete_schedule(Name=name)


def test_a_time_that_is_past_and_a_disabled_schedule_are_never_due(stepping: Rig) -> None:
    machine = stepping.machine(WAIT)
    past = schedule(stepping, "at(2026-11-09T00:00:00)", machine)
    disabled = schedule(stepping, "rate(1 minute)", machine, State="DISABLED")
    stepping.run({"Wait": {"Type": "Wait", "Seconds": 600, "End": True}})
    assert not [one for one in stepping.cloud.deliveries() if one["schedule"] in (past, disabled)]


@pytest.mark.parametrize(
    ("statement", "trust", "text"),
    [
        (
            {"Effect": "Allow", "Action": "states:StartExecution", "Resource": "arn:aws:states:*:*:x"},
            SCHEDULER,
            "may not",
        ),
        (ANYTHING, {**SCHEDULER, "Principal": {"Service": "events.amazonaws.com"}}, "may not assume"),
        (
            ANYTHING,
            {**SCHEDULER, "Condition": {"StringEquals": {"aws:SourceAccount": "222200000001"}}},
            "may not assume",
        ),
        # The source is the group, never a schedule.
        (
            ANYTHING,
            {**SCHEDULER, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:scheduler:*:*:schedule/default/*"}}},
            "may not assume",
        ),
    ],
)
def test_the_role_of_a_schedule_is_enforced(stepping: Rig, statement: Any, trust: Any, text: str) -> None:
    role = stepping.role(statement, trust=trust)
    delivery, *_ = delivered(stepping, schedule(stepping, "rate(1 minute)", stepping.machine(WAIT), role=role))
    assert text in delivery["error"]
    assert "executionArn" not in delivery


def test_the_role_of_a_schedule_suffices(stepping: Rig) -> None:
    machine = stepping.machine(WAIT)
    group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default"
    source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": group}}
    trust = {**SCHEDULER, "Condition": source}
    role = stepping.role({"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}, trust=trust)
    name = schedule(stepping, "rate(1 minute)", machine, role=role)
    # Simulated time may have passed a second minute.
    delivery, *_ = delivered(stepping, name)
    assert stepping.finish(delivery["executionArn"])["status"] == "SUCCEEDED"


def test_a_delivery_may_fail_or_happen_twice(stepping: Rig) -> None:
    machine = stepping.machine(WAIT)
    given = '{"twice": "<aws.scheduler.execution-id>", "at": "<aws.scheduler.scheduled-time>"}'
    first, second = delivered(stepping, schedule(stepping, "at(2027-01-01T00:00:00)", machine, given), 2)
    assert first["executionArn"] != second["executionArn"]
    inputs = [json.loads(stepping.finish(one["executionArn"])["input"]) for one in (first, second)]
    assert inputs[0]["at"] == inputs[1]["at"] and inputs[0]["twice"] != inputs[1]["twice"]
    (refused,) = delivered(stepping, schedule(stepping, "at(2027-01-02T00:00:00)", machine, '{"x": "refused"}'))
    assert refused["error"].startswith("ThrottlingException")


def test_a_universal_target_may_name_the_execution(stepping: Rig) -> None:
    """The second delivery of the same time has the same name and input, so it starts nothing while the first runs."""
    machine = stepping.machine(WAIT)
    request = {"StateMachineArn": machine, "Name": "night-twice", "Input": '{"at": "<aws.scheduler.scheduled-time>"}'}
    name = schedule(stepping, "at(2027-02-01T00:00:00)", machine, json.dumps(request), target=UNIVERSAL)
    # The fault `twice` delivers it a second time, and that delivery may be there already.
    delivery, *_ = delivered(stepping, name)
    assert delivery["executionArn"].endswith(":night-twice")
    assert json.loads(stepping.finish(delivery["executionArn"])["input"]) == {"at": "2027-02-01T00:00:00Z"}


def test_a_schedule_follows_the_running_clock(rig: Rig) -> None:
    name = schedule(rig, "rate(1 minute)", rig.machine(WAIT))
    (delivery, *_) = delivered(rig, name)
    assert rig.finish(delivery["executionArn"])["status"] == "SUCCEEDED"
