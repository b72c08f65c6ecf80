"""Measures, prints a table and writes build/bench.md: `python -m bench`. Exits with 1 if a figure is over its limit."""

from __future__ import annotations

import argparse
import sys

from . import at_scale, calls, cost, functions, organization, planning, run, show, transitions
from .figure import BenchError, Figure, Section

_PARTS = ("planning", "functions", "report", "gate", "run")


def main() -> int:
    """Returns 0 if every figure is within its limit, 1 if one is over it or cannot be measured."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures what a run costs and how fast its parts are.")
    parser.add_argument(
        "--only", choices=_PARTS, action="append", help="measure only this part (repeat the option for several)"
    )
    parser.add_argument("--latest", action="store_true", help="evaluate the files of the latest run, start no new one")
    chosen = parser.parse_args()
    parts = chosen.only or _PARTS
    sections: list[Section] = []
    try:
        # The run comes last: it keeps every processor busy for minutes and would disturb the other measurements.
        if "planning" in parts:
            sections.append(planning.measure())
        if "functions" in parts:
            sections.append(functions.measure())
        if "report" in parts:
            sections.append(at_scale.report())
        if "gate" in parts:
            sections.append(at_scale.gate())
        if "run" in parts:
            sections += _run_sections(run.latest() if chosen.latest else run.fresh())
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show.show(sections)
    over = [figure.name for section in sections for figure in section.figures if figure.over]
    if over:
        print(f"over the limit: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


def _run_sections(measured: run.Run) -> list[Section]:
    return [transitions.section(measured), _wall_clock(measured), calls.section(measured), cost.section(measured)]


def _wall_clock(measured: run.Run) -> Section:
    path = organization.critical_path_seconds()
    figures = [
        Figure("longest chain of simulated patching", path / 60, "min", digits=1),
        Figure("the run, from start to end", measured.simulated_seconds / 60, "min", digits=1),
        Figure("the run over the longest chain", measured.simulated_seconds / path, "times", digits=2),
    ]
    for function, used in sorted(measured.usage.items()):
        note = f"{used.cpu_seconds:.2f} s of processor time in all"
        figures.append(Figure(f"{function}: peak memory in the run", used.peak_bytes / 1e6, "MB", 30, 1, note))
    title = f"Wall clock of the run, in simulated time ({organization.SPEED} times real time), and its functions"
    return Section(title, "python -m bench --only run", figures)


if __name__ == "__main__":
    sys.exit(main())
