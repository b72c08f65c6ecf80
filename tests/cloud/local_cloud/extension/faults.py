"""Applies the scenario's faults on services that ministack itself serves: s3, dynamodb, sts, sns, lambda, logs, states.

fleet-sim applies faults on its own operations and passes the others on (`/_sim/faults`). They strike only calls of the
deployed system (Lambdas, and the state machine's own tasks), never those of the driver. Patches the `handle_request` of
these services.
"""

from __future__ import annotations

import asyncio
import contextvars
import fnmatch
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode
from xml.sax.saxutils import escape

from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.core.router import extract_access_key_id
from ministack.services import cloudwatch_logs, dynamodb, s3, sns, stepfunctions, sts

from . import connections, multipart, simulator, workers
from .clock import CLOCK, Work
from .evidence import STRUCK

SERVICES = {"s3": s3, "dynamodb": dynamodb, "sts": sts, "sns": sns, "logs": cloudwatch_logs, "states": stepfunctions}
# Operations whose IAM action has another name. A scenario may use either name.
_API_NAMES = {"s3:ListBucket": "s3:ListObjectsV2", "lambda:InvokeFunction": "lambda:Invoke"}
_COMPLETE = "s3:CompleteMultipartUpload"
# Texts of S3, where no scenario gives one.
_MESSAGES = {
    "ConditionalRequestConflict": (
        "A conflicting conditional operation is currently in progress against this resource. Please try again."
    )
}
_SERVER_ERRORS = frozenset({"InternalError", "InternalServerError", "InternalFailure", "InternalServerException"})
_STATUS = {
    "SlowDown": 503,
    "ServiceUnavailable": 503,
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "PreconditionFailed": 412,
    "ConditionalRequestConflict": 409,
    "NoSuchKey": 404,
}


@dataclass
class Fault:
    """A fault of the scenario, and how many matching calls there were so far."""

    document: dict[str, Any]
    met: int = 0

    def concerns(self, names: set[str], accounts: set[str], region: str, request: str) -> bool:
        """Returns whether the fault matches a call; `names` has those of its operation and of its IAM action."""
        wanted = self.document
        return (
            any(fnmatch.fnmatchcase(name, wanted["operation"]) for name in names)
            and wanted.get("account") in {None, *accounts}
            and wanted.get("region") in (None, region)
            and (wanted.get("request") or "") in request
        )

    def meet(self) -> bool:
        """Counts a matching call; returns whether the fault strikes it."""
        self.met += 1
        skipped = int(self.document.get("after") or 0)
        # Latency without `times` describes a slow service, so it has no end.
        endless = self.document.get("always") or ("latencyMs" in self.document and "times" not in self.document)
        return self.met > skipped and bool(endless or self.met - skipped <= int(self.document.get("times") or 1))


@dataclass(frozen=True)
class Fate:
    """What happens to a call: the sum of all latencies, and the first other effect (the same rule as in fleet-sim)."""

    latency_seconds: float
    effect: dict[str, Any]

    @property
    def error(self) -> str | None:
        """The error code that answers the call; it is then not executed."""
        return self.effect.get("error")

    @property
    def message(self) -> str:
        """The text of the error."""
        return self.effect.get("message") or _MESSAGES.get(self.error or "", "injected by the scenario")

    @property
    def kill(self) -> str | None:
        """When the caller dies: `before` or `after` the call is executed."""
        return self.effect.get("killCaller")

    @property
    def outlived_after_seconds(self) -> float | None:
        """After how many real seconds the caller loses the answer of a call that goes on, or None if it does not."""
        milliseconds = self.effect.get("outlivedAfterMs")
        return None if milliseconds is None else milliseconds / 1000

    @property
    def lost(self) -> bool:
        """Whether the caller gets no response."""
        return bool(self.effect.get("lostResponse"))

    @property
    def rewrite(self) -> dict[str, str] | None:
        """What another writer replaces before the call is executed."""
        return self.effect.get("rewrite")


