"""Gives calls to DynamoDB the condition key `dynamodb:LeadingKeys`: the partition keys that the request names.

Natively no call has it, so a policy that asks for it denies everything. A Scan names no key and has none, as on AWS.
Patches `iam_actions.dynamodb_service_context`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb

from .bodies import json_object

_EQUAL = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


def install() -> None:
    """Replaces the name."""
    native = iam_actions.dynamodb_service_context

    def context(body: bytes) -> dict[str, Any]:
        keys = sorted(set(_leading_keys(json_object(body))))
        return {**native(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}

    iam_actions.dynamodb_service_context = context


def _leading_keys(request: dict[str, Any]) -> Iterator[str]:
    yield from _of_table(str(request.get("TableName", "")), request)
    for table, batch in (request.get("RequestItems") or {}).items():
        # BatchGetItem has a list of keys per table, BatchWriteItem a list of requests.
        requests = [{"Key": key} for key in batch["Keys"]] if isinstance(batch, dict) else batch
        for item in requests:
            yield from _of_table(table, item.get("PutRequest") or item.get("DeleteRequest") or item)
    for item in request.get("TransactItems") or []:
        for single in item.values():
            yield from _of_table(str(single.get("TableName", "")), single)


def _of_table(table: str, request: dict[str, Any]) -> Iterator[str]:
    schema = (dynamodb._tables.get(table.rsplit("/", 1)[-1]) or {}).get("KeySchema") or []
    [name] = [key["AttributeName"] for key in schema if key["KeyType"] == "HASH"] or [""]
    for item in (request.get("Key"), request.get("Item")):
        if item and name in item:
            yield _text(item[name])
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    for attribute, value in _EQUAL.findall(str(request.get("KeyConditionExpression", ""))):
        if names.get(attribute, attribute) == name and value in values:
            yield _text(values[value])


def _text(value: dict[str, Any]) -> str:
    return str(next(iter(value.values()), ""))
