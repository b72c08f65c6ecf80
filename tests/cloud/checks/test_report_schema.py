"""checks/report_schema.py: a report whose reason codes are all in the closed list passes, and any other is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from . import report_schema
from .sources import ROOT

GOLDEN = ROOT / "crates" / "report" / "golden" / "report.json"


def codes_in(value: object) -> Iterator[dict[str, object]]:
    """Yields every object that is a reason."""
    if isinstance(value, dict):
        if set(value) == {"code", "text"}:
            yield value
        for part in value.values():
            yield from codes_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from codes_in(part)


def complaints(tmp_path: Path, document: object) -> list[str]:
    """Returns what the check says about that report."""
    report = tmp_path / "report.json"
    report.write_text(json.dumps(document))
    schema = json.loads(report_schema.SCHEMA.read_text())
    return report_schema.complaints(report, Draft202012Validator(schema))


def test_the_committed_report_is_valid(tmp_path: Path) -> None:
    assert complaints(tmp_path, json.loads(GOLDEN.read_text())) == []


@pytest.mark.parametrize("code", ["not-managed", "", "Halted", "exit-code-", "exit-code-007", "exit-code-1 ", "a.b"])
def test_an_unknown_code_is_found_wherever_it_stands(tmp_path: Path, code: str) -> None:
    number = len(list(codes_in(json.loads(GOLDEN.read_text()))))
    assert number > 5, "run, steps, targets, instances, conflicts and overwrittenBy have reasons"
    for nth in range(number):
        document = json.loads(GOLDEN.read_text())
        list(codes_in(document))[nth]["code"] = code
        found = complaints(tmp_path, document)
        assert len(found) == 1 and "code" in found[0], found


@pytest.mark.parametrize(
    "code", ["exit-code-156", "exit-code--1", "exit-code-0", "States.Timeout", "BrokenRun", "overwritten"]
)
def test_exit_codes_and_error_names_are_codes(tmp_path: Path, code: str) -> None:
    document = json.loads(GOLDEN.read_text())
    for reason in codes_in(document):
        reason["code"] = code
    assert complaints(tmp_path, document) == []
