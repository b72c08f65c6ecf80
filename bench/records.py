"""A large run as objects in a bucket: every record of every target, made when a function asks for it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from . import stand_in

RUN, STEP = "bench", "01-production-1"
INSTANCES_PER_TARGET = 10
PATCHES = 12
CHECKS = ("managed", "agent", "operating-system", "python", "repositories", "endpoints", "instance-profile", "region")
_FOLDER = f"runs/{RUN}/steps/{STEP}"
# The records of each target, in the order of their keys; `result` only of a run that was judged.
_RECORDS = {"install": "install/0001.json", "result": "result/0001.json", "scan": "scan/0001.json"}
_REPORT_BEFORE = "runs/before/report/report.json"
_PAGE = 1_000
# Of any object: the hash of nothing.
_STATED = base64.b64encode(hashlib.sha256().digest()).decode()
_LOCK = {
    "runId": {"S": RUN},
    "executionArn": {"S": "arn:aws:states:ap-northeast-1:111111111111:execution:x:bench"},
    "at": {"S": "2026-11-10T00:00:00Z"},
}


class Run:
    """Every object of a run that patched each instance; with the results of its targets, if it was judged.

    A record is made when it is asked for: all records together would need more memory than the function under test.
    """

    def __init__(self, targets: int, judged: bool = False) -> None:
        self._targets = [_target(number) for number in range(targets)]
        # By account, because keys begin with it.
        self._numbers = {target["accountId"]: number for number, target in enumerate(self._targets)}
        self._others = {key: _json(value) for key, value in self._documents().items()}
        self._names = {file: name for name, file in _RECORDS.items() if judged or name != "result"}
        records = [
            f"{_FOLDER}/targets/{target['accountId']}/{target['region']}/01/{file}"
            for target in self._targets
            for file in self._names
        ]
        self.keys = sorted([*records, *self._others])
        self._size_of_record = {file: len(self._record(file, targets - 1)) for file in self._names}

    def get(self, key: str) -> bytes | None:
        """Returns the object, or None if the run has no such object."""
        if key in self._others:
            return self._others[key]
        account, file = _account_and_file(key)
        number = self._numbers.get(account)
        return self._record(file, number) if file in self._names and number is not None else None

    def size(self, key: str) -> int:
        """Returns the approximate size in bytes: records of the same name hardly differ."""
        return len(self._others[key]) if key in self._others else self._size_of_record[_account_and_file(key)[1]]

    def hashes(self) -> dict[str, str]:
        """Returns what the state machine hands on of the step."""
        return {"settings": _sha256(self._others[f"{_FOLDER}/settings.json"])}

    def _documents(self) -> dict[str, Any]:
        plan = {
            "schemaVersion": 1,
            "name": "monthly",
            "regions": ["ap-northeast-1"],
            "stages": [{"name": "production", "ous": ["ou-abcd-33333333"]}],
        }
        count = len(self._targets)
        step = {"id": STEP, "stage": "production", "wave": 1, "accounts": count, "targets": count}
        run = {
            "schemaVersion": 1,
            "runId": RUN,
            "startedAt": "2026-11-10T00:00:00Z",
            "input": {"operation": "install", "plan": "monthly"},
            "planSha256": "0" * 64,
            "plan": plan,
            "organizationId": "o-abcdefghij",
            "steps": [step],
            "accountsOutsidePlan": [],
        }
        limits = {"maxFailedPercent": 0, "maxUnreachablePercent": 0, "minSucceeded": 1}
        gate = {
            "step": STEP,
            "at": "2026-11-10T08:00:00Z",
            "decision": "advance",
            "reason": {"code": "within-limits", "text": "every instance is patched"},
            "counts": {"patched": count * INSTANCES_PER_TARGET},
            "limits": limits,
        }
        before = {
            "runId": "before",
            "plan": "monthly",
            "startedAt": "2026-10-10T00:00:00Z",
            "finishedAt": "2026-10-10T09:00:00Z",
        }
        settings = {
            "step": STEP,
            "plan": "monthly",
            "operation": "install",
            "select": {},
            "reboot": "if-needed",
            "rate": {"targets": 40, "maxConcurrency": "25%", "maxErrors": "10%"},
            "deadlineSeconds": 78_600,
            "gate": limits,
            "isFirstStage": True,
            "earlierSteps": [],
            "accounts": [target["accountId"] for target in self._targets],
            "regions": ["ap-northeast-1"],
            "targetsSha256": _sha256(_json(self._targets)),
            "runSha256": _sha256(_json(run)),
        }
        return {
            f"runs/{RUN}/run.json": run,
            f"{_FOLDER}/settings.json": settings,
            f"{_FOLDER}/targets.json": self._targets,
            f"{_FOLDER}/gate.json": gate,
            "latest/monthly.json": before,
        }

    def _record(self, file: str, number: int) -> bytes:
        name, at = self._names[file], "2026-11-10T07:00:00Z"
        record: dict[str, Any] = {
            "target": self._targets[number],
            "outcome": "reached",
            "reason": {"code": "reached", "text": "every instance has its own outcome"},
        }
        if name == "result":
            record |= {"scannedAt": at, "reachedAt": at, "installedAt": at, "conflictNotes": [], "baselineChanges": []}
            record["chunk"] = {"number": 1, "of": 1}
        else:
            record["at"] = at
        # The rows are text already.
        beginning = _json(record).decode().removesuffix("}")
        rows = ",".join(self._rows(number, "missing" if name == "scan" else "patched"))
        return f'{beginning},"instances":[{rows}]}}'.encode()

    def _rows(self, number: int, outcome: str) -> list[str]:
        first = number * INSTANCES_PER_TARGET
        return [_row(self._targets[number], first + i, outcome) for i in range(INSTANCES_PER_TARGET)]

    def report_before(self) -> Iterator[bytes]:
        """Yields an earlier report that is as large as this run's report, piece by piece."""
        yield b'{"run":{"id":"before"},"instances":['
        for number in range(len(self._targets)):
            yield (("," if number else "") + ",".join(self._rows(number, "patched"))).encode()
        reached = [{"accountId": t["accountId"], "region": t["region"], "outcome": "reached"} for t in self._targets]
        yield b'],"targets":' + _json(reached) + b"}"


