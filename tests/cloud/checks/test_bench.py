"""The benchmarks' invented records have the form that the functions read.

Without these tests, a missing field would only show at the next measurement.
"""

import json
import sys

from jsonschema import Draft202012Validator

from . import sources

sys.path.insert(0, str(sources.ROOT))

# Only after the path is set.
from bench import records

SCHEMA = json.loads((sources.ROOT / "schemas" / "report.schema.json").read_text())
ROW = Draft202012Validator({"$ref": "#/$defs/InstanceRow", "$defs": SCHEMA["$defs"]})


def test_made_up_instances_are_rows_of_a_report() -> None:
    run = records.Run(2, judged=True)
    keys = [key for key in run.keys if "/targets/" in key]
    rows = [row for key in keys for row in json.loads(run.get(key) or b"{}")["instances"]]
    assert len(rows) == 2 * 3 * records.INSTANCES_PER_TARGET
    assert [error.message for row in rows for error in ROW.iter_errors(row)] == []
    # The schema does refuse a row without a required field.
    assert list(ROW.iter_errors({name: value for name, value in rows[0].items() if name != "conflicts"}))


def test_the_listing_tells_about_how_large_an_object_is() -> None:
    run = records.Run(2, judged=True)
    for key in run.keys:
        size = len(run.get(key) or b"")
        assert abs(run.size(key) - size) <= size / 100, key
