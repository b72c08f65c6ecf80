"""Runs several plans in one cloud, for the end-to-end tests. Each run has a plan and a folder of results of its own.

The series file is a JSON list of `{"name": run id, "plan": file, "input": {…}, "then": "wait" | "go-on" | "stop"}`.
`then` says when the next run starts: after the end of this one (`wait`), or as soon as this one has taken the lock.
In the second case this run continues (`go-on`) or is stopped first (`stop`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from . import analyst, options, results, session
from .errors import DriverError

_POLL_SECONDS = 0.05
_AROUND_SECONDS = 180
_OWN_FILES = ("report.json", "report.html", "summary.md", "instances.csv", "patches.csv", "execution.json")


@dataclass
class _Run:
    name: str
    plan: Path
    input: dict[str, Any]
    then: str
    arn: str = ""
    calls_before: int = 0
    calls_after: int | None = None


def run(chosen: argparse.Namespace) -> int:
    """Runs the series and collects the results. Returns 0 when every run has ended, no matter how."""
    entries = json.loads(chosen.series.read_text())
    runs = [_Run(**{**entry, "plan": Path(entry["plan"])}) for entry in entries]
    signal.alarm(int(chosen.timeout) * len(runs) + _AROUND_SECONDS)
    out = results.prepare(chosen.out)
    with session.opened(chosen, out if chosen.evidence else None) as opened:
        opened.simulator.start_clock()
        for one in runs:
            _start(opened, one)
            if one.then == "wait":
                _await_end(opened, one, chosen.timeout)
            else:
                _await_lock(opened, one, chosen.timeout)
                if one.then == "stop":
                    opened.operator.client("stepfunctions").stop_execution(executionArn=one.arn, error="Stopped")
                    _await_end(opened, one, chosen.timeout)
        for one in runs:
            _await_end(opened, one, chosen.timeout)
        _fetch(opened, out, runs, chosen.evidence)
        if chosen.evidence:
            analyst.keep_answers(opened, out)
    return 0


def _start(opened: session.Session, one: _Run) -> None:
    bucket, key = opened.deployed.bucket, f"plans/{options.plan_name(one.plan)}.yaml"
    opened.operator.client("s3").put_object(Bucket=bucket, Key=key, Body=one.plan.read_bytes())
    one.calls_before = _calls(opened)
    states = opened.operator.client("stepfunctions")
    started = states.start_execution(
        stateMachineArn=opened.deployed.state_machine, name=one.name, input=json.dumps(one.input)
    )
    one.arn = started["executionArn"]


def _describe(opened: session.Session, one: _Run) -> dict[str, Any]:
    return opened.operator.client("stepfunctions").describe_execution(executionArn=one.arn)


def _await_end(opened: session.Session, one: _Run, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while _describe(opened, one)["status"] == "RUNNING":
        session.check_alive(opened)
        if time.monotonic() > deadline:
            raise DriverError(f"run {one.name} did not end within {timeout:g} s of real time (--timeout)")
        time.sleep(_POLL_SECONDS)
    if one.calls_after is None:
        one.calls_after = _calls(opened)


def _await_lock(opened: session.Session, one: _Run, timeout: float) -> None:
    """Waits until the run has taken the lock: it writes run.json right afterwards."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        session.check_alive(opened)
        try:
            opened.operator.client("s3").head_object(Bucket=opened.deployed.bucket, Key=f"runs/{one.name}/run.json")
        except ClientError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise DriverError(f"run {one.name} did not start within {timeout:g} s of real time (--timeout)")


def _calls(opened: session.Session) -> int:
    return len(opened.simulator.calls().splitlines())


def _fetch(opened: session.Session, out: Path, runs: list[_Run], evidence: bool) -> None:
    """Puts the files of each run into its folder, and those of the cloud beside the folders."""
    for one in runs:
        folder = out / one.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        results.fetch(opened, out, one.name, results.execution_document(_describe(opened, one)), evidence)
        for name in filter(lambda name: (out / name).exists(), _OWN_FILES):
            (out / name).rename(folder / name)
        lines = (out / "calls.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "calls.jsonl").write_bytes(b"".join(lines[one.calls_before : one.calls_after]))
