"""The readiness of instances at the end of a run: a matrix of instances and checks, and what to fix first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.table import Table
from rich.text import Text

# In the order of the report; the words above the columns are short.
CHECKS = {
    "managed": "managed",
    "agent": "agent",
    "operating-system": "system",
    "python": "python",
    "repositories": "repositories",
    "endpoints": "endpoints",
    "instance-profile": "profile",
    "region": "region",
}
# A symbol and a word each, since colours are not for everybody and not in every log.
STATUSES = {
    "pass": ("✔ pass", "green"),
    "unknown": ("? unknown", "dim"),
    "warn": ("! warn", "yellow"),
    "fail": ("✘ fail", "red"),
}
# Instances of one name that are alike are one row; more rows than this are not read by anybody.
MOST_ROWS = 40
MOST_CAUSES = 12


def tables(report: dict[str, Any]) -> list[Table]:
    """Both tables; none if every finding passes, or if there is none."""
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
    table = Table(title=f"Readiness: {sum(wrong.values())} of {all_instances} instances have something to look at")
    table.add_column("target")
    table.add_column("instances")
    for word in CHECKS.values():
        table.add_column(word)
    ordered = sorted(wrong.items(), key=lambda item: (-item[0][2].count("fail"), item[0]))
    for (target, name, statuses), count in ordered[:MOST_ROWS]:
        cells = [Text(*STATUSES.get(status, (status, ""))) for status in statuses]
        table.add_row(target, Text(name if count == 1 else f"{name} ×{count}"), *cells)
    if len(ordered) > MOST_ROWS:
        table.caption = f"and {len(ordered) - MOST_ROWS} more rows in report.json"
    return table


def _first_to_fix(causes: list[dict[str, Any]]) -> Table:
    table = Table(title="What to fix first")
    for word, justify in (("", "left"), ("instances", "right"), ("cause", "left"), ("fix", "left")):
        table.add_column(word, justify=justify)
    for cause in causes[:MOST_CAUSES]:
        status = Text(*STATUSES.get(cause["status"], (cause["status"], "")))
        table.add_row(status, str(cause["instances"]), Text(cause["text"]), Text(cause.get("fix", "")))
    if len(causes) > MOST_CAUSES:
        table.caption = f"and {len(causes) - MOST_CAUSES} more in report.json"
    return table
