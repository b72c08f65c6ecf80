"""Measures the functions that read a whole run, at two sizes.

The real binary runs between a Runtime API and a bucket that has every record of the run.
"""

from __future__ import annotations

import queue
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from . import functions, processes, records, stand_in, template
from .figure import BenchError, Figure, Section

_TARGETS = 2_000
# The second size has this many times as many targets: the ratio shows what grows with them.
_TIMES = 4
_SECONDS = 600
_MEGABYTE = 1e6
_NOW = "2026-11-10T09:00:00Z"
_DEADLINE = "2026-11-10T21:50:00Z"
_FILES = ("report.json", "report.html", "instances.csv", "patches.csv", "summary.md")


@dataclass(frozen=True)
class _Use:
    """What one call used."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    written: dict[str, int]


def report() -> Section:
    """Measures the report of a run that is compared with an earlier run of the same size."""
    figures, written = _figures("report", {"runId": records.RUN, "now": _NOW}, judged=True)
    for name in _FILES:
        size = written.get(f"runs/{records.RUN}/report/{name}")
        if size is None:
            raise BenchError(f"the function `report` did not write {name}")
        figures.append(Figure(name, size / _MEGABYTE, "MB", None, 1))
    more = f"{len(records.CHECKS)} findings, compared with a run before that was as large"
    return Section(f"Report of {_fleet()}, {more}", "python -m bench --only report", figures)


def gate() -> Section:
    """Measures the gate's two questions that read a whole step: `review` (the install plan) and `judge`."""
    figures: list[Figure] = []
    for question in ("review", "judge"):
        event = {"runId": records.RUN, "step": records.STEP, "question": question, "now": _NOW}
        if question == "review":
            event["deadline"] = _DEADLINE
        figures += _figures("gate", event, f"{question}: ")[0]
    return Section(f"Gate of {_fleet()}", "python -m bench --only gate", figures)


def _fleet() -> str:
    instances = _TARGETS * records.INSTANCES_PER_TARGET
    return f"{_TARGETS:,} targets and {instances:,} instances, {records.PATCHES} patches installed on each"


def _figures(
    function: str, event: dict[str, Any], prefix: str = "", judged: bool = False
) -> tuple[list[Figure], dict[str, int]]:
    """Calls the function once per size; returns the figures, and the bytes of each object of the smaller size."""
    declared = template.functions()[function]
    one, more = (_use(function, declared, event, records.Run(n, judged)) for n in (_TARGETS, _TARGETS * _TIMES))
    peak = growth = None
    if one.peak_bytes is not None and more.peak_bytes is not None:
        peak, growth = one.peak_bytes / _MEGABYTE, more.peak_bytes / one.peak_bytes
    allowed = declared.memory_mb * 1024 * 1024 / _MEGABYTE
    times = f"of {_TIMES} times as many over that"
    figures = [
        Figure(f"{prefix}peak memory", peak, "MB", allowed, 0, "limit: MemorySize"),
        Figure(f"{prefix}peak memory {times}", growth, "times", 2, 2),
        Figure(
            f"{prefix}from start to answer", one.seconds, "s", 120, 1, "with a bucket in Python on the same machine"
        ),
        Figure(f"{prefix}processor time", one.cpu_seconds, "s", 60, 1),
        Figure(f"{prefix}processor time {times}", more.cpu_seconds / one.cpu_seconds, "times", _TIMES * 1.5, 2),
    ]
    return figures, one.written


def _use(function: str, declared: template.Function, event: dict[str, Any], run: records.Run) -> _Use:
    binary, _ = functions.find_binary(function)
    with records.Bucket(run) as bucket, stand_in.RuntimeApi(event) as api:
        environment = functions.environment_of(function, declared, bucket.address, api.address)
        began = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            at, path, text = api.answer(_SECONDS)
            peak, cpu = processes.peak_bytes(process.pid), processes.cpu_seconds(process.pid)
        except queue.Empty:
            raise BenchError(f"{function} did not answer within {_SECONDS} s") from None
        finally:
            process.kill()
            process.wait()
        if not path.endswith("/response"):
            raise BenchError(f"{function} failed: {text.decode(errors='replace')[:500]}")
        return _Use(at - began, cpu, peak, dict(bucket.written))
