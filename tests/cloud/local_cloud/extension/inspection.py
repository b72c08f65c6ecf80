"""Answers questions of the driver for which AWS has no call, under `/_local_cloud/…` on the same port.

`identity`: the process id, so that a driver never takes another program on the port for its own server.
`clock`: the time, and what works and waits. POST: `clock/start`; `clock/hold?bucket=…&key=…`, which stops the stepping
clock before its first step after the object exists; `clock/release`.
`schedules`: every delivery of a schedule. POST: `schedules/await?name=…`, which lets time move until it is due; the
stepping clock is then held.
`executions`: every execution with its children and their events in one answer, because thousands of children would
otherwise need thousands of calls.
CloudFormation answers when a change is complete, so that the waiters of the AWS CLI do not sleep for 30 s.
Patches `app.app` and `cloudformation.handle_request`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.services import cloudformation, s3
from ministack.services import stepfunctions as sf

from . import schedules
from .clock import CLOCK

_LONG_POLL_SECONDS = 20
_FIELDS = (
    "executionArn",
    "stateMachineArn",
    "name",
    "status",
    "startDate",
    "stopDate",
    "input",
    "output",
    "error",
    "cause",
    "mapRunArn",
    "events",
)


def install() -> None:
    """Wraps both names."""
    native_app, native_cloudformation = app.app, cloudformation.handle_request

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if not path.startswith("/_local_cloud/"):
            await native_app(scope, receive, send)
            return
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        answer = _ANSWERS[scope["method"], path.removeprefix("/_local_cloud/")](**query)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def cloudformation_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Any:
        answer = await native_cloudformation(method, path, headers, body, query)
        action = parse_qs(body.decode("utf-8", "replace")).get("Action") or [""]
        if action[0] in ("DescribeStacks", "DescribeChangeSet"):
            for _ in range(_LONG_POLL_SECONDS * 50):
                if b"_IN_PROGRESS</" not in answer[2] or b"REVIEW_IN_PROGRESS</" in answer[2]:
                    break
                await asyncio.sleep(0.02)
                answer = await native_cloudformation(method, path, headers, body, query)
        return answer

    app.app = serve
    cloudformation.handle_request = cloudformation_request


def _identity() -> dict[str, Any]:
    return {"pid": os.getpid()}


def _started() -> dict[str, Any]:
    CLOCK.start()
    return CLOCK.describe()


def _held(bucket: str, key: str) -> dict[str, Any]:
    # A request of the driver belongs to no account, so the bucket is looked for in all of them.
    objects = next(found["objects"] for (_, name), found in s3._buckets._data.items() if name == bucket)
    CLOCK.hold_when(lambda: key in objects)
    return CLOCK.describe()


def _released() -> dict[str, Any]:
    CLOCK.release()
    return CLOCK.describe()


def _awaited(name: str) -> list[dict[str, Any]]:
    schedules.await_delivery(name)
    return schedules.deliveries


def _executions() -> list[dict[str, Any]]:
    return [
        {field: execution.get(field) for field in _FIELDS if execution.get(field) is not None}
        for execution in list(sf._executions._data.values())
    ]


_ANSWERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("GET", "identity"): _identity,
    ("GET", "executions"): _executions,
    ("GET", "clock"): CLOCK.describe,
    ("POST", "clock/start"): _started,
    ("POST", "clock/hold"): _held,
    ("POST", "clock/release"): _released,
    ("GET", "schedules"): lambda: schedules.deliveries,
    ("POST", "schedules/await"): _awaited,
}
