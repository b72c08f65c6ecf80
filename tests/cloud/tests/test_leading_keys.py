"""Calls to DynamoDB have the condition key `dynamodb:LeadingKeys`, from what the request names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Rig, is_refused

OWN = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["run/*"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}


def item(key: str) -> dict[str, Any]:
    """Returns the key of an item."""
    return {"pk": {"S": key}, "sk": {"S": "x"}}


def query(key: str, name: str = "pk") -> dict[str, Any]:
    """Returns the arguments of a Query of a partition."""
    return {"KeyConditionExpression": f"{name} = :pk", "ExpressionAttributeValues": {":pk": {"S": key}}}


@pytest.fixture(scope="module")
def table(rig: Rig, bare: Rig) -> Iterator[str]:
    """Makes a table in both clouds."""
    for subject in (rig, bare):
        subject.client("dynamodb").create_table(
            TableName="leading-keys",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
    yield "leading-keys"
    for subject in (rig, bare):
        subject.client("dynamodb").delete_table(TableName="leading-keys")


def may(rig: Rig, operation: str, **arguments: Any) -> bool:
    """Returns whether a role that may work on its own partitions only may make a call."""
    own = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": OWN}
    client = rig.session(rig.role(own)).client("dynamodb")
    return not is_refused("AccessDeniedException", lambda: getattr(client, operation)(**arguments))


@pytest.mark.parametrize(
    ("operation", "of"),
    [
        ("get_item", lambda key: {"Key": item(key)}),
        ("put_item", lambda key: {"Item": item(key)}),
        ("delete_item", lambda key: {"Key": item(key)}),
        ("update_item", lambda key: {"Key": item(key)}),
        ("query", query),
        ("query", lambda key: {**query(key, "#k"), "ExpressionAttributeNames": {"#k": "pk"}}),
    ],
)
def test_a_call_names_its_partition(rig: Rig, table: str, operation: str, of: Any) -> None:
    assert may(rig, operation, TableName=table, **of("run/r1/01-test-1"))
    assert not may(rig, operation, TableName=table, **of("lock"))


def test_natively_no_call_names_one(bare: Rig, table: str) -> None:
    assert not may(bare, "get_item", TableName=table, Key=item("run/r1"))


def test_every_key_of_a_batch_counts(rig: Rig, table: str) -> None:
    own, lock = item("run/r1"), item("lock")
    assert may(rig, "batch_get_item", RequestItems={table: {"Keys": [own]}})
    assert not may(rig, "batch_get_item", RequestItems={table: {"Keys": [own, lock]}})
    puts = [{"PutRequest": {"Item": own}}, {"DeleteRequest": {"Key": lock}}]
    assert may(rig, "batch_write_item", RequestItems={table: puts[:1]})
    assert not may(rig, "batch_write_item", RequestItems={table: puts})
    transaction = [{"Put": {"TableName": table, "Item": own}}, {"Delete": {"TableName": table, "Key": lock}}]
    assert may(rig, "transact_write_items", TransactItems=transaction[:1])
    assert not may(rig, "transact_write_items", TransactItems=transaction)


def test_a_scan_names_none(rig: Rig, table: str) -> None:
    assert not may(rig, "scan", TableName=table)
