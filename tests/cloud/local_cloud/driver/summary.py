"""Prints how a run ended and returns the exit code."""

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

# In the order of the columns.
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
    """Prints the tables and how the run ended; returns the exit code."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    report: dict[str, Any] = {}
    path = out / "report.json"
    if path.exists():
        report = json.loads(path.read_text())
        for table in (_table(report), *readiness.tables(report)):
            console.print(table)
    console.print(outcome(execution, report), highlight=False, markup=False)
    page = out / "report.html"
    if page.exists():
        console.print(f"Full report (open it in a browser): {page}", highlight=False, markup=False)
    console.print(f"Took {execution['wallSeconds']} s. All results: {out}", highlight=False, markup=False)
    return _exit_code(execution)


def outcome(execution: dict[str, Any], report: dict[str, Any]) -> str:
    """Says how the run ended, in one or two sentences. `report` is empty if the run wrote none."""
    code = _exit_code(execution)
    if code == ADVANCED:
        return "The run advanced through all steps."
    cause = _cause(execution)
    if code == ERROR:
        return f"The run failed: {execution.get('error') or execution['status']}: {cause}"
    steps = report.get("steps", [])
    halted = next((step for step in steps if step.get("decision") == "halt" and "reason" in step), None)
    if halted is None:
        return f"Halted: {cause}"
    sentence = f"Halted at {step_label(halted, steps)}: {halted['reason']['text'].rstrip('.')}."
    names = _untouched(steps)
    if not names:
        return sentence
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{sentence} {listed[:1].upper()}{listed[1:]} {'was' if len(names) == 1 else 'were'} not touched."


def _cause(execution: dict[str, Any]) -> str:
    """Returns the cause as a sentence. The cause of a failed Lambda call is a JSON document that contains it."""
    cause = str(execution.get("cause") or "")
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause or "no cause is known"


def _untouched(steps: list[dict[str, Any]]) -> list[str]:
    """Returns the stages that the run did not reach, and the waves of a stage that it reached in part."""
    reached = {step["stage"] for step in steps if step.get("decision") != "not-attempted"}
    names = [
        step_label(step, steps) if step["stage"] in reached else str(step["stage"])
        for step in steps
        if step.get("decision") == "not-attempted"
    ]
    return list(dict.fromkeys(names))


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
