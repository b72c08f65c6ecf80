"""Writes the results of a map run to S3 as AWS does: manifest.json, SUCCEEDED_0, FAILED_0 and PENDING_0."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import s3

from . import role
from .scope import ExecutionError

_FILE_OF = {
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "TIMED_OUT": "FAILED",
    "ABORTED": "FAILED",
    "PENDING": "PENDING",
}


def rows(children: list[dict[str, Any]], results: list[Any], config: dict[str, Any]) -> list[Any]:
    """Returns the successful results in the transformation that the state asks for."""
    transformation = config.get("Transformation", "NONE")
    if transformation == "NONE":
        return [_row(child) for child in children if child["status"] == "SUCCEEDED"]
    values = [result for result in results if result is not None]
    if transformation == "COMPACT":
        return values
    return [row for value in values for row in (value if isinstance(value, list) else [value])]


def write(
    map_run_arn: str,
    map_run_name: str,
    children: list[dict[str, Any]],
    results: list[Any],
    arguments: dict[str, Any],
    config: dict[str, Any],
) -> dict[str, Any]:
    """Writes the files with the state machine's role; returns the result of the Map state."""
    bucket = arguments["Bucket"]
    base = "/".join(filter(None, [str(arguments.get("Prefix", "")).strip("/"), map_run_name]))
    lines = config.get("OutputType", "JSON") == "JSONL"
    contents: dict[str, list[Any]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": rows(children, results, config)}
    for child in children:
        kind = _FILE_OF[child["status"]]
        if kind != "SUCCEEDED":
            contents[kind].append(_row(child))
    files: dict[str, list[dict[str, Any]]] = {kind: [] for kind in contents}
    for kind, content in contents.items():
        if content:
            text = "\n".join(map(json.dumps, content)) if lines else json.dumps(content)
            key = f"{base}/{kind}_0.{'jsonl' if lines else 'json'}"
            files[kind].append({"Key": key, "Size": _put(bucket, key, text)})
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": files}
    _put(bucket, f"{base}/manifest.json", json.dumps(manifest))
    return {"MapRunArn": map_run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": f"{base}/manifest.json"}}


def _put(bucket: str, key: str, text: str) -> int:
    role.require("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", "States.ResultWriterFailed")
    body = text.encode()
    status, _, answer = s3._put_object(bucket, key, body, {"content-type": "application/json"})
    if status >= 300:
        raise ExecutionError("States.ResultWriterFailed", f"s3://{bucket}/{key}: {answer!r}")
    return len(body)


def _row(child: dict[str, Any]) -> dict[str, Any]:
    row = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
    }
    if child["status"] == "PENDING":
        return row
    row.update(
        StartDate=child["startDate"],
        StopDate=child["stopDate"],
        RedriveCount=0,
        RedriveStatus="NOT_REDRIVABLE",
        OutputDetails={"Included": True},
    )
    if child["status"] == "SUCCEEDED":
        row["Output"] = child["output"]
    if child.get("error"):
        row.update(Error=child["error"], Cause=child.get("cause") or "")
    return row
