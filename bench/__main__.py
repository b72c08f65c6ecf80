"""`python -m bench`: measures, prints the table, writes build/bench.md; exit code 1 if a figure is over its limit."""

from __future__ import annotations

import argparse
import sys

from . import at_scale, calls, cost, functions, organization, planning, run, show, transitions
from .figure import BenchError, Figure, Section

_PARTS = ("planning", "functions", "report", "gate", "run")


def main() -> int:
    """0 all within their limits, 1 one over its limit or not measurable."""
    parser = argparse.ArgumentParser(prog="bench", description="What a run costs and how fast the parts are.")
    parser.add_argument("--only", choices=_PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument("--latest", action="store_true", help="no new run: look again at what the latest one left")
    chosen = parser.parse_args()
    parts = chosen.only or _PARTS
    sections: list[Section] = []
    try:
        # The quiet ones first: the run keeps every processor busy for minutes.
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
