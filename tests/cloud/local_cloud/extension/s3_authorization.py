"""What ministack does not know of writes to S3: condition keys of conditional writes, the permission of Object Lock.

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

    native_checks = iam_actions.s3_additional_checks

    def s3_additional_checks(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> list[tuple[str, str]]:
        checks: list[tuple[str, str]] = list(native_checks(method, path, headers, body, query_params))
        # "Locking objects with Object Lock", Required permissions: a write that sets a retention needs this one, too.
        if method in ("PUT", "POST") and headers.get("x-amz-object-lock-mode"):
            checks.append(("s3:PutObjectRetention", f"arn:aws:s3:::{path.strip('/')}"))
        return checks

    iam_actions.s3_service_context = s3_service_context
    iam_actions.s3_additional_checks = s3_additional_checks
