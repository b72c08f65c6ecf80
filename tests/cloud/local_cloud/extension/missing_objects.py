"""Answers 404 for a missing object only to callers who may list the bucket; S3 answers 403 to all others.

Natively every caller gets 404, so a function that asks whether an object exists would work here and fail on AWS.
Patches `iam_evaluator.enforce` (to know the caller) and `s3.handle_request`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import s3

_caller: ContextVar[tuple[str, str]] = ContextVar("s3_caller", default=("", ""))
_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


def install() -> None:
    """Wraps both names; comes after `audit`, which then also records whether the caller may list the bucket."""
    enforce, handle = iam_evaluator.enforce, s3.handle_request

    def remembering_enforce(access_key_id: str, iam_action: str, service: str, region: str, **more: Any) -> Any:
        if service == "s3":
            _caller.set((access_key_id, region))
        return enforce(access_key_id, iam_action, service, region, **more)

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        status, answer_headers, answer = await handle(method, path, headers, body, query_params)
        bucket, _, key = path.lstrip("/").partition("/")
        access_key_id, region = _caller.get()
        if status != 404 or method not in ("GET", "HEAD") or not key or not access_key_id:
            return status, answer_headers, answer
        if enforce(access_key_id, "s3:ListBucket", "s3", region, resource_arn=f"arn:aws:s3:::{bucket}"):
            return 403, {"Content-Type": "application/xml"}, b"" if method == "HEAD" else _DENIED
        return status, answer_headers, answer

    iam_evaluator.enforce = remembering_enforce
    s3.handle_request = handle_request
