"""Completes an upload in parts as S3 does: parts in ascending order, and only the last one may be below 5 MiB.

Natively ministack sorts the list and accepts parts of any size, so an upload could work here and be refused on AWS
(API reference of CompleteMultipartUpload: InvalidPartOrder, EntityTooSmall). Patches `s3._complete_multipart_upload`.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ministack.services import s3

_SMALLEST_BYTES = 5 * 1024 * 1024


def install() -> None:
    """Wraps the name. ministack itself answers if there is no such upload or the request is no XML."""
    native = s3._complete_multipart_upload

    def complete(
        bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
        refusal = _refusal(_numbers(body), upload["parts"]) if upload else None
        return s3._error(*refusal, 400, f"/{bucket}/{key}") if refusal else native(bucket, key, body, query, headers)

    s3._complete_multipart_upload = complete


def _numbers(body: bytes) -> list[int]:
    try:
        document = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    return [int(element.text or 0) for element in document.iter() if element.tag.endswith("PartNumber")]


def _refusal(numbers: list[int], parts: dict[int, dict[str, Any]]) -> tuple[str, str] | None:
    if numbers != sorted(set(numbers)):
        return "InvalidPartOrder", "The list of parts was not in ascending order."
    if any(parts[number]["size"] < _SMALLEST_BYTES for number in numbers[:-1] if number in parts):
        return "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size."
    return None
