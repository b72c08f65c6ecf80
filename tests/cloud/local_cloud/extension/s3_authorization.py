"""Condition keys of S3 that ministack does not know: those of conditional writes.

`s3:if-none-match` and `s3:if-match` are there if the request has the header; `s3:ObjectCreationOperation` says whether
the request creates an object. CreateMultipartUpload, UploadPart and UploadPartCopy do not ("Enforce conditional writes
on Amazon S3 buckets", docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html, read 2026-11-28).
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions

_CONDITIONS = ("if-none-match", "if-match")


def install() -> None:
    """Wraps the function that collects the keys; ministack imports it at each call."""
    native = iam_actions.s3_service_context

    def s3_service_context(
        iam_action: str, query_params: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        keys: dict[str, Any] = dict(native(iam_action, query_params, path, headers))
        if iam_action != "s3:PutObject":
            return keys
        query, given = query_params or {}, headers or {}
        keys.update({f"s3:{name}": given[name] for name in _CONDITIONS if given.get(name)})
        prepares = "uploads" in query or "partNumber" in query
        keys["s3:ObjectCreationOperation"] = "false" if prepares else "true"
        return keys

    iam_actions.s3_service_context = s3_service_context
