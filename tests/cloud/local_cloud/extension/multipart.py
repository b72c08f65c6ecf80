"""An upload in parts is completed as S3 does it: parts in ascending order, none but the last below 5 MiB.

ministack sorts the list itself and takes parts of any size, so that an upload could work here and be refused on AWS
(CompleteMultipartUpload in the API reference: InvalidPartOrder, EntityTooSmall). Patches `s3._complete_multipart_upload`.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ministack.services import s3

_SMALLEST_BYTES = 5 * 1024 * 1024


def install() -> None:
    """Wraps the name; what is no upload, or no XML, is ministack's to answer."""
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
