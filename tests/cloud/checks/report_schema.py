"""Validates every report.json of the end-to-end runs against schemas/report.schema.json.

The validator is independent of our own types. It does not check formats (date-time), because the types parse them.

Usage: python -m checks.report_schema FOLDER...   (exit code 0 all well, 1 complaints, 2 nothing to read)
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

from . import command, sources

SCHEMA = sources.ROOT / "schemas" / "report.schema.json"


def complaints(report: Path, validator: Draft202012Validator) -> list[str]:
    """Returns what is wrong with a report."""
    document = json.loads(report.read_text())
    return [f"{report}: {error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def main(arguments: list[str]) -> int:
    """Validates all reports and prints the complaints."""
    # bucket/ holds copies of the same reports.
    reports = [
        path
        for argument in arguments
        for path in sorted(Path(argument).rglob("report.json"))
        if "bucket" not in path.parts
    ]
    if not reports:
        return command.nothing_to_read("no report.json", arguments)
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    found = [complaint for report in reports for complaint in complaints(report, validator)]
    return command.finish(found, f"{len(reports)} reports against {SCHEMA.name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
