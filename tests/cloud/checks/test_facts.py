"""Facts about AWS are data files: every entry has a source and a date, and Regions are those of the pinned botocore."""

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from . import sources

sys.path.insert(0, str(sources.ROOT / "scripts"))

import regions

FILES = sorted(sources.ROOT.glob("crates/*/data/*.json"))
REGIONS = sources.ROOT / "crates/facts/data/regions.json"


def without_source(node: Any, path: str) -> list[str]:
    """Returns the paths of the facts below a node that no entry with a source and a date covers."""
    if isinstance(node, list):
        return [missing for n, item in enumerate(node) for missing in without_source(item, f"{path}[{n}]")]
    if not isinstance(node, dict):
        return [path]
    # An end of life is a date itself; there the day of reading is `read`.
    source, date = node.get("source"), node.get("read", node.get("date"))
    if source is not None or (date is not None and "read" in node):
        # The date is one, and not in the time before this project.
        good = isinstance(source, str) and len(source) > 10
        good = good and isinstance(date, str) and datetime.date.fromisoformat(date).year >= 2026
        return [] if good else [path]
    below = {name: value for name, value in node.items() if isinstance(value, (dict, list))}
    # A release has a source of its own for each of its two facts.
    if not below and set(node) != {"about"}:
        return [path]
    return [missing for name, value in below.items() for missing in without_source(value, f"{path}.{name}")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parents[1].name}/{file.name}")
def test_every_fact_has_a_source_and_a_date(file: Path) -> None:
    document = json.loads(file.read_text())
    assert without_source(document, file.name) == []
    assert document["about"]


def test_the_data_files_are_found() -> None:
    assert {file.name for file in FILES} >= {"regions.json", "baselines.json", "support-matrix.json"}


@pytest.mark.parametrize(
    ("spoiled", "found"),
    [
        ({"about": "x", "codes": [{"from": 1}]}, ["f.codes[0]"]),
        ({"about": "x", "codes": [1]}, ["f.codes[0]"]),
        ({"about": "x", "a": {"source": "", "date": "2026-11-28"}}, ["f.a"]),
        ({"about": "x", "a": {"source": "somewhere in AWS"}}, ["f.a"]),
        ({"about": "x", "a": {"source": "somewhere in AWS", "date": "2026-11-28"}}, []),
    ],
)
def test_a_fact_without_a_source_is_found(spoiled: dict[str, Any], found: list[str]) -> None:
    assert without_source(spoiled, "f") == found


def test_regions_are_those_of_the_pinned_botocore() -> None:
    document = json.loads(REGIONS.read_text())
    assert document == regions.document(document["date"]), "run scripts/regions.py"
    # A test of the script: these have been what they are for years.
    by_id = {partition["id"]: partition for partition in document["partitions"]}
    assert by_id["aws-cn"]["regions"] == ["cn-north-1", "cn-northwest-1"]
    assert by_id["aws-us-gov"]["dnsSuffix"] == "amazonaws.com"
    assert not [code for one in document["partitions"] for code in one["regions"] if "global" in code]
