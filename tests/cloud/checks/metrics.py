"""Checks the metrics that the end-to-end runs logged.

The lines must be valid, agree with the reports, and contain every metric that an alarm or the dashboard uses. An alarm
on a metric that no code writes stays silent for ever, and no other test would find it.

Usage: python -m checks.metrics FOLDER...   (exit code 0 all well, 1 complaints, 2 nothing to read)
"""

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from local_cloud.driver.summary import OUTCOMES

from . import command, intrinsics, sources

SCHEMA = json.loads((Path(__file__).parent / "emf.schema.json").read_text())
# Name of a metric, names of its dimensions.
Metric = tuple[str, frozenset[str]]
NAMESPACE = f"orgpatch/{intrinsics.STACK}"
# A SEARCH expression names the namespace, the dimensions, the metric, the statistic and the period in seconds, such as
# SEARCH('{orgpatch/x,Plan,Stage} MetricName="InstancesFailed"', 'Sum', 86400).
SEARCH = re.compile(r"SEARCH\('\{\"([^\",}]+)\"((?:,\w+)*)\} MetricName=\"(\w+)\"', '\w+', \d+\)")


def documents(logs: Path) -> Iterator[dict[str, Any]]:
    """Yields the lines of a logs.jsonl that are in the embedded metric format."""
    for text in logs.read_text().splitlines():
        try:
            document = json.loads(json.loads(text)["line"])
        except ValueError:
            continue
        if isinstance(document, dict) and "_aws" in document:
            yield document


def faults(document: dict[str, Any]) -> list[str]:
    """Returns what is wrong with a line by the specification of the embedded metric format."""
    found = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(document)]
    if found:
        return found
    for directive in document["_aws"]["CloudWatchMetrics"]:
        dimensions = {name for names in directive["Dimensions"] for name in names}
        texts = {name for name in dimensions if isinstance(document.get(name), str) and document[name]}
        found += [f"dimension {name} has no text at the top level" for name in sorted(dimensions - texts)]
        for metric in directive["Metrics"]:
            value = document.get(metric["Name"])
            if not isinstance(value, int | float) or isinstance(value, bool):
                found.append(f"metric {metric['Name']} has no number at the top level")
    return found


def written(document: dict[str, Any]) -> set[Metric]:
    """Returns the metrics that a line writes."""
    return {
        (metric["Name"], frozenset(names))
        for directive in document["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
    }


def used() -> set[Metric]:
    """Returns our metrics that the alarms and the dashboard use."""
    template = sources.template()
    found: set[Metric] = set()
    own = {"Fn::Sub": "orgpatch/${AWS::StackName}"}
    for alarm in sources.resources(template, "AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        if properties["Namespace"] == own:
            names = frozenset(dimension["Name"] for dimension in properties.get("Dimensions", []))
            found.add((properties["MetricName"], names))
    for metric in dashboard_metrics():
        match metric:
            case [{"expression": expression}]:
                search = SEARCH.fullmatch(expression)
                assert search and search[1] == NAMESPACE, expression
                found.add((search[3], frozenset(search[2].split(",")[1:])))
            case [namespace, name, {}]:
                # A dot repeats the value of the line above.
                assert namespace in {NAMESPACE, "."}, metric
                found.add((name, frozenset()))
            case _:
                raise ValueError(f"metrics.py cannot read this entry of a widget: {metric}")
    return found


def dashboard_metrics() -> list[list[Any]]:
    """Returns every entry of `metrics` of every widget of the dashboard."""
    [dashboard] = sources.resources(sources.template(), "AWS::CloudWatch::Dashboard").values()
    body = json.loads(intrinsics.resolve(dashboard["Properties"]["DashboardBody"], sources.template()))
    return [metric for widget in body["widgets"] for metric in widget["properties"]["metrics"]]


def wanted(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns what the lines of a run must say, computed from its report alone."""
    run = report["run"]
    if run["operation"] not in {"scan", "install"}:
        return []
    ends = {target["outcome"] for target in report["targets"]}
    nothing = run["decision"] == "advanced" and bool(ends) and "reached" not in ends
    seconds = datetime.fromisoformat(run["finishedAt"]) - datetime.fromisoformat(run["startedAt"])
    lines = [
        {
            "Plan": run["plan"],
            "run": run["id"],
            "RunsAdvanced": int(run["decision"] == "advanced" and not nothing),
            "RunsReachedNothing": int(nothing),
            "RunsHalted": int(run["decision"] == "halted"),
            "RunsBroken": int(run["decision"] == "error"),
            "RunSeconds": int(seconds.total_seconds()),
        }
    ]
    for stage in dict.fromkeys(step["stage"] for step in report["steps"]):
        decisions = [step["decision"] for step in report["steps"] if step["stage"] == stage]
        outcomes = [row["outcome"] for row in report["instances"] if row["stage"] == stage]
        lines.append(
            {"Plan": run["plan"], "Stage": stage, "run": run["id"]}
            | {
                "Steps" + name: decisions.count(decision)
                for name, decision in (
                    ("Advanced", "advance"),
                    ("Halted", "halt"),
                    ("NotAttempted", "not-attempted"),
                    ("Broken", "error"),
                )
            }
            | {"Instances" + outcome.title().replace("-", ""): outcomes.count(outcome) for outcome in OUTCOMES}
        )
    return lines


def complaints(case: Path, seen: set[Metric]) -> list[str]:
    """Returns what is wrong with the metrics of a case (a folder with logs.jsonl); adds its metrics to `seen`."""
    lines = list(documents(case / "logs.jsonl"))
    found = [f"{case}: {fault}: {line}" for line in lines for fault in faults(line)]
    if found:
        return found
    for line in lines:
        seen |= written(line)
        spaces = {directive["Namespace"] for directive in line["_aws"]["CloudWatchMetrics"]}
        if spaces != {NAMESPACE}:
            found.append(f"{case}: namespace {spaces}")
    reports = [json.loads(path.read_text()) for path in sorted(case.glob("bucket/runs/*/report/report.json"))]
    plain = [{name: value for name, value in line.items() if name != "_aws"} for line in lines]
    for report in reports:
        of_run = [line for line in plain if line["run"] == report["run"]["id"]]
        # A report that was made twice logs its lines twice; they must be equal.
        again = [line for index, line in enumerate(of_run) if line not in of_run[:index]]
        if again != wanted(report):
            found.append(f"{case}: run {report['run']['id']} logged {again}, its report says {wanted(report)}")
    return found


def main(arguments: list[str]) -> int:
    """Reads the logs, compares them with the reports and prints the complaints."""
    folders = [logs.parent for argument in arguments for logs in sorted(Path(argument).rglob("logs.jsonl"))]
    cases = [folder for folder in folders if (folder / "bucket").exists()]
    if not cases:
        return command.nothing_to_read("no logs.jsonl beside a folder `bucket`", arguments)
    seen: set[Metric] = set()
    found = [complaint for case in cases for complaint in complaints(case, seen)]
    for name, dimensions in sorted(used() - seen, key=str):
        by = ", ".join(sorted(dimensions)) or "no dimensions"
        found.append(f"an alarm or the dashboard uses the metric {name} ({by}), which no run wrote")
    return command.finish(found, f"metrics of {len(cases)} cases, {len(seen)} metrics")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
