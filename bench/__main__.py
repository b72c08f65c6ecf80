"""Measures, prints a table and writes build/bench.md: `python -m bench`. Exits with 1 if a figure is over its limit."""

from __future__ import annotations

import argparse
import sys

from . import (
    at_scale,
    calls,
    cost,
    functions,
    organization,
    planning,
    run,
    show,
    small_account,
    target_size,
    transitions,
    turns,
    wall_clock,
)
from .figure import BenchError, Section

_PARTS = ("planning", "functions", "report", "gate", "run", "turns", "small-account", "target-size")


def main() -> int:
    """Returns 0 if every figure is within its limit, 1 if one is over it or cannot be measured."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures what a run costs and how fast its parts are.")
    parser.add_argument(
        "--only", choices=_PARTS, action="append", help="measure only this part (repeat the option for several)"
    )
    parser.add_argument(
        "--latest", action="store_true", help="evaluate the files of the latest runs, start no new ones"
    )
    parser.add_argument(
        "--targets",
        type=int,
        default=small_account.TARGETS,
        help="how many targets the part small-account has (%(default)s); fewer take less time",
    )
    parser.add_argument(
        "--times",
        type=int,
        default=at_scale.TIMES,
        help="how many times as many instances as 20,000 the parts report and gate have at last (%(default)s)",
    )
    parser.add_argument(
        "--instances",
        type=int,
        nargs="+",
        default=target_size.SIZES,
        help="the sizes of the target of the part target-size, the last two of which are compared (%(default)s)",
    )
    chosen = parser.parse_args()
    parts = chosen.only or _PARTS
    sections: list[Section] = []
    try:
        # The runs come last: they keep every processor busy for minutes and would disturb the other measurements.
        if "planning" in parts:
            sections.append(planning.measure())
        if "functions" in parts:
            sections.append(functions.measure())
        if "report" in parts:
            sections.append(at_scale.report(chosen.times))
        if "gate" in parts:
            sections.append(at_scale.gate(chosen.times))
        if "run" in parts:
            sections += _run_sections(run.of(organization.setting(), chosen.latest))
        if "turns" in parts:
            sections.append(turns.measure(chosen.latest))
        if "small-account" in parts:
            sections.append(small_account.measure(chosen.targets, chosen.latest))
        if "target-size" in parts:
            sections.append(target_size.measure(chosen.instances, chosen.latest))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show.show(sections)
    over = [figure.name for section in sections for figure in section.figures if figure.over]
    if over:
        print(f"over the limit: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


def _run_sections(measured: run.Run) -> list[Section]:
    return [
        transitions.section(measured),
        wall_clock.section(measured),
        calls.section(measured),
        cost.section(measured),
    ]


if __name__ == "__main__":
    sys.exit(main())
