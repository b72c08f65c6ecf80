"""The saved queries over the files that the end-to-end runs wrote below results/, against the reports of these runs.

Asked twice. In DuckDB: the texts of queries/*.sql as they are, over the files as they are, with the columns that the Glue
tables of template.yaml name. And of the deployed stack, in the local cloud that the run was in (answers.json): through
Athena's API, by the text of its own NamedQuery resources, in its workgroup and database, with the permissions of somebody
who may only ask. That shows whether table, location, projection, columns, bucket, workgroup and queries fit together.

Athena itself is not at hand: behind the local cloud's API is DuckDB, too. What is put in Athena's place is stated here and
in local_cloud/extension/athena, and nothing else is: three of its functions as macros (`SETUP`), the column `date` from
the key, and the parameter of the query that has one. What the answers must be is worked out in expected_history.py from
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

from . import expected_history as expected
from . import sources

# How the texts of an answer of Athena are to be read, by the type of the column.
READ: dict[str, Callable[[str], Any]] = {"varchar": str, "bigint": int, "double": float}


@dataclass
class Case:
    """What one end-to-end case left behind: the reports of its runs, their history, and what the stack answered."""

    name: str
    reports: list[dict[str, Any]]
    results: Path
    answers: list[dict[str, Any]]

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
            answers = bucket.parent / "answers.json"
            found.append(
                Case(name, asked, bucket / "results", json.loads(answers.read_text()) if answers.exists() else [])
            )
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
    for statement in SETUP:
        connection.execute(statement)
    for table, types in columns().items():
        lines = connection.read_json(
            [str(path) for path in case.files(table)],
            columns=types,
            format="newline_delimited",
            compression="gzip",
            filename=True,
            hive_partitioning=False,
        )
        lines.create_view("lines_of_" + table)
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * EXCLUDE (filename), regexp_extract(filename, '/date=([^/]+)/', 1) AS date "
            f"FROM lines_of_{table}"
        )
    return connection


def texts() -> dict[str, str]:
    """The saved queries, by name."""
    return {path.stem: path.read_text() for path in (sources.ROOT / "queries").glob("*.sql")}


def wanted_of(case: Case) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Saved query and its parameter, if it has one → what it must answer."""
    cves = [*expected.cves(case.reports)[:MOST_CVES], NO_SUCH_CVE]
    return {(name,): reckon(case.reports) for name, reckon in expected.QUERIES.items()} | {
        ("instances-with-cve", cve): expected.with_cve(case.reports, cve) for cve in cves
    }


def answered(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What the deployed stack answered, a dict per line."""
    return [
        {
            name: None if text is None else READ[kind](text)
            for (name, kind), text in zip(answer["columns"], row, strict=True)
        }
        for row in answer["rows"]
    ]


def ask(connection: duckdb.DuckDBPyConnection, text: str, *parameters: str) -> list[dict[str, Any]]:
    """The answer, a dict per line."""
    answer = connection.execute(text, list(parameters))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, line, strict=True)) for line in answer.fetchall()]


def complaints(case: Case, seen: dict[str, int]) -> list[str]:
    """What is wrong with the history of a case; counts the lines of each answer in `seen`."""
    found = []

    def compare(what: str, answer: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
        seen[what] = seen.get(what, 0) + len(answer)
        lines = zip_longest(answer, wanted, fillvalue={})
        if wrong := next(((one, other) for one, other in lines if not equal(one, other)), None):
            counts = f"{len(answer)} lines for {len(wanted)}"
            found.append(f"{case.name}: {what}: {counts}; the answer says {wrong[0]}, the reports {wrong[1]}")

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
        return [*found, f"{case.name}: the deployed stack was asked {sorted(answers)}, not {sorted(wanted_by)}"]
    for (name, *_), answer, wanted in ((key, answers[key], wanted) for key, wanted in wanted_by.items()):
        if answer["error"]:
            found.append(f"{case.name}: {name} of the deployed stack: {answer['error']}")
        else:
            compare(f"deployed {name}", answered(answer), wanted)
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
    queries = [prefix + name for prefix in ("", "deployed ") for name in texts()]
    found += [
        f"{what}: no line in any case" for what in [*map("table {}".format, columns()), *queries] if not seen.get(what)
    ]
    lines = ", ".join(f"{what} {count}" for what, count in sorted(seen.items()))
    how = "in DuckDB and of the deployed stacks"
    print("\n".join([*found, f"history of {len(every)} cases, {how} ({lines} lines), complaints: {len(found)}"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
