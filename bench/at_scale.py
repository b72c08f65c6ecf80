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
TIMES = 50
_SECONDS = 3_600
# Lambda's longest time, in seconds.
_LONGEST = 900
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


def report(times: int) -> Section:
    """Measures the report of a run that is compared with an earlier run of the same size."""
    figures, written = _figures("report", {"runId": records.RUN, "now": _NOW}, times, judged=True)
    for name in _FILES:
        size = written.get(f"runs/{records.RUN}/report/{name}")
        if size is None:
            raise BenchError(f"the function `report` did not write {name}")
        figures.append(Figure(name, size / _MEGABYTE, "MB", None, 1))
    more = f"{len(records.CHECKS)} findings, compared with a run before that was as large"
    return Section(f"Report of {_fleet()}, {more}", "python -m bench --only report", figures)


def gate(times: int) -> Section:
    """Measures the gate's two questions that read a whole step: `review` (the install plan) and `judge`."""
    figures: list[Figure] = []
    for question in ("review", "judge"):
        event: dict[str, Any] = {"runId": records.RUN, "step": records.STEP, "question": question, "now": _NOW}
        if question == "review":
            event["deadline"] = _DEADLINE
        figures += _figures("gate", event, times, f"{question}: ")[0]
    return Section(f"Gate of {_fleet()}", "python -m bench --only gate", figures)


def _fleet() -> str:
    instances = _TARGETS * records.INSTANCES_PER_TARGET
    return f"{_TARGETS:,} targets and {instances:,} instances, {records.PATCHES} patches installed on each"


def _figures(
    function: str, event: dict[str, Any], times: int, prefix: str = "", judged: bool = False
) -> tuple[list[Figure], dict[str, int]]:
    """Calls the function once per size; returns the figures, and the bytes of each object of the smaller size."""
    declared = template.functions()[function]
    one, more = (_use(function, declared, event, records.Run(n, judged)) for n in (_TARGETS, _TARGETS * times))
    allowed = declared.memory_mb * 1024 * 1024 / _MEGABYTE
    seconds = f"{_TARGETS * times * records.INSTANCES_PER_TARGET:,} instances: "
    figures = []
    for size, use, longest in (("", one, 60), (seconds, more, _LONGEST)):
        name = prefix + size
        peak = None if use.peak_bytes is None else use.peak_bytes / _MEGABYTE
        bucket = "with a bucket in Python on the same machine"
        figures += [
            Figure(f"{name}peak memory", peak, "MB", allowed, 0, "limit: MemorySize"),
            Figure(f"{name}from start to answer", use.seconds, "s", None, 1, bucket),
            Figure(f"{name}processor time", use.cpu_seconds, "s", longest, 1),
        ]
    growth = more.cpu_seconds / one.cpu_seconds
    figures.append(Figure(f"{prefix}processor time over that", growth, "times", times * 1.5, 2))
    return figures, one.written


def _use(function: str, declared: template.Function, event: dict[str, Any], run: records.Run) -> _Use:
    binary, _ = functions.find_binary(function)
    asked = {**event, "hashes": run.hashes()} if function == "gate" else event
    with records.Bucket(run) as bucket, stand_in.RuntimeApi(asked) as api:
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
