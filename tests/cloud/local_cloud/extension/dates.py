"""Writes simulated time into the `Date` header of DynamoDB's answers: orgpatch's functions take it as their clock.

Natively it is real time. It must not be in the answers of other services: where the header differs from the computer's
clock by more than four minutes, the SDK takes an AccessDeniedException for the effect of a wrong clock and repeats the
call (aws-runtime, `service_clock_skew`). The SDK also signs its next requests to DynamoDB with the header's time;
natively these are refused as expired, and here a signature may have any age.
Patches `app.app` and `sigv4.request_time_failure`.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from ministack import app
from ministack.core import sigv4

from .clock import CLOCK


def install() -> None:
    """Replaces the names."""
    native = app.app

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def send_with_date(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                others = [header for header in message["headers"] if header[0].lower() != b"date"]
                date = formatdate(CLOCK.now().timestamp(), usegmt=True).encode()
                message = {**message, "headers": [*others, (b"date", date)]}
            await send(message)

        target = dict(scope.get("headers") or []).get(b"x-amz-target", b"")
        await native(scope, receive, send_with_date if target.startswith(b"DynamoDB_") else send)

    app.app = serve
    sigv4.request_time_failure = lambda *_, **__: None