def _account_and_file(key: str) -> tuple[str, str]:
    """Returns the account id and the file in the key of a target's object, or two empty strings."""
    folder = f"{_FOLDER}/targets/"
    parts = key.removeprefix(folder).split("/", 3)
    return (parts[0], parts[3]) if key.startswith(folder) and len(parts) == 4 else ("", "")


def _sha256(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _target(number: int) -> dict[str, Any]:
    return {
        "accountId": f"{400000000000 + number}",
        "accountName": f"service-{number}-production",
        "accountState": "ACTIVE",
        "ouPath": f"Production/department-{number % 20}",
        "region": "ap-northeast-1",
        "stage": "production",
        "wave": 1,
    }


def _row(target: dict[str, Any], number: int, outcome: str) -> str:
    patches = "[" + ",".join(_patch((number + n) % 200, n) for n in range(PATCHES)) + "]"
    row = {
        "accountId": target["accountId"],
        "region": target["region"],
        "instanceId": f"i-{number:017x}",
        "name": f"決済サーバー-{number}",
        "stage": "production",
        "wave": 1,
        "os": "AMAZON_LINUX_2023",
        "agentVersion": "3.3.987.0",
        "outcome": outcome,
        "reason": {"code": "proved-by-scan", "text": "installed, and a scan afterwards finds nothing missing"},
        "conflicts": [],
        "overwrittenBy": None,
        "failed": [],
        "missingAfter": [],
        "installedUntested": [],
        "heldBack": [],
        "baselineId": f"pb-{number // 10:017x}",
        "commandIds": [f"00000000-0000-4000-8000-{number * 3 + n:012x}" for n in range(3)],
    }
    beginning = _json(row).decode().removesuffix("}")
    findings = ",".join(_finding(check, number // 50) for check in CHECKS)
    installed = patches if outcome == "patched" else "[]"
    return f'{beginning},"findings":[{findings}],"missingBefore":{patches},"installed":{installed}}}'


# What many rows have is made once: a run of a million instances has twelve million patches.
@cache
def _patch(package: int, n: int) -> str:
    name = f"package-{package}.x86_64"
    patch = {
        "id": name,
        "title": f"{name}:1:3.0.{n}-1.amzn2023.0.12",
        "classification": "Security",
        "severity": "Important",
        "state": "Missing",
        "cveIds": [f"CVE-2026-{1000 + n}", f"CVE-2026-{2000 + n}"],
    }
    return _json(patch).decode()


@lru_cache(maxsize=1_000)
def _finding(check: str, vpc: int) -> str:
    evidence = f"What {check} looks at is as it should be in vpc-{vpc:017x}, and nothing stands in the way."
    return _json({"check": check, "status": "pass", "severity": "info", "evidence": evidence}).decode()


class Bucket(stand_in.Server):
    """Stands in for S3 and DynamoDB.

    Serves the objects of a run, keeps the size of each written object, and accepts every call to the ledger.
    """

    def __init__(self, run: Run) -> None:
        written: dict[str, int] = {}

        class Handler(stand_in.QuietHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                query = parse_qs(address.query, keep_blank_values=True)
                if "list-type" in query:
                    self.reply(200, _listing(run, query), {"Content-Type": "application/xml"})
                    return
                key = _key(address.path)
                if key == _REPORT_BEFORE:
                    self.reply_in_pieces(run.report_before())
                    return
                found = run.get(key)
                if found is None:
                    self.reply(404, stand_in.NO_OBJECT, {"Content-Type": "application/xml"})
                else:
                    self.reply(200, found, {"ETag": '"0"'})

            def do_HEAD(self) -> None:
                # The report lists what the writers stated and reads none of it again.
                self.reply(
                    200, headers={"ETag": '"0"', "x-amz-checksum-sha256": _STATED, "x-amz-checksum-type": "FULL_OBJECT"}
                )

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
                    assert body, "every other POST is a call to the ledger, which has a body"
                    # The run holds the run lock.
                    held = _json({"Item": _LOCK}) if self.headers["X-Amz-Target"].endswith(".GetItem") else b"{}"
                    self.reply(200, held, {"Content-Type": "application/x-amz-json-1.0"})

            def taken(self) -> int:
                """Returns the bytes of payload that were sent, in chunks or not."""
                body = self.body()
                return int(self.headers.get("x-amz-decoded-content-length") or len(body))

        super().__init__(Handler)
        self.written = written


def _key(path: str) -> str:
    """Returns the key in a path, which begins with the bucket."""
    return unquote(path).lstrip("/").partition("/")[2]


def _listing(run: Run, query: dict[str, list[str]]) -> bytes:
    prefix = query.get("prefix", [""])[0]
    start = int(re.sub(r"\D", "", query.get("continuation-token", ["0"])[0]))
    # The keys are sorted, and no key has a character behind this one.
    first, last = bisect_left(run.keys, prefix), bisect_left(run.keys, prefix + "\uffff")
    page, more = run.keys[first + start : min(first + start + _PAGE, last)], first + start + _PAGE < last
    contents = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{run.size(key)}</Size></Contents>" for key in page)
    following = f"<NextContinuationToken>{start + _PAGE}</NextContinuationToken>" if more else ""
    return _xml("ListBucketResult", f"<IsTruncated>{str(more).lower()}</IsTruncated>{contents}{following}")


def _xml(name: str, inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{name}>'.encode()
