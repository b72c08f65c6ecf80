"""A measured run: the deployed system in the local cloud patches a generated organization.

Simulated time stands still while the computer works, so the speed of this computer does not change a figure.
"""

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

from . import places, processes
from .figure import BenchError

_WORKERS = "workers.json"
_SAMPLE_SECONDS = 0.5
# A run that takes longer than this in real time is stopped.
_REAL_SECONDS = 3 * 3600


@dataclass
class Usage:
    """What the processes of one function used during the whole run."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class Setting:
    """What a run is made of. Its name is the folder of its files."""

    name: str
    scenario: dict[str, Any]
    plan: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where the run leaves its files."""
        return places.WORK / self.name


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    executions: list[dict[str, Any]]
    simulator_calls: list[dict[str, Any]]
    authorizations: list[dict[str, Any]]
    usage: dict[str, Usage]
    simulated_seconds: float
    targets: int
    # Every SendCommand of the ground truth, and every instance of the report.
    commands: list[dict[str, Any]]
    instances: list[dict[str, Any]]


def of(setting: Setting, latest: bool) -> Run:
    """Returns what the latest run left behind, or starts a new one."""
    return _read(setting) if latest else _start(setting)


def _start(setting: Setting) -> Run:
    """Starts a run and returns what it left behind; takes minutes."""
    out, sessions = setting.folder, places.WORK / "sessions"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    scenario, plan = out / "scenario.yaml", out / "bench.yaml"
    # JSON is YAML, too.
    scenario.write_text(json.dumps(setting.scenario, indent=1))
    plan.write_text(json.dumps(setting.plan, indent=1))
    command = [places.LOCAL_CLOUD, "run", "--scenario", scenario, "--plan", plan, "--operation", "install"]
    # Quiet, because progress costs the process that also runs the state machine some time.
    command += ["--out", out, "--evidence", "--quiet", "--clock", "stepping", "--timeout", str(_REAL_SECONDS)]
    print(f"Run `{setting.name}` in the local cloud; its files go to {out}", flush=True)
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
        raise BenchError(f"the run in the local cloud exited with {process.returncode}; its files are in {out}")
    (out / _WORKERS).write_text(json.dumps({name: asdict(used) for name, used in usage.items()}, indent=1))
    return _read(setting)


def _read(setting: Setting) -> Run:
    """Returns what the latest run left behind."""
    out = setting.folder
    try:
        execution = json.loads((out / "execution.json").read_text())
        report = json.loads((out / "report.json").read_text())
        return Run(
            executions=json.loads((out / "history.json").read_text())["executions"],
            simulator_calls=_lines(out / "calls.jsonl"),
            authorizations=_lines(out / "authorized.jsonl"),
            usage={name: Usage(**used) for name, used in json.loads((out / _WORKERS).read_text()).items()},
            simulated_seconds=seconds_between(execution["startedAt"], execution["stoppedAt"]),
            targets=len(report["targets"]),
            commands=json.loads((out / "truth.json").read_text())["commands"],
            instances=report["instances"],
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


def seconds_between(begin: str, end: str) -> float:
    """Returns the seconds from one timestamp to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