class Faults:
    """All faults of the scenario."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def load(self) -> None:
        """Reads the faults from the simulator."""
        self._faults = [Fault(document) for document in simulator.get("/_sim/faults")]

    def meet(self, action: str, accounts: set[str], request: str, operation: str | None = None) -> Fate:
        """Decides what happens to a call; `operation` is the name in the API, if it is not that of the IAM action."""
        names = {action, operation or _API_NAMES.get(action, action)}
        latency = 0.0
        effect: dict[str, Any] = {}
        with self._lock:
            for fault in self._faults:
                slows = "latencyMs" in fault.document
                # A call that already has its effect does not use up the next fault.
                if (effect and not slows) or not fault.concerns(names, accounts, get_region(), request):
                    continue
                if fault.meet():
                    latency += fault.document["latencyMs"] / 1000 if slows else 0
                    effect = effect if slows else fault.document
                    if not slows:
                        STRUCK.write(operation=action, effect=_effect(fault.document))
        return Fate(latency, effect)


def _effect(document: dict[str, Any]) -> str:
    return next(name for name in ("error", "lostResponse", "killCaller", "rewrite") if name in document)


FAULTS = Faults()


def around_integration(action: str, error_prefix: str, arguments: Any, call: Callable[[], Any]) -> Any:
    """Makes a call for the state machine itself, with the faults of the scenario."""
    fate = FAULTS.meet(action, {get_account_id()}, json.dumps(arguments))
    time.sleep(fate.latency_seconds)
    if fate.error:
        raise stepfunctions._ExecutionError(f"{error_prefix}.{fate.error}", fate.message)
    if fate.outlived_after_seconds is not None:
        _leave_behind(call, fate.outlived_after_seconds)
        raise stepfunctions._ExecutionError(f"{error_prefix}.SdkClientException", "the response was lost")
    result = call()
    if fate.lost:
        raise stepfunctions._ExecutionError(f"{error_prefix}.SdkClientException", "the response was lost")
    return result


def _leave_behind(call: Callable[[], Any], seconds: float) -> None:
    """Makes a call in a thread of its own and waits for it no longer than that. What is left of it holds no clock."""

    def go_on() -> None:
        with CLOCK.as_work(Work("a call whose answer was lost", counted=False)):
            try:
                call()
            except stepfunctions._ExecutionError as error:
                stepfunctions.logger.warning("a call whose answer was lost failed: %s", error.cause)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(go_on,), daemon=True)
    thread.start()
    thread.join(seconds)


def install() -> None:
    """Loads the faults and wraps the services."""
    FAULTS.load()
    for name, module in SERVICES.items():
        module.handle_request = _wrap(name, module.handle_request)


def _wrap(service: str, native: Any) -> Any:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> Any:
        key = extract_access_key_id(headers, query)
        if workers.caller(key) is None:
            return await native(method, path, headers, body, query)
        routing = app._routing_params(method, path, headers, body, query)
        action = iam_actions.extract_iam_action(service, method, path, headers, body, routing) or ""
        raw = body.decode("utf-8", "replace")
        address = f"{path}?{urlencode(query, doseq=True)}" if query else path
        request = f"{method} {address} {raw} {unquote_plus(raw)}"
        accounts = {get_account_id(), *_role_account(request)}
        operation = _upload_operation(method, query) if service == "s3" else None
        fate = FAULTS.meet(action, accounts, request, operation)
        await asyncio.sleep(fate.latency_seconds)
        if fate.error:
            if (operation, fate.error) == (_COMPLETE, "ConditionalRequestConflict"):
                multipart.forget(query)
            return _error(service, fate.error, fate.message)
        if fate.rewrite and service == "dynamodb":
            await _take_lock(native, headers, json.loads(body), fate.rewrite["replace"])
        elif fate.rewrite:
            await _rewrite(native, path, headers, fate.rewrite)
        answer: Any = (500, {}, b"")
        if fate.kill != "before":
            answer = await native(method, path, headers, body, query)
        if fate.kill:
            workers.kill_caller(key)
        if fate.kill or fate.lost:
            connections.drop()
        return answer

    return handle


async def _rewrite(native: Any, path: str, headers: dict[str, str], rewrite: dict[str, str]) -> None:
    """Replaces or creates an object as a writer does whom no policy stops."""
    bucket = path.lstrip("/").partition("/")[0]
    place = f"/{bucket}/{rewrite['key']}" if rewrite.get("key") else path
    body = rewrite["replace"].encode()
    if rewrite.get("find"):
        found, _, there = await native("GET", place, headers, b"", {})
        before = rewrite["find"].encode()
        if before not in there:
            raise ValueError(f"{place} ({found}) has no {rewrite['find']!r}")
        body = there.replace(before, body)
    # IAM has been asked before this point; behind it any signature will do.
    signed = {name: headers[name] for name in ("host", "authorization", "x-amz-date") if name in headers}
    status, _, answer = await native("PUT", place, signed, body, {})
    if status != 200:
        raise ValueError(f"{place} cannot be written: {answer!r}")


async def _take_lock(native: Any, headers: dict[str, str], asked: dict[str, Any], run_id: str) -> None:
    """Puts an item of another run in place of the one that is read."""
    item = {**asked["Key"], "runId": {"S": run_id}, "executionArn": {"S": f"execution of {run_id}"}}
    put = {"TableName": asked["TableName"], "Item": item}
    target = {**headers, "x-amz-target": "DynamoDB_20120810.PutItem"}
    status, _, answer = await native("POST", "/", target, json.dumps(put).encode(), {})
    if status != 200:
        raise ValueError(f"the lock cannot be taken: {answer!r}")


def _upload_operation(method: str, query: dict[str, list[str]]) -> str | None:
    """Returns the operation of an upload in parts. IAM calls all of them s3:PutObject."""
    if "uploads" in query and method == "POST":
        return "s3:CreateMultipartUpload"
    if "uploadId" in query:
        return {"PUT": "s3:UploadPart", "POST": _COMPLETE}.get(method)
    return None


def _role_account(request: str) -> set[str]:
    """Returns the account of the role in an AssumeRole: a fault on one account concerns that account, too."""
    _, found, rest = request.partition("RoleArn=arn:aws:iam::")
    return {rest[:12]} if found else set()


def _error(service: str, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    status = 500 if code in _SERVER_ERRORS else _STATUS.get(code, 400)
    request_id = new_uuid()
    if service in {"dynamodb", "logs", "states"}:
        body = json.dumps({"__type": code, "message": message}).encode()
        return status, {"Content-Type": "application/x-amz-json-1.0", "x-amzn-errortype": code}, body
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if service == "s3":
        text = f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}<RequestId>{request_id}</RequestId></Error>'
    else:
        error = f"<Error><Type>Sender</Type>{inner}</Error>"
        text = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    return status, {"Content-Type": "text/xml"}, text.encode()
