"""The report of a large run: the real function between a Runtime API and a bucket that has all its records."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import time
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from . import functions, processes, stand_in, template
from .figure import BenchError, Figure, Section

_TARGETS = 2_000
_INSTANCES_PER_TARGET = 10
_PATCHES = 12
_RUN, _STEP = "bench", "01-production-1"
_SECONDS = 300
_PAGE = 1_000
_MEGABYTE = 1e6


def measure() -> Section:
    """Once: what it writes is always the same."""
    declared = template.functions()["report"]
    with Bucket(_objects()) as bucket, stand_in.RuntimeApi({"runId": _RUN, "now": "2026-11-10T09:00:00Z"}) as api:
        seconds, peak = _run(declared, bucket, api)
        written = dict(bucket.written)
    allowed = declared.memory_mb * 1024 * 1024 / _MEGABYTE
    figures = [
        Figure("peak memory", None if peak is None else peak / _MEGABYTE, "MB", allowed, 0, "limit: MemorySize"),
        Figure("from start to answer", seconds, "s", 120, 1, "with a bucket in Python on the same machine"),
    ]
    for name in ("report.json", "report.html", "instances.csv", "patches.csv", "summary.md"):
        size = written.get(f"runs/{_RUN}/report/{name}")
        if size is None:
            raise BenchError(f"the function has not written {name}")
        figures.append(Figure(name, size / _MEGABYTE, "MB", None, 1))
    title = f"Report of {_TARGETS:,} targets and {_TARGETS * _INSTANCES_PER_TARGET:,} instances"
    return Section(f"{title}, {_PATCHES} patches installed on each", "python -m bench --only report", figures)


def _run(declared: template.Function, bucket: Bucket, api: stand_in.RuntimeApi) -> tuple[float, int | None]:
    binary, _ = functions.find_binary("report")
    environment = functions.environment_of("report", declared, bucket.address, api.address)
    began = time.perf_counter()
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        at, path, text = api.answer(_SECONDS)
        peak = processes.peak_bytes(process.pid)
    except queue.Empty:
        raise BenchError(f"report has not answered after {_SECONDS} s") from None
    finally:
        process.kill()
        process.wait()
    if not path.endswith("/response"):
        raise BenchError(f"report fails: {text.decode(errors='replace')[:500]}")
    return at - began, peak


def _objects() -> dict[str, bytes]:
    """Every object of a run in which each instance was patched."""
    folder = f"runs/{_RUN}/steps/{_STEP}"
    targets = [_target(number) for number in range(_TARGETS)]
    plan = {"schemaVersion": 1, "name": "monthly", "regions": ["ap-northeast-1"],
            "stages": [{"name": "production", "ous": ["ou-abcd-33333333"]}]}
    step = {"id": _STEP, "stage": "production", "wave": 1, "accounts": _TARGETS, "targets": _TARGETS}
    run = {"schemaVersion": 1, "runId": _RUN, "startedAt": "2026-11-10T00:00:00Z",
           "input": {"operation": "install", "plan": "monthly"}, "planSha256": "0" * 64, "plan": plan,
           "organizationId": "o-abcdefghij", "steps": [step], "accountsOutsidePlan": []}
    limits = {"maxFailedPercent": 0, "maxUnreachablePercent": 0, "minSucceeded": 1}
    gate = {"step": _STEP, "at": "2026-11-10T08:00:00Z", "decision": "advance",
            "reason": {"code": "gate-passed", "text": "every instance is patched"},
            "counts": {"patched": _TARGETS * _INSTANCES_PER_TARGET}, "limits": limits}
    objects = {f"runs/{_RUN}/run.json": run, f"{folder}/targets.json": targets, f"{folder}/gate.json": gate}
    # The run before, with which this one is compared, was as large.
    before = {"runId": "before", "plan": "monthly", "startedAt": "2026-10-10T00:00:00Z", "finishedAt": "2026-10-10T09:00:00Z"}
    rows = [_row(targets[n // _INSTANCES_PER_TARGET], n, "patched") for n in range(_TARGETS * _INSTANCES_PER_TARGET)]
    reached = [{"accountId": t["accountId"], "region": t["region"], "outcome": "reached"} for t in targets]
    objects["latest/monthly.json"] = before
    objects["runs/before/report/report.json"] = {"run": {"id": "before"}, "targets": reached, "instances": rows}
    for number, target in enumerate(targets):
        place = f"{target['accountId']}/{target['region']}.json"
        for phase, outcome in (("scan", "missing"), ("install", "patched")):
            rows = [_row(target, number * _INSTANCES_PER_TARGET + i, outcome) for i in range(_INSTANCES_PER_TARGET)]
            objects[f"{folder}/{phase}/{place}"] = {
                "target": target, "outcome": "reached", "reason": {"code": "reached", "text": "every instance has its own outcome"},
                "at": "2026-11-10T07:00:00Z", "instances": rows,
            }
    return {key: json.dumps(value, ensure_ascii=False).encode() for key, value in objects.items()}


def _target(number: int) -> dict[str, Any]:
    return {"accountId": f"{400000000000 + number}", "accountName": f"service-{number}-production", "accountState": "ACTIVE",
            "ouPath": f"Production/department-{number % 20}", "region": "ap-northeast-1", "stage": "production", "wave": 1}


def _row(target: dict[str, Any], number: int, outcome: str) -> dict[str, Any]:
    def patch(n: int) -> dict[str, Any]:
        name = f"package-{(number + n) % 200}.x86_64"
        return {"id": name, "title": f"{name}:1:3.0.{n}-1.amzn2023.0.12", "classification": "Security",
                "severity": "Important", "state": "Missing", "cveIds": [f"CVE-2026-{1000 + n}", f"CVE-2026-{2000 + n}"]}

    patches = [patch(n) for n in range(_PATCHES)]
    return {
        "accountId": target["accountId"], "region": target["region"], "instanceId": f"i-{number:017x}",
        "name": f"決済サーバー-{number}", "stage": "production", "wave": 1, "os": "AMAZON_LINUX_2023",
        "agentVersion": "3.3.987.0", "outcome": outcome,
        "reason": {"code": "proved-by-scan", "text": "installed, and a scan afterwards finds nothing missing"},
        "findings": [], "missingBefore": patches, "installed": patches if outcome == "patched" else [], "failed": [],
        "missingAfter": [], "installedUntested": [], "heldBack": [], "baselineId": f"pb-{number // 10:017x}",
        "commandIds": [f"00000000-0000-4000-8000-{number * 3 + n:012x}" for n in range(3)],
    }


class Bucket(stand_in.Server):
    """S3 with those objects, which takes what is written and keeps its size; and a ledger that says yes."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        written: dict[str, int] = {}

        class Handler(stand_in.QuietHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                asked = parse_qs(address.query, keep_blank_values=True)
                if "list-type" in asked:
                    self.reply(200, _listing(objects, asked), {"Content-Type": "application/xml"})
                    return
                found = objects.get(_key(address.path))
                if found is None:
                    self.reply(404, stand_in.NO_OBJECT, {"Content-Type": "application/xml"})
                else:
                    self.reply(200, found, {"ETag": '"0"'})

            def do_PUT(self) -> None:
                key = _key(urlsplit(self.path).path)
                written[key] = written.get(key, 0) + self.taken()
                self.reply(200, headers={"ETag": '"0"'})

            def do_POST(self) -> None:
                body = self.body()
                query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
                if "uploads" in query:
                    self.reply(200, _xml("InitiateMultipartUploadResult", "<UploadId>1</UploadId>"))
                elif "uploadId" in query:
                    self.reply(200, _xml("CompleteMultipartUploadResult", '<ETag>"0"</ETag>'))
                else:
                    assert body, "a call to the ledger"
                    self.reply(200, b"{}", {"Content-Type": "application/x-amz-json-1.0"})

            def taken(self) -> int:
                """How many bytes of payload were sent, whether in chunks or not."""
                body = self.body()
                return int(self.headers.get("x-amz-decoded-content-length") or len(body))

        super().__init__(Handler)
        self.written = written


def _key(path: str) -> str:
    """Without the bucket."""
    return unquote(path).lstrip("/").partition("/")[2]


def _listing(objects: dict[str, bytes], asked: dict[str, list[str]]) -> bytes:
    prefix = asked.get("prefix", [""])[0]
    start = int(re.sub(r"\D", "", asked.get("continuation-token", ["0"])[0]))
    keys = sorted(key for key in objects if key.startswith(prefix))
    page, more = keys[start : start + _PAGE], start + _PAGE < len(keys)
    contents = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in page)
    following = f"<NextContinuationToken>{start + _PAGE}</NextContinuationToken>" if more else ""
    return _xml("ListBucketResult", f"<IsTruncated>{str(more).lower()}</IsTruncated>{contents}{following}")


def _xml(name: str, inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{name}>'.encode()
