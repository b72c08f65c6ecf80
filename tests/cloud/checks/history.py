"""Compares the saved queries over the history of the end-to-end runs with the reports of these runs.

Every query runs twice:
  - in DuckDB: the texts of queries/*.sql over the files below results/, with the columns of the Glue tables in
    template.yaml;
  - in the deployed stack of each case (answers.json): through Athena's API, with the stack's own NamedQuery resources,
    workgroup and database, and with the permissions of a role that may only query. This shows whether table, location,
    projection, columns, bucket, workgroup and queries fit together.

Athena itself is not available here: DuckDB also runs behind the local cloud's API. It differs from Athena in exactly
these points, here and in local_cloud/extension/athena: three functions are macros (`SETUP`), the column `date` comes
from the key, and the parameter of a query is put into its text. expected_history.py computes the expected answers from
report.json alone.

Usage: python -m checks.history FOLDER...   (exit code 0 all well, 1 complaints, 2 nothing to read)
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
from local_cloud.driver.analyst import MOST_CVES, NO_SUCH_CVE
from local_cloud.duckdb_for_athena import SETUP, TYPES

from . import command, sources
from . import expected_history as expected

# Type of a column in Athena's answer → how to read its texts.
READ: dict[str, Callable[[str], Any]] = {"varchar": str, "bigint": int, "double": float}


@dataclass
class Case:
    """What an end-to-end case left behind: the reports of its runs, their history, and the answers of its stack."""

    name: str
    reports: list[dict[str, Any]]
    results: Path
    answers: list[dict[str, Any]]

    def files(self, table: str) -> list[Path]:
        """Returns the files of a table."""
        return sorted((self.results / table).rglob("*.jsonl.gz"))


def cases(folder: Path) -> list[Case]:
    """Returns every case below a folder that has at least one report."""
    found = []
    for bucket in sorted(folder.rglob("bucket")):
        reports = [json.loads(path.read_text()) for path in sorted(bucket.glob("runs/*/report/report.json"))]
        if reports:
            name = bucket.relative_to(folder).parts[0]
            # Runs about baselines say nothing about patches.
            about_patches = [report for report in reports if report["run"]["operation"] in {"scan", "install"}]
            answers = bucket.parent / "answers.json"
            found.append(
                Case(
                    name,
                    about_patches,
                    bucket / "results",
                    json.loads(answers.read_text()) if answers.exists() else [],
                )
            )
    return found


def columns() -> dict[str, dict[str, str]]:
    """Returns table → column → DuckDB type for the Glue tables of the template."""
    tables = sources.resources(sources.template(), "AWS::Glue::Table").values()
    inputs = [table["Properties"]["TableInput"] for table in tables]
    return {
        table["Name"]: {column["Name"]: TYPES[column["Type"]] for column in table["StorageDescriptor"]["Columns"]}
        for table in inputs
    }


def database(case: Case) -> duckdb.DuckDBPyConnection:
    """Returns a database with the tables of a case."""
    connection = duckdb.connect()
    for statement in SETUP:
        connection.execute(statement)
    for table, types in columns().items():
        lines = connection.read_json(
            # The stubs of DuckDB know a single path only.
            [str(path) for path in case.files(table)],  # type: ignore[arg-type]
            columns=types,
            format="newline_delimited",
            compression="gzip",
            filename=True,
            hive_partitioning=False,
        )
        lines.create_view("lines_of_" + table)
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * EXCLUDE (filename), "
            f"regexp_extract(filename, '/date=([^/]+)/', 1) AS date FROM lines_of_{table}"
        )
    return connection


def texts() -> dict[str, str]:
    """Returns the saved queries by name."""
    return {path.stem: path.read_text() for path in (sources.ROOT / "queries").glob("*.sql")}


def wanted_of(case: Case) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Returns saved query and parameter, if it has one → the expected answer."""
    cves = [*expected.cves(case.reports)[:MOST_CVES], NO_SUCH_CVE]
    wanted: dict[tuple[str, ...], list[dict[str, Any]]] = {
        (name,): compute(case.reports) for name, compute in expected.QUERIES.items()
    }
    return wanted | {("instances-with-cve", cve): expected.with_cve(case.reports, cve) for cve in cves}


def answered(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the answer of the deployed stack, a dict per line."""
    return [
        {
            name: None if text is None else READ[kind](text)
            for (name, kind), text in zip(answer["columns"], row, strict=True)
        }
        for row in answer["rows"]
    ]


def ask(connection: duckdb.DuckDBPyConnection, text: str, *parameters: str) -> list[dict[str, Any]]:
    """Returns the answer to a query, a dict per line."""
    answer = connection.execute(text, list(parameters))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, line, strict=True)) for line in answer.fetchall()]


def complaints(case: Case, seen: dict[str, int]) -> list[str]:
    """Returns what is wrong with the history of a case; counts the lines of each answer in `seen`."""
    found: list[str] = []

    def compare(what: str, answer: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
        seen[what] = seen.get(what, 0) + len(answer)
        nothing: dict[str, Any] = {}
        lines = zip_longest(answer, wanted, fillvalue=nothing)
        if wrong := next(((one, other) for one, other in lines if not equal(one, other)), None):
            counts = f"{len(answer)} lines instead of {len(wanted)}"
            found.append(f"{case.name}: {what}: {counts}; the answer has {wrong[0]}, the reports {wrong[1]}")

    keys = {str(path.relative_to(case.results)) for path in case.results.rglob("*") if path.is_file()}
    if keys != expected.keys(case.reports):
        return [f"{case.name}: files differ: {sorted(keys ^ expected.keys(case.reports))}"]
    wanted_by = wanted_of(case)
    if keys:
        connection = database(case)
        for table in columns():
            compare(f"table {table}", ask(connection, expected.SORTED[table]), expected.TABLES[table](case.reports))
        for (name, *parameters), wanted in wanted_by.items():
            compare(name, ask(connection, texts()[name], *parameters), wanted)
    answers = {(answer["query"], *answer["parameters"]): answer for answer in case.answers}
    if answers.keys() != wanted_by.keys():
        return [*found, f"{case.name}: the deployed stack ran {sorted(answers)} instead of {sorted(wanted_by)}"]
    for (name, *_), answer, wanted in ((key, answers[key], wanted) for key, wanted in wanted_by.items()):
        if answer["error"]:
            found.append(f"{case.name}: {name} of the deployed stack: {answer['error']}")
        else:
            compare(f"deployed {name}", answered(answer), wanted)
    return found


def equal(answer: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Returns whether two lines are the same. A rounded number may differ by half of its last digit."""
    if list(answer) != list(wanted):
        return False
    for name, value in wanted.items():
        if isinstance(value, expected.Rounded | expected.Between):
            if not value.fits(answer[name]):
                return False
        elif answer[name] != value:
            return False
    return True


def main(arguments: list[str]) -> int:
    """Runs all queries, compares the answers and prints the complaints."""
    every = [case for argument in arguments for case in cases(Path(argument))]
    if not every:
        return command.nothing_to_read("no report.json", arguments)
    seen: dict[str, int] = {}
    found = [complaint for case in every for complaint in complaints(case, seen)]
    # A query whose answer is always empty would prove nothing.
    queries = [prefix + name for prefix in ("", "deployed ") for name in texts()]
    found += [
        f"{what}: no line in any case" for what in [*map("table {}".format, columns()), *queries] if not seen.get(what)
    ]
    lines = ", ".join(f"{what} {count}" for what, count in sorted(seen.items()))
    how = "in DuckDB and in the deployed stacks"
    return command.finish(found, f"history of {len(every)} cases, {how} ({lines} lines)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
