"""Measures the planning of an organization without AWS: a plan and OU paths in, targets out, at three sizes."""

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
    """Returns the smallest of several repetitions, because other work of the machine can only make one slower."""
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
    # Noise and caches add up to 50 %; quadratic growth would add 300 %.
    figures.append(Figure(f"CPU for {times:g} times the accounts", grown, "times", 1.5 * times, 1, "linear is 4"))
    command = f"target/debug/examples/{_EXAMPLE} {largest} {_UNITS}"
    return Section(f"Planning, in {_UNITS:,} OUs and 2 Regions", command, figures)


def _build() -> Path:
    command = ["cargo", "build", "--quiet", "--locked", "-p", "orgpatch-engine", "--example", _EXAMPLE]
    if subprocess.run(command, cwd=places.ROOT, check=False).returncode != 0:
        raise BenchError(f"`{' '.join(command)}` failed; its output is above")
    target = Path(os.environ.get("CARGO_TARGET_DIR") or places.ROOT / "target")
    return target / "debug" / "examples" / _EXAMPLE


def _plan(binary: Path, accounts: int) -> tuple[float, int | None]:
    """Runs one process; returns its CPU seconds, and its peak memory in bytes where the system reports it."""
    process = subprocess.Popen([binary, str(accounts), str(_UNITS)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as stdout:
        output = stdout.read()
    # wait4 instead of Popen.wait, because it returns what this one child used.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise BenchError(f"{binary.name} exited with {process.returncode}")
    # The process reports its own peak: the peak in `usage` includes this Python, from between fork and exec.
    peak = json.loads(output)["peakKibibytes"]
    return usage.ru_utime + usage.ru_stime, None if peak is None else peak * 1024
