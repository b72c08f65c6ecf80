"""Tables about readiness at the end of a run: a matrix of instances and checks, and what to fix first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.table import Table
from rich.text import Text

# Check → short heading of its column, in the order of the report.
CHECKS = {
    "managed": "managed",
    "agent": "agent",
    "operating-system": "OS",
    "python": "python",
    "repositories": "repositories",
    "endpoints": "endpoints",
    "instance-profile": "profile",
    "region": "region",
}
# Each status has a symbol and a word, because not all readers see colours and not every log keeps them.
STATUSES = {
    "pass": ("✔ pass", "green"),
    "unknown": ("? unknown", "dim"),
    "warn": ("! warn", "yellow"),
    "fail": ("✘ fail", "red"),
}
# Instances with the same name and the same statuses share a row. Longer tables are hard to read.
MOST_ROWS = 40
MOST_CAUSES = 12


def tables(report: dict[str, Any]) -> list[Table]:
    """Returns both tables, or none if there are no findings or all of them pass."""
    rows = Counter(row for row in map(_row, report.get("instances", [])) if row is not None)
    wrong = {row: count for row, count in rows.items() if set(row[2]) != {"pass"}}
    if not wrong:
        return []
    causes = report.get("readiness", {}).get("firstToFix", [])
    return [_matrix(wrong, sum(rows.values())), *([_first_to_fix(causes)] if causes else [])]


def _row(instance: dict[str, Any]) -> tuple[str, str, tuple[str, ...]] | None:
    found = {finding["check"]: finding["status"] for finding in instance.get("findings", [])}
    if not found:
        return None
    name = instance.get("name") or instance.get("os") or "no name"
    return f"{instance['accountId']}/{instance['region']}", name, tuple(found.get(check, "unknown") for check in CHECKS)


def _matrix(wrong: dict[tuple[str, str, tuple[str, ...]], int], all_instances: int) -> Table:
    table = Table(title=f"Readiness: {sum(wrong.values())} of {all_instances} instances need attention")
    table.add_column("target")
    table.add_column("instances")
    for heading in CHECKS.values():
        table.add_column(heading)
    ordered = sorted(wrong.items(), key=lambda item: (-item[0][2].count("fail"), item[0]))
    for (target, name, statuses), count in ordered[:MOST_ROWS]:
        cells = [Text(*STATUSES.get(status, (status, ""))) for status in statuses]
        table.add_row(target, Text(name if count == 1 else f"{name} ×{count}"), *cells)
    if len(ordered) > MOST_ROWS:
        table.caption = f"and {len(ordered) - MOST_ROWS} more rows in report.json"
    return table


def _first_to_fix(causes: list[dict[str, Any]]) -> Table:
    table = Table(title="What to fix first")
    for heading in ("", "instances", "cause", "fix"):
        table.add_column(heading, justify="right" if heading == "instances" else "left")
    for cause in causes[:MOST_CAUSES]:
        status = Text(*STATUSES.get(cause["status"], (cause["status"], "")))
        table.add_row(status, str(cause["instances"]), Text(cause["text"]), Text(cause.get("fix", "")))
    if len(causes) > MOST_CAUSES:
        table.caption = f"and {len(causes) - MOST_CAUSES} more in report.json"
    return table
