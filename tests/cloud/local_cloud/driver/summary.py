"""The tables at the end, and the exit code."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from . import readiness
from .progress import step_label

OUTCOMES = (
    "compliant",
    "missing",
    "patched",
    "pending-reboot",
    "failed",
    "unreachable",
    "not-ready",
    "skipped",
    "not-attempted",
)
ADVANCED, ERROR, HALTED = 0, 1, 3


def show(out: Path, execution: dict[str, Any]) -> int:
    """Prints what happened and returns the exit code."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    report = out / "report.json"
    if report.exists():
        document = json.loads(report.read_text())
        for table in (_table(document), *readiness.tables(document)):
            console.print(table)
    code = _exit_code(execution)
    verdict = {ADVANCED: "advanced through all steps", HALTED: "halted", ERROR: "ended in an error"}[code]
    reason = f": {execution['error']}: {execution['cause']}" if execution.get("error") else ""
    console.print(f"The run {verdict}{reason}", highlight=False, markup=False)
    page = out / "report.html"
    if page.exists():
        console.print(f"Open {page} in a browser: all of it", highlight=False, markup=False)
    console.print(f"{execution['wallSeconds']} s; results in {out}", highlight=False, markup=False)
    return code


def _exit_code(execution: dict[str, Any]) -> int:
    if execution["status"] == "SUCCEEDED":
        return ADVANCED
    return HALTED if execution["status"] == "FAILED" and execution["error"] == "Halted" else ERROR


def _table(report: dict[str, Any]) -> Table:
    counts: dict[tuple[str, Any], Counter[str]] = {}
    for instance in report.get("instances", []):
        counts.setdefault((instance["stage"], instance.get("wave")), Counter())[instance["outcome"]] += 1
    used = [outcome for outcome in OUTCOMES if any(counter[outcome] for counter in counts.values())]
    table = Table(title=f"Run {report.get('run', {}).get('id', '')}: instances per step")
    table.add_column("step")
    table.add_column("decision")
    for outcome in used:
        table.add_column(outcome, justify="right")
    table.add_column("targets not reached", justify="right")
    for step in report.get("steps", []):
        key = (step["stage"], step.get("wave"))
        counter = counts.get(key, Counter())
        missed = sum(
            target["outcome"] != "reached"
            for target in report.get("targets", [])
            if (target["stage"], target.get("wave", step.get("wave"))) == key
        )
        table.add_row(
            step_label(step, report["steps"]),
            str(step.get("decision") or ""),
            *[str(counter[outcome] or "") for outcome in used],
            str(missed or ""),
        )
    return table
