"""Validates every scenario and every end-to-end case with its JSON Schema, by another validator than our own types."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from . import sources

SCHEMAS = sources.ROOT / "schemas"
SCENARIOS = sorted((sources.ROOT / "examples" / "scenarios").glob("*.yaml"))
CASES = sorted((sources.ROOT / "tests" / "scenarios").rglob("*.yaml"))


def schema(name: str) -> dict[str, Any]:
    """One of schemas/."""
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def validator(name: str) -> Draft7Validator:
    """A validator that follows references between the files of schemas/."""
    files = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
    registry = Registry().with_resources((file, DRAFT7.create_resource(text)) for file, text in files.items())
    Draft7Validator.check_schema(schema(name))
    return Draft7Validator(schema(name), registry=registry)


def problems(name: str, document: Any) -> list[str]:
    """What is wrong with a document."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(document)]


def identifier(path: Path) -> str:
    """Names a file in the list of tests."""
    return str(path.relative_to(sources.ROOT))


@pytest.mark.parametrize("path", SCENARIOS, ids=identifier)
def test_scenarios_fit_their_schema(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=../../schemas/scenario.schema.json\n")
    assert problems("scenario", yaml.safe_load(path.read_text())) == []


@pytest.mark.parametrize("path", CASES, ids=identifier)
def test_cases_fit_their_schema(path: Path) -> None:
    assert problems("end-to-end-case", yaml.safe_load(path.read_text())) == []


def test_there_is_something_to_validate() -> None:
    assert len(SCENARIOS) >= 2 and len(CASES) > 50


CASE = """
about: x
scenario: {organization: [{ou: Test, accounts: ["222200000001"]}]}
plan: {stages: [{name: test, accounts: ["222200000001"]}]}
run: {operation: install}
expect: {exit: 0}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ou: Test", "uo: Test"),
        ('accounts: ["222200000001"]}]}\nplan', "accounts: [222200000001]}]}\nplan"),
        ("organization:", "organisation:"),
        ("stages:", "stage:"),
        ("name: test", "name: test, waves: []"),
        ("exit: 0", "exit: 0, counts: {pached: 1}"),
        ("exit: 0", "decision: advanced"),
        ("run: {operation: install}", "run: {stages: [test]}"),
        ("expect: {exit: 0}", ""),
        ("about: x", 'about: ""'),
    ],
)
def test_mistakes_in_a_case_are_found(old: str, new: str) -> None:
    assert problems("end-to-end-case", yaml.safe_load(CASE)) == []
    assert CASE.count(old) >= 1
    assert problems("end-to-end-case", yaml.safe_load(CASE.replace(old, new, 1))) != []


def test_a_plan_may_be_wrong_where_the_run_refuses_it() -> None:
    wrong = CASE.replace("name: test", "name: test, soak: 2d")
    assert problems("end-to-end-case", yaml.safe_load(wrong)) != []
    refused = wrong.replace("exit: 0", "exit: 1, error: InvalidPlan")
    assert problems("end-to-end-case", yaml.safe_load(refused)) == []


SCENARIO = """
schemaVersion: 1
clock: {start: "2026-11-10T00:00:00Z"}
management: "111111111111"
fleet:
  - {account: "222200000001", region: eu-west-1, os: UBUNTU, metadata: off, associations: [host-management-scan]}
faults: [{operation: "ssm:SendCommand", lostResponse: true}]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schemaVersion: 1", "schemaVersion: 2"),
        ("os: UBUNTU", "os: UBANTU"),
        ("metadata: off", "metadata: of"),
        ("eu-west-1", "dublin"),
        ("host-management-scan", "{name: host-management}"),
        ("host-management-scan", "host-management"),
        ("lostResponse: true", "lostResponse: true, latencyMs: 3"),
        ("lostResponse: true", "times: 3"),
        ("ssm:SendCommand", "SendCommand"),
        ('"111111111111"', "111111111111"),
    ],
)
def test_mistakes_in_a_scenario_are_found(old: str, new: str) -> None:
    assert problems("scenario", yaml.safe_load(SCENARIO)) == []
    assert old in SCENARIO
    assert problems("scenario", yaml.safe_load(SCENARIO.replace(old, new, 1))) != []
