"""The measured run: the deployed system in the local cloud patches the generated organization."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from . import organization, places, processes
from .figure import BenchError

_OUT = places.WORK / "run"
_WORKERS = "workers.json"
_SAMPLE_SECONDS = 0.5


@dataclass
class Usage:
    """What the processes of one function used during the whole run."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    executions: list[dict[str, Any]]
    simulator_calls: list[dict[str, Any]]
    authorizations: list[dict[str, Any]]
    usage: dict[str, Usage]
    simulated_seconds: float
    targets: int


def fresh() -> Run:
    """Starts a run and returns what it left behind; takes about two minutes."""
    shutil.rmtree(_OUT, ignore_errors=True)
    sessions = places.WORK / "sessions"
    _OUT.mkdir(parents=True)
    scenario, plan = places.WORK / "scenario.yaml", places.WORK / "bench.yaml"
    # JSON is YAML, too.
    scenario.write_text(json.dumps(organization.scenario(), indent=1))
    plan.write_text(json.dumps(organization.plan(), indent=1))
    command = [places.LOCAL_CLOUD, "run", "--scenario", scenario, "--plan", plan, "--operation", "install"]
    command += ["--out", _OUT, "--evidence", "--timeout", "900"]
    environment = {**os.environ, "PYTHON": sys.executable, "LOCAL_CLOUD_SESSIONS": str(sessions)}
    process = subprocess.Popen([str(part) for part in command], cwd=places.ROOT, env=environment)
    try:
        usage = _watch(process, sessions.resolve())
    finally:
        # Ctrl-C reaches the driver, too, which then stops everything that it has started. We wait for it in any case.
        if process.poll() is None:
            process.terminate()
        process.wait()
    if process.returncode != 0:
        raise BenchError(f"the run in the local cloud exited with {process.returncode}; its files are in {_OUT}")
    (_OUT / _WORKERS).write_text(json.dumps({name: asdict(used) for name, used in usage.items()}, indent=1))
    return latest()


def latest() -> Run:
    """Returns what the latest run left behind."""
    try:
        execution = json.loads((_OUT / "execution.json").read_text())
        return Run(
            executions=json.loads((_OUT / "history.json").read_text())["executions"],
            simulator_calls=_lines(_OUT / "calls.jsonl"),
            authorizations=_lines(_OUT / "authorized.jsonl"),
            usage={name: Usage(**used) for name, used in json.loads((_OUT / _WORKERS).read_text()).items()},
            simulated_seconds=(_time(execution["stoppedAt"]) - _time(execution["startedAt"])).total_seconds(),
            targets=len(json.loads((_OUT / "report.json").read_text())["targets"]),
        )
    except OSError as error:
        raise BenchError(f"the latest run is not complete: {error}; start a new one without --latest") from error


def _watch(process: subprocess.Popen[bytes], sessions: Path) -> dict[str, Usage]:
    """Samples the Lambda workers until the run ends. Afterwards the kernel no longer knows what they used."""
    functions: dict[int, str] = {}
    cpu: dict[int, float] = {}
    peaks: dict[int, int] = {}
    while process.poll() is None:
        for pid in processes.below(sessions):
            if pid not in functions:
                name = processes.environment(pid).get("AWS_LAMBDA_FUNCTION_NAME", "")
                functions[pid] = name.partition("-")[2]
            cpu[pid] = max(processes.cpu_seconds(pid), cpu.get(pid, 0.0))
            peaks[pid] = max(processes.peak_bytes(pid) or 0, peaks.get(pid, 0))
        time.sleep(_SAMPLE_SECONDS)
    usage: dict[str, Usage] = {}
    for pid, function in functions.items():
        used = usage.setdefault(function, Usage())
        used.cpu_seconds += cpu[pid]
        used.peak_bytes = max(used.peak_bytes, peaks[pid])
    return usage


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
