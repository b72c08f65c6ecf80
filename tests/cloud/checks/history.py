"""The saved queries over the files that the end-to-end runs wrote below results/, against the reports of these runs.

Athena itself is not at hand, and the local cloud's answers would prove nothing about it. So the texts of queries/*.sql run
in DuckDB as they are, over the files as they are, with the columns that the Glue tables of template.yaml name. What is put
in Athena's place is stated here, and nothing else is: three of its functions as macros (FUNCTIONS), the column `date`
from the key (partition projection), and the parameter of the query that has one. What the answers must be is worked out
in expected_history.py from report.json alone.

Usage: python -m checks.history FOLDER...   (exit code 0 all well, 1 complaints, 2 nothing to read)
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from . import expected_history as expected
from . import sources

FUNCTIONS = (
    "CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)",
    "CREATE MACRO to_unixtime(moment) AS epoch(moment)",
    "CREATE MACRO contains(list, element) AS list_contains(list, element)",
)
TYPES = {"string": "VARCHAR", "int": "INTEGER", "array<string>": "VARCHAR[]"}
NO_SUCH_CVE = "CVE-1999-0000"


@dataclass
class Case:
    """What one end-to-end case left behind: the reports of its runs, and their history."""

    name: str
    reports: list[dict[str, Any]]
    results: Path

    def files(self, table: str) -> list[Path]:
        """The files of a table."""
        return sorted((self.results / table).rglob("*.jsonl.gz"))


def cases(folder: Path) -> list[Case]:
    """Every case below a folder of which at least one run made a report."""
    found = []
    for bucket in sorted(folder.rglob("bucket")):
        reports = [json.loads(path.read_text()) for path in sorted(bucket.glob("runs/*/report/report.json"))]
        if reports:
            name = bucket.relative_to(folder).parts[0]
            # Runs about baselines say nothing about patches.
            asked = [report for report in reports if report["run"]["operation"] in {"scan", "install"}]
            found.append(Case(name, asked, bucket / "results"))
    return found


def columns() -> dict[str, dict[str, str]]:
    """Table → column → DuckDB's type, by the Glue tables of the template."""
    tables = sources.resources(sources.template(), "AWS::Glue::Table").values()
    inputs = [table["Properties"]["TableInput"] for table in tables]
    return {
        table["Name"]: {column["Name"]: TYPES[column["Type"]] for column in table["StorageDescriptor"]["Columns"]}
        for table in inputs
    }


def database(case: Case) -> duckdb.DuckDBPyConnection:
    """The tables of a case."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for statement in FUNCTIONS:
        connection.execute(statement)
    for table, types in columns().items():
        lines = connection.read_json(
            [str(path) for path in case.files(table)], columns=types, format="newline_delimited", compression="gzip",
            filename=True, hive_partitioning=False,
        )
        lines.create_view("lines_of_" + table)
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * EXCLUDE (filename), regexp_extract(filename, '/date=([^/]+)/', 1) AS date "
            f"FROM lines_of_{table}"
        )
    return connection


def query(name: str) -> str:
    """The text of a saved query."""
    return (sources.ROOT / "queries" / f"{name}.sql").read_text()


def ask(connection: duckdb.DuckDBPyConnection, text: str, *parameters: str) -> list[dict[str, Any]]:
    """The answer, a dict per line."""
    answer = connection.execute(text, list(parameters))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, line, strict=True)) for line in answer.fetchall()]


def complaints(case: Case, seen: dict[str, int]) -> list[str]:
    """What is wrong with the history of a case; counts the lines of each answer in `seen`."""
    keys = {str(path.relative_to(case.results)) for path in case.results.rglob("*") if path.is_file()}
    if keys != expected.keys(case.reports):
        return [f"{case.name}: files differ: {sorted(keys ^ expected.keys(case.reports))}"]
    if not keys:
        return []
    connection = database(case)
    found = []

    def compare(what: str, answer: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
        seen[what] = seen.get(what, 0) + len(answer)
        if len(answer) != len(wanted) or not all(map(equal, answer, wanted)):
            found.append(f"{case.name}: {what}: the answer is {answer}, the reports say {wanted}")

    for table in columns():
        compare(f"table {table}", ask(connection, expected.SORTED[table]), expected.TABLES[table](case.reports))
    for name, reckon in expected.QUERIES.items():
        compare(name, ask(connection, query(name)), reckon(case.reports))
    for cve in [*expected.cves(case.reports), NO_SUCH_CVE]:
        answer = ask(connection, query("instances-with-cve"), cve)
        compare("instances-with-cve", answer, expected.with_cve(case.reports, cve))
    return found


def equal(answer: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Are two lines the same? Rounded numbers are compared with unrounded ones, by half of the last digit."""
    if list(answer) != list(wanted):
        return False
    for name, value in wanted.items():
        if isinstance(value, expected.Rounded):
            if answer[name] is None or abs(answer[name] - value.value) > value.within:
                return False
        elif answer[name] != value:
            return False
    return True


def main(arguments: list[str]) -> int:
    """Reads, asks, compares, prints."""
    every = [case for argument in arguments for case in cases(Path(argument))]
    if not every:
        print(f"no report below {', '.join(arguments) or 'nothing'}", file=sys.stderr)
        return 2
    seen: dict[str, int] = {}
    found = [complaint for case in every for complaint in complaints(case, seen)]
    # An answer that is always empty would prove nothing.
    wanted = {*(f"table {table}" for table in columns()), *expected.QUERIES, "instances-with-cve"}
    found += [f"{what}: no line in any case" for what in sorted(wanted) if not seen.get(what)]
    lines = ", ".join(f"{what} {count}" for what, count in sorted(seen.items()))
    print("\n".join([*found, f"history of {len(every)} cases in DuckDB ({lines} lines), complaints: {len(found)}"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
