"""Planning of an organization by the core alone: a plan and paths in, targets out, at three sizes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from . import places
from .figure import BenchError, Figure, Section

_EXAMPLE = "plan_50000_accounts"
_UNITS = 2_000
_SIZES = (12_500, 25_000, 50_000)
_REPETITIONS = 5


def measure() -> Section:
    """The smallest of some repetitions, since whatever else the machine does can only add to it."""
    binary = _build()
    seconds: dict[int, float] = {}
    peaks: dict[int, int | None] = {}
    for accounts in _SIZES:
        runs = [_plan(binary, accounts) for _ in range(_REPETITIONS)]
        seconds[accounts] = min(cpu for cpu, _ in runs)
        peaks[accounts] = runs[0][1]
    largest = max(_SIZES)
    figures = []
    for accounts in _SIZES:
        peak = peaks[accounts]
        figures += [
            Figure(f"{accounts:,} accounts: CPU", seconds[accounts], "s", 1 if accounts == largest else None, 3),
            Figure(
                f"{accounts:,} accounts: memory",
                None if peak is None else peak / 1e6,
                "MB",
                256 if accounts == largest else None,
            ),
        ]
    grown = seconds[largest] / seconds[min(_SIZES)]
    times = largest / min(_SIZES)
    # Half as much again is noise and caches; quadratic would be four times as much again.
    figures.append(Figure(f"CPU for {times:g} times the accounts", grown, "times", 1.5 * times, 1, "linear is 4"))
    command = f"target/debug/examples/{_EXAMPLE} {largest} {_UNITS}"
    return Section(f"Planning, in {_UNITS:,} OUs and 2 Regions", command, figures)


def _build() -> Path:
    command = ["cargo", "build", "--quiet", "--locked", "-p", "orgpatch-engine", "--example", _EXAMPLE]
    if subprocess.run(command, cwd=places.ROOT, check=False).returncode != 0:
        raise BenchError(f"{' '.join(command)} failed")
    target = Path(os.environ.get("CARGO_TARGET_DIR") or places.ROOT / "target")
    return target / "debug" / "examples" / _EXAMPLE


def _plan(binary: Path, accounts: int) -> tuple[float, int | None]:
    """CPU seconds of one process from its start to its end, and its peak memory in bytes where the system tells."""
    process = subprocess.Popen([binary, str(accounts), str(_UNITS)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as stdout:
        said = stdout.read()
    # wait4 and not Popen.wait: it tells what this one child used.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise BenchError(f"{binary.name} ended with {process.returncode}")
    # The process tells its peak itself: `usage` would count this Python too, from between fork and exec.
    peak = json.loads(said)["peakKibibytes"]
    return usage.ru_utime + usage.ru_stime, None if peak is None else peak * 1024
