"""Measures what each function needs for one target of three sizes: memory must hardly grow with it."""

from __future__ import annotations

from collections.abc import Sequence

from . import organization, run, template
from .figure import Figure, Section

SIZES = (100, 1_000, 10_000)
_ACCOUNT = "555500000001"
_FUNCTIONS = ("scan", "install", "collect-results", "gate", "report")
_MEGABYTE = 1e6
# A process has some memory before it has read anything. What grows is about a kilobyte per instance and ledger entry.
_GROWTH = 2.5


def measure(sizes: Sequence[int], latest: bool) -> Section:
    """Measures a run for each size, or reads the latest."""
    declared = template.functions()
    measured = {size: run.of(_setting(size), latest) for size in sizes}
    figures: list[Figure] = []
    for function in _FUNCTIONS:
        limit = declared[function].memory_mb * 1024 * 1024 / _MEGABYTE
        peaks = {size: one.usage[function].peak_bytes / _MEGABYTE for size, one in measured.items()}
        seconds = {size: one.usage[function].cpu_seconds for size, one in measured.items()}
        for size in sizes:
            name = f"{function}, {size:,} instances: "
            figures.append(Figure(f"{name}peak memory", peaks[size], "MB", limit, 0, "limit: MemorySize"))
            figures.append(Figure(f"{name}processor time of all its calls", seconds[size], "s", None, 1))
        small, large = sizes[-2:]
        times = f"{function}, {large:,} over {small:,} instances: "
        figures.append(Figure(f"{times}peak memory", peaks[large] / peaks[small], "times", _GROWTH, 2))
    return Section(
        "One target of three sizes: two scans and an install of every instance",
        "python -m bench --only target-size",
        figures,
    )


def _setting(instances: int) -> run.Setting:
    rate = {"maxConcurrency": "100%"}
    return organization.one_stage(f"target-of-{instances}", "ou-bnch-66666666", [_ACCOUNT], instances, rate)
