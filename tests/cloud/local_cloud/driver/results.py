"""Collects everything about a run in the output folder."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Session

_FILES = (
    "report.json",
    "report.html",
    "summary.md",
    "instances.csv",
    "patches.csv",
    "history.json",
    "calls.jsonl",
    "truth.json",
    "execution.json",
    "logs.jsonl",
    "authorized.jsonl",
    "struck.jsonl",
    "answers.json",
    "secrets.jsonl",
    "secrets.json",
    "ministack.log",
    "fleet-sim.log",
)


def prepare(out: Path) -> Path:
    """Creates the folder, or removes the results of an earlier run from it, so that they never pass for new ones."""
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "bucket", ignore_errors=True)
    return out


def execution_document(execution: dict[str, Any]) -> dict[str, Any]:
    """Returns the content of execution.json. Its times are simulated."""
    return {
        "executionArn": execution["executionArn"],
        "name": execution["name"],
        "status": execution["status"],
        "error": execution.get("error"),
        "cause": execution.get("cause"),
        "output": json.loads(execution.get("output") or "null"),
        "input": json.loads(execution["input"]),
        "startedAt": _utc(execution["startDate"]),
        "stoppedAt": _utc(execution["stopDate"]) if execution.get("stopDate") else None,
    }


def fetch(session: Session, out: Path, run_id: str, execution: dict[str, Any], evidence: bool) -> None:
    """Writes every file that exists for this run."""
    s3, bucket = session.operator.client("s3"), session.deployed.bucket
    report = f"runs/{run_id}/report/"
    for key in _keys(s3, bucket, report):
        _save(s3, bucket, key, out / key.removeprefix(report))
    (out / "history.json").write_text(json.dumps({"executions": session.cloud.executions()}, indent=1))
    (out / "truth.json").write_bytes(session.ground_truth())
    (out / "calls.jsonl").write_bytes(session.simulator.calls())
    (out / "execution.json").write_text(json.dumps(execution, indent=2) + "\n")
    if evidence:
        keys = [*_keys(s3, bucket, "runs/"), *_keys(s3, bucket, "results/")]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: _save(s3, bucket, key, out / "bucket" / key), keys))


def keep_evidence(directory: Path, out: Path) -> None:
    """Keeps the servers' logs, and turns the lines of secrets.jsonl into one document, secrets.json."""
    for log in directory.glob("*.log"):
        shutil.copy(log, out / log.name)
    lines = out / "secrets.jsonl"
    if lines.exists():
        issued = [json.loads(line) for line in lines.read_text().splitlines()]
        (out / "secrets.json").write_text(json.dumps(issued, indent=1))
        lines.unlink()


def _keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _save(s3: Any, bucket: str, key: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
