"""The driver with a mini system: exit codes, files, and that it leaves no process behind, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import HERE

# Of an account, in a step.
SCAN_RECORD = "targets/{}/ap-northeast-1/01/scan/0001.json"

started: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _end_what_a_failed_test_left() -> Iterator[None]:
    yield
    while started:
        process = started.pop()
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)


def start(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """Starts `python -m local_cloud …` with the mini system, the stub of fleet-sim and sessions in the directory."""
    command = [sys.executable, "-m", "local_cloud", *arguments, "--template", str(HERE / "mini" / "template.yaml")]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parent),
        "FLEET_SIM": str(HERE / "stub_simulator.py"),
        "LOCAL_CLOUD_SESSIONS": str(directory / "sessions"),
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(process)
    return process


class Run:
    """`local_cloud run` with the mini system."""

    def __init__(
        self, directory: Path, *arguments: str, scenario: dict[str, Any] | None = None, plan: str = "fine"
    ) -> None:
        self.out = directory / "out"
        self.sessions = directory / "sessions"
        scenario_file, plan_file = directory / "scenario.json", directory / "plan.yaml"
        scenario_file.write_text(json.dumps({"speed": 600, **(scenario or {})}))
        plan_file.write_text(plan)
        files = ("--scenario", str(scenario_file), "--plan", str(plan_file), "--out", str(self.out))
        self.process = start(directory, "run", *files, "--operation", "scan", *arguments)

    def end(self) -> tuple[int, str, str]:
        """Waits for the end; returns exit code, stdout and stderr. Checks that no process and no session is left."""
        out, err = self.process.communicate(timeout=60)
        assert children(self.process.pid) == []
        assert not self.sessions.exists() or list(self.sessions.iterdir()) == []
        return self.process.returncode, out, err

    def document(self, name: str) -> Any:
        """Reads a JSON file of the output folder."""
        return json.loads((self.out / name).read_text())

    def lines(self, name: str) -> list[Any]:
        """Reads a JSON Lines file of the output folder."""
        return [json.loads(line) for line in (self.out / name).read_text().splitlines()]


def processes(columns: str) -> list[list[str]]:
    """Returns the columns of ps for every process that is not a zombie."""
    listed = subprocess.run(["ps", "-ww", "-eo", f"stat=,{columns}"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, columns.count(",") + 1) for line in listed.splitlines()]
    return [row[1:] for row in rows if not row[0].startswith("Z")]


def children(pid: int) -> list[str]:
    """Returns the child processes; each leads a group."""
    return [child for parent, child in processes("ppid=,pid=") if parent == str(pid)]


def members(groups: list[str]) -> list[str]:
    """Returns the processes in the groups."""
    return [process for group, process in processes("pgid=,pid=") if group in groups]


def servers(directory: Path) -> list[str]:
    """Returns the simulators of this test, found by the scenario on their command line."""
    return [args for (args,) in processes("args=") if "stub_simulator" in args and str(directory) in args]


def took(execution: dict[str, Any]) -> float:
    """Returns how many simulated seconds an execution took."""
    ends = [datetime.fromisoformat(execution[name]) for name in ("startedAt", "stoppedAt")]
    return (ends[1] - ends[0]).total_seconds()


def wait_for(run: Run, text: str) -> None:
    """Waits until the driver prints a line with the text."""
    assert run.process.stdout is not None
    for line in run.process.stdout:
        if text in line:
            return
    raise AssertionError(f"the driver ended without a line with {text!r}: {run.process.communicate()[1]}")


def test_advanced_run_brings_everything_home(tmp_path: Path) -> None:
    run = Run(tmp_path, "--evidence")
    code, out, err = run.end()
    assert code == 0, out + err
    assert "advanced through all steps" in out and "compliant" in out
    execution = run.document("execution.json")
    assert (execution["status"], execution["input"]) == ("SUCCEEDED", {"operation": "scan", "plan": "plan"})
    assert execution["startedAt"].startswith("2026-11-10T") and execution["wallSeconds"] > 0
    # Two stages with two targets, one after the other: each waits for 30 seconds, and nothing else takes time.
    assert took(execution) == 4 * 30
    executions = run.document("history.json")["executions"]
    assert sum("mapRunArn" in execution for execution in executions) == 4
    assert all(execution["events"] for execution in executions)
    run_id = execution["name"]
    assert (run.out / "bucket" / "runs" / run_id / "run.json").exists()
    record = run.document(f"bucket/runs/{run_id}/steps/01-test-1/{SCAN_RECORD.format('222200000001')}")
    assert record["outcome"] == "reached"
    principals = {line["principal"].rsplit("-", 1)[0] for line in run.lines("authorized.jsonl")}
    assert {"orgpatch-WorkRole", "orgpatch-PatchRunRole", "mini"} <= principals
    assert any(session["principal"] == "mini-member" for session in run.document("secrets.json"))
    (answer,) = run.document("answers.json")
    assert (answer["query"], answer["parameters"], answer["error"]) == ("how-many", ["CVE-1999-0000"], None)
    assert (answer["columns"], answer["rows"]) == ([["things", "bigint"]], [["0"]])
    assert (run.out / "logs.jsonl").exists()
    assert (
        (run.out / "report.json").exists() and (run.out / "truth.json").exists() and (run.out / "calls.jsonl").exists()
    )
    assert servers(tmp_path) == []


def test_halted_and_refused_runs_side_by_side(tmp_path: Path) -> None:
    for name in ("halted", "refused"):
        (tmp_path / name).mkdir()
    halted = Run(tmp_path / "halted", "--input", '{"comment": "halt"}', "--quiet")
    refused = Run(tmp_path / "refused", plan="refuse")
    code, out, _ = halted.end()
    assert code == 3 and "Halted: the gate said so" in out
    assert "Deployed after" not in out
    code, out, _ = refused.end()
    assert code == 1 and "The run failed: " in out and ": the plan says refuse" in out
    assert refused.document("execution.json")["status"] == "FAILED"


def test_members_that_cannot_be_entered(tmp_path: Path) -> None:
    accounts = ["222200000001", "222200000003", "222200000004"]
    run = Run(tmp_path, "--input", json.dumps({"accounts": accounts}), "--evidence")
    assert run.end()[0] == 0
    step = f"bucket/runs/{run.document('execution.json')['name']}/steps/01-test-1"
    outcomes = [run.document(f"{step}/{SCAN_RECORD.format(account)}")["outcome"] for account in accounts]
    assert outcomes == ["reached", "AccessDenied", "AccessDenied"]


def test_timeout_stops_the_run_and_still_brings_evidence(tmp_path: Path) -> None:
    run = Run(tmp_path, "--input", '{"comment": "linger"}', "--timeout", "2", "--clock", "running")
    code, _, err = run.end()
    assert code == 1 and "--timeout" in err
    assert run.document("execution.json")["status"] == "ABORTED"
    assert (run.out / "history.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_in_the_middle_stops_everything(tmp_path: Path, number: signal.Signals) -> None:
    run = Run(tmp_path, "--input", '{"comment": "linger"}', "--clock", "running")
    wait_for(run, "production:")
    assert len(servers(tmp_path)) == 1
    groups = children(run.process.pid)
    assert len(groups) == 2 and len(members(groups)) > 2, "simulator, ministack and at least one Lambda worker"
    run.process.send_signal(number)
    code, _, err = run.end()
    assert code == 128 + number and "all processes are stopped" in err
    deadline = time.monotonic() + 5
    while members(groups) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert members(groups) == []


def test_killed_driver_takes_its_servers_along(tmp_path: Path) -> None:
    run = Run(tmp_path, "--input", '{"comment": "linger"}', "--clock", "running")
    wait_for(run, "Deployed after")
    run.process.kill()
    run.process.communicate()
    deadline = time.monotonic() + 5
    while servers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert servers(tmp_path) == []


def test_a_series_starts_each_run_at_a_time_that_does_not_depend_on_the_computer(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("fine")
    entry: dict[str, Any] = {"plan": str(plan), "input": {"operation": "scan", "plan": "plan"}}
    nightly = {"plan": str(plan), "schedule": "Nightly"}
    entries = [
        {**entry, "name": "stopped", "then": "stop"},
        {**entry, "name": "first", "then": "go-on"},
        {**entry, "name": "second", "then": "wait"},
        {**nightly, "name": "night", "then": "go-on"},
        {**entry, "name": "by-night", "then": "wait"},
        {**nightly, "name": "next-night", "then": "wait"},
    ]
    (tmp_path / "series.json").write_text(json.dumps(entries))
    (tmp_path / "scenario.json").write_text("{}")
    files = [f"--{name}={tmp_path / file}" for name, file in (("series", "series.json"), ("scenario", "scenario.json"))]
    process = start(tmp_path, "series", *files, f"--out={tmp_path / 'out'}", "--parameter=NightlyState=ENABLED")
    _, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    runs = {
        entry["name"]: json.loads((tmp_path / "out" / entry["name"] / "execution.json").read_text())
        for entry in entries
    }
    started = {name: run["startedAt"] for name, run in runs.items()}
    assert started == {
        "stopped": "2026-11-10T00:00:00Z",
        "first": "2026-11-10T00:00:00Z",
        "second": "2026-11-10T00:00:00Z",
        # 02:00 in Tokyo.
        "night": "2026-11-10T17:00:00Z",
        "by-night": "2026-11-10T17:00:00Z",
        "next-night": "2026-11-11T17:00:00Z",
    }
    assert {name: (run["status"], took(run)) for name, run in runs.items()} == {
        name: ("ABORTED", 0) if name == "stopped" else ("SUCCEEDED", 120) for name in runs
    }
    assert (tmp_path / "out" / "night" / "report.json").exists()


def test_a_series_without_its_schedule_says_so(tmp_path: Path) -> None:
    for name, text in (("plan.yaml", "fine"), ("scenario.json", "{}")):
        (tmp_path / name).write_text(text)
    entry = {"name": "night", "plan": str(tmp_path / "plan.yaml"), "schedule": "Nightly", "then": "wait"}
    (tmp_path / "series.json").write_text(json.dumps([entry]))
    files = [f"--{name}={tmp_path / file}" for name, file in (("series", "series.json"), ("scenario", "scenario.json"))]
    process = start(tmp_path, "series", *files, f"--out={tmp_path / 'out'}", "--timeout=1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "Nightly started no run within 1 s" in err


def test_simulator_that_does_not_start_is_told(tmp_path: Path) -> None:
    run = Run(tmp_path, scenario={"speed": "fast"}, plan="x")
    code, _, err = run.end()
    assert code == 1 and "error:" in err


def test_unknown_template_parameter_is_told(tmp_path: Path) -> None:
    code, _, err = Run(tmp_path, "--parameter", "Nonsense=1").end()
    assert code == 1 and "has no parameter Nonsense" in err


def test_up_prints_how_to_reach_it_and_ends_with_a_signal(tmp_path: Path) -> None:
    (tmp_path / "scenario.json").write_text("{}")
    process = start(tmp_path, "up", "--scenario", str(tmp_path / "scenario.json"))
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    assert any(line.startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:") for line in lines), process.communicate()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert servers(tmp_path) == []
