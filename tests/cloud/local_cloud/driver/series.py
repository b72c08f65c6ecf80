"""Runs several plans in one cloud, for the end-to-end tests. Each run has a plan and a folder of results of its own.

The series file is a JSON list. An entry starts a run, or takes one that a schedule starts:

* `{"name": run id, "plan": file, "input": {…}, "then": …, "behind": …}`
* `{"name": folder, "plan": file, "schedule": logical id, "then": …, "behind": …}`: waits until the schedule of the
  stack (a resource of `template.yaml`, such as `InstallSchedule`) starts a run that no earlier entry has taken. The
  schedule must be enabled (`--parameter`), or no run ever starts. `name` is only the name of the folder, because the
  run has the name that the schedule gives it.

`then` says when the next entry begins: after the end of this run (`wait`), or as soon as this run has taken the lock
(with `behind`: has written the object of that key below `runs/<run id>/`). In the second case this run continues
(`go-on`) or is stopped first (`stop`). With the stepping clock, time stands still from the moment at which the run
has the lock and everything waits until the next entry has begun.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from . import analyst, deployment, options, results, session
from .errors import DriverError

_AROUND_SECONDS = 180
_OWN_FILES = ("report.json", "report.html", "summary.md", "instances.csv", "patches.csv", "execution.json")


@dataclass
class _Run:
    name: str
    plan: Path
    then: str
    behind: str = ""
    input: dict[str, Any] = field(default_factory=dict)
    schedule: str = ""
    arn: str = ""
    calls_before: int = 0
    calls_after: int | None = None

    @property
    def run_id(self) -> str:
        """The name of the execution."""
        return self.arn.rsplit(":", 1)[-1]


def run(chosen: argparse.Namespace) -> int:
    """Runs the series and collects the results. Returns 0 when every run has ended, no matter how."""
    entries = json.loads(chosen.series.read_text())
    runs = [_Run(**{**entry, "plan": Path(entry["plan"])}) for entry in entries]
    signal.alarm(int(chosen.timeout) * len(runs) + _AROUND_SECONDS)
    out = results.prepare(chosen.out)
    with session.opened(chosen, out if chosen.evidence else None) as opened:
        opened.start_clock()
        for number, one in enumerate(runs):
            _begin(opened, one, runs[:number], chosen.timeout)
            opened.cloud.release_clock()
            if one.then == "wait":
                _await_end(opened, one, chosen.timeout)
            else:
                _await_lock(opened, one, chosen.timeout)
                if one.then == "stop":
                    opened.operator.client("stepfunctions").stop_execution(executionArn=one.arn, error="Stopped")
                    _await_end(opened, one, chosen.timeout)
        opened.cloud.release_clock()
        for one in runs:
            _await_end(opened, one, chosen.timeout)
        opened.await_closings(chosen.timeout)
        stopped = [one for one in runs if one.then == "stop" and chosen.evidence]
        redriven = {one.name: _redrive(opened, one) for one in stopped}
        _fetch(opened, out, runs, chosen.evidence)
        for name, answers in redriven.items():
            (out / name / "redriven.json").write_text(json.dumps(answers))
        if chosen.evidence:
            analyst.keep_answers(opened, out)
    return 0


def _begin(opened: session.Session, one: _Run, earlier: list[_Run], timeout: float) -> None:
    bucket, key = opened.deployed.bucket, f"plans/{options.plan_name(one.plan)}.yaml"
    opened.operator.client("s3").put_object(Bucket=bucket, Key=key, Body=one.plan.read_bytes())
    one.calls_before = _calls(opened)
    if one.schedule:
        one.arn = _await_delivery(opened, one, [run.arn for run in earlier], timeout)
    else:
        one.arn = f"{opened.deployed.state_machine.replace(':stateMachine:', ':execution:')}:{one.name}"
    if one.then != "wait":
        # Before the run starts: afterwards time could already have moved.
        opened.cloud.hold_clock_when(bucket, _lock_key(one))
    if not one.schedule:
        opened.operator.client("stepfunctions").start_execution(
            stateMachineArn=opened.deployed.state_machine, name=one.name, input=json.dumps(one.input)
        )


def _await_delivery(opened: session.Session, one: _Run, taken: list[str], timeout: float) -> str:
    """Waits until the schedule has started a run that no entry has taken yet; returns its ARN."""
    stack = deployment.administrator(opened.cloud).client("cloudformation")
    resource = stack.describe_stack_resource(StackName=deployment.STACK, LogicalResourceId=one.schedule)
    schedule = resource["StackResourceDetail"]["PhysicalResourceId"]

    def next_one() -> str | None:
        for delivery in opened.cloud.deliveries():
            if delivery["schedule"] == schedule and "error" in delivery:
                raise DriverError(f"{one.schedule} started no run: {delivery['error']}")
            if delivery["schedule"] == schedule and delivery["executionArn"] not in taken:
                return str(delivery["executionArn"])
        return None

    begun = next_one()
    if begun is None:
        opened.cloud.await_delivery(schedule)
        begun = opened.poll(next_one, timeout, f"{one.schedule} started no run")
    return begun


def _describe(opened: session.Session, one: _Run) -> dict[str, Any]:
    return opened.operator.client("stepfunctions").describe_execution(executionArn=one.arn)


def _has_ended(opened: session.Session, one: _Run) -> bool:
    return bool(_describe(opened, one)["status"] != "RUNNING")


def _await_end(opened: session.Session, one: _Run, timeout: float) -> None:
    opened.poll(lambda: _has_ended(opened, one) or None, timeout, f"run {one.name} did not end")
    if one.calls_after is None:
        one.calls_after = _calls(opened)


def _redrive(opened: session.Session, one: _Run) -> dict[str, str]:
    """Calls the functions as the stopped execution would if it were redriven; returns their errors.

    The local cloud has no RedriveExecution. The execution would go on where it was stopped, with its own messages.
    """
    stack = deployment.administrator(opened.cloud)
    run = {"runId": one.run_id, "now": _describe(opened, one)["stopDate"].strftime("%Y-%m-%dT%H:%M:%SZ")}
    answers = {}
    for function, more in (
        ("gate", {"step": "01-test-1", "question": "enter", "hashes": {"settings": ""}}),
        ("report", {"executionArn": one.arn}),
    ):
        name = f"{deployment.STACK}-{function}"
        invoked = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps({**run, **more}))
        answer = json.loads(invoked["Payload"].read())
        answers[function] = str(answer.get("errorType") or answer.get("error"))
    return answers


def _lock_key(one: _Run) -> str:
    """Returns the key of the object behind which the next entry begins; usually the first one with the lock."""
    return f"runs/{one.run_id}/{one.behind or 'run.json'}"


def _await_lock(opened: session.Session, one: _Run, timeout: float) -> None:
    """Waits until the run has taken the lock and, with the stepping clock, until everything waits."""

    def has_lock() -> bool | None:
        try:
            opened.operator.client("s3").head_object(Bucket=opened.deployed.bucket, Key=_lock_key(one))
        except ClientError:
            return None
        held = opened.clock == "running" or opened.cloud.clock()["held"] or _has_ended(opened, one)
        return True if held else None

    opened.poll(has_lock, timeout, f"run {one.name} did not take the lock")


def _calls(opened: session.Session) -> int:
    return len(opened.simulator.calls().splitlines())


def _fetch(opened: session.Session, out: Path, runs: list[_Run], evidence: bool) -> None:
    """Puts the files of each run into its folder, and those of the cloud beside the folders."""
    for one in runs:
        folder = out / one.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        results.fetch(opened, out, one.run_id, results.execution_document(_describe(opened, one)), evidence)
        for name in filter(lambda name: (out / name).exists(), _OWN_FILES):
            (out / name).rename(folder / name)
        lines = (out / "calls.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "calls.jsonl").write_bytes(b"".join(lines[one.calls_before : one.calls_after]))
