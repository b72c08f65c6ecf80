"""Athena: tables by their columns in Glue and by projection, parameters, functions, and the required permissions."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import BUCKET, Rig
from test_stack import deploy

COLUMNS = {"id": "string", "seen_at": "string", "wave": "int", "cve_ids": "array<string>", "stage": "string"}
# The simulated day is 2026-11-10.
OBJECTS: dict[str, list[dict[str, Any]]] = {
    "date=2026-11-09/stage=test/a.jsonl.gz": [
        {"id": "1", "seen_at": "2026-11-09T01:00:00.000Z", "wave": 1, "cve_ids": ["CVE-1", "CVE-2"], "more": "x"},
        {"id": "2", "seen_at": "2026-11-09T03:30:00.000Z", "wave": 2, "cve_ids": [], "stage": "not of the key"},
    ],
    "date=2026-11-11/stage=test/b.jsonl.gz": [{"id": "3", "seen_at": "2026-11-10T23:00:00.000Z"}],
    "date=2026-11-11/stage=prod/empty.jsonl.gz": [],
    # Outside the projection: before the range, after it, and in no partition.
    "date=2025-12-31/stage=test/c.jsonl.gz": [{"id": "before"}],
    "date=2026-11-12/stage=test/d.jsonl.gz": [{"id": "after"}],
    "day=2026-11-10/stage=test/e.jsonl.gz": [{"id": "elsewhere"}],
}


class Stack:
    """A deployed database, table and workgroup with files. Queries run as root by default."""

    def __init__(self, rig: Rig, objects: dict[str, list[dict[str, Any]]], **parameters: str) -> None:
        self.rig, self.name = rig, f"a{uuid.uuid4().hex[:8]}"
        self.prefix = f"{self.name}/things/"
        for key, lines in objects.items():
            body = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
            rig.client("s3").put_object(Bucket=BUCKET, Key=self.prefix + key, Body=body)
        location = f"s3://{BUCKET}/{self.prefix}"
        projection = {
            "projection.enabled": "true",
            "projection.date.type": "date",
            "projection.date.format": "yyyy-MM-dd",
            "projection.date.interval": "1",
            "projection.date.interval.unit": "DAYS",
            "projection.date.range": "2026-01-01,NOW+1DAY",
            "storage.location.template": location + "date=${date}/",
        }
        table = {
            "Name": "things",
            "Parameters": {"classification": "json", **projection, **parameters},
            "PartitionKeys": [{"Name": "date", "Type": "string"}],
            "StorageDescriptor": {
                "Location": location,
                "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
                "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()],
            },
        }
        group = {"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/{self.name}/answers/"}}
        database = {"CatalogId": "111111111111", "DatabaseInput": {"Name": self.name}}
        properties = {"CatalogId": "111111111111", "DatabaseName": {"Ref": "Database"}, "TableInput": table}
        deploy(
            rig,
            {
                "Database": {"Type": "AWS::Glue::Database", "Properties": database},
                "Table": {"Type": "AWS::Glue::Table", "Properties": properties},
                "Group": {
                    "Type": "AWS::Athena::WorkGroup",
                    "Properties": {"Name": self.name, "WorkGroupConfiguration": group},
                },
            },
        )

    def ask(self, text: str, *parameters: str, athena: Any = None) -> list[list[str | None]]:
        """Runs a query and returns the lines of its answer; raises ValueError with the reason of a failure."""
        athena = athena or self.rig.client("athena")
        query = athena.start_query_execution(
            QueryString=text,
            WorkGroup=self.name,
            QueryExecutionContext={"Database": self.name},
            **({"ExecutionParameters": list(parameters)} if parameters else {}),
        )["QueryExecutionId"]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] in ("SUCCEEDED", "FAILED"):
                break
            time.sleep(0.02)
        if status["State"] != "SUCCEEDED":
            raise ValueError(status["StateChangeReason"])
        rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[1:]]

    def needed(self) -> dict[str, dict[str, Any]]:
        """Returns the statements that a query needs, by their purpose."""
        place, bucket = "ap-northeast-1:111111111111", f"arn:aws:s3:::{BUCKET}"
        catalog = [
            f"arn:aws:glue:{place}:{part}" for part in ("catalog", f"database/{self.name}", f"table/{self.name}/*")
        ]

        def allow(resource: str | list[str], *actions: str) -> dict[str, Any]:
            return {"Effect": "Allow", "Action": list(actions), "Resource": resource}

        on_group = [f"athena:{action}" for action in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults")]
        return {
            "the workgroup": allow(f"arn:aws:athena:{place}:workgroup/{self.name}", *on_group),
            "the database": allow(catalog, "glue:GetDatabase"),
            "the table": allow(catalog, "glue:GetTable"),
            "which files": allow(bucket, "s3:ListBucket"),
            "the files": allow(f"{bucket}/{self.prefix}*", "s3:GetObject"),
            "keeping the answer": allow(f"{bucket}/{self.name}/answers/*", "s3:PutObject"),
            "reading the answer": allow(f"{bucket}/{self.name}/answers/*", "s3:GetObject"),
        }


@pytest.fixture(scope="module")
def stack(rig: Rig) -> Stack:
    """Deploys a stack with files."""
    return Stack(rig, OBJECTS)


def test_lines_have_the_columns_of_the_table_and_the_day_of_their_partition(stack: Stack) -> None:
    lines = stack.ask("SELECT * FROM things ORDER BY id")
    assert lines == [
        ["1", "2026-11-09T01:00:00.000Z", "1", "['CVE-1', 'CVE-2']", None, "2026-11-09"],
        ["2", "2026-11-09T03:30:00.000Z", "2", "[]", "not of the key", "2026-11-09"],
        ["3", "2026-11-10T23:00:00.000Z", None, None, None, "2026-11-11"],
    ]
    assert stack.ask("SELECT id FROM things WHERE date >= '2026-11-10'") == [["3"]]


def test_a_table_without_files_has_its_columns_all_the_same(rig: Rig) -> None:
    empty = Stack(rig, {"day=2026-11-10/x.jsonl.gz": [{"id": "elsewhere"}]})
    assert empty.ask("SELECT date, id FROM things WHERE contains(cve_ids, 'CVE-1')") == []
    assert Stack(rig, {}).ask("SELECT date, id FROM things WHERE contains(cve_ids, 'CVE-1')") == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"projection.date.format": "dd-MM-yyyy"},
        {"projection.date.type": "enum"},
        {"storage.location.template": f"s3://{BUCKET}/elsewhere/date=${{date}}/"},
    ],
    ids=str,
)
def test_a_projection_that_is_not_played_fails(rig: Rig, parameters: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="the local cloud"):
        Stack(rig, OBJECTS, **parameters).ask("SELECT id FROM things")


def test_the_range_decides_what_is_there(rig: Rig) -> None:
    narrow = Stack(rig, OBJECTS, **{"projection.date.range": "2026-11-10,NOW"})
    assert narrow.ask("SELECT id FROM things") == []
    assert Stack(rig, OBJECTS, **{"projection.date.range": "2025-01-01,2025-12-31"}).ask("SELECT id FROM things") == [
        ["before"]
    ]


def test_functions_of_athena_are_there(stack: Stack) -> None:
    last, first = (f"to_unixtime(from_iso8601_timestamp({which}(seen_at)))" for which in ("max", "min"))
    assert stack.ask(f"SELECT {last} - {first} FROM things WHERE date = '2026-11-09'") == [["9000.0"]]
    with pytest.raises(ValueError, match="no_function_of_athena"):
        stack.ask("SELECT no_function_of_athena(id) FROM things")


def test_parameters_take_their_places(stack: Stack) -> None:
    text = "-- Which?\nSELECT id, '?' FROM things WHERE contains(cve_ids, ?) OR wave = ?"
    assert stack.ask(text, "'CVE-2'", "7") == [["1", "?"]]
    assert sorted(stack.ask(text, "'CVE-2'", "2")) == [["1", "?"], ["2", "?"]]
    with pytest.raises(ClientError, match="has 2 parameters, 1 are given"):
        stack.ask(text, "'CVE-2'")


def test_who_asks_needs_exactly_what_the_guide_says(stack: Stack) -> None:
    role = stack.rig.role(*stack.needed().values())
    assert stack.ask("SELECT count(*) FROM things", athena=stack.rig.session(role).client("athena")) == [["3"]]


@pytest.mark.parametrize(
    "missing",
    [
        "the workgroup",
        "the database",
        "the table",
        "which files",
        "the files",
        "keeping the answer",
        "reading the answer",
    ],
)
def test_who_asks_without_one_permission_is_refused(stack: Stack, missing: str) -> None:
    role = stack.rig.role(*(statement for name, statement in stack.needed().items() if name != missing))
    with pytest.raises((ValueError, ClientError), match=r"(?i)not authorized|AccessDenied"):
        stack.ask("SELECT count(*) FROM things", athena=stack.rig.session(role).client("athena"))


def test_bare_ministack_reads_what_is_not_in_the_table_and_lets_everybody(bare: Rig) -> None:
    stack = Stack(bare, OBJECTS)
    columns = "SELECT column_name FROM (DESCRIBE SELECT * FROM things)"
    assert ["more"] in stack.ask(columns) and ["after"] in stack.ask("SELECT id FROM things")
    with pytest.raises(ValueError, match="to_unixtime"):
        stack.ask("SELECT to_unixtime(seen_at) FROM things")
    needed = stack.needed()
    group = {**needed["the workgroup"], "Resource": "*"}
    assert stack.ask("SELECT 1", athena=bare.session(bare.role(group)).client("athena")) == [["1"]]
