"""Treats uploads in parts as S3 does: order and size of the parts, and their checksums.

- The parts are in ascending order, and only the last one may be below 5 MiB (API reference of CompleteMultipartUpload:
  InvalidPartOrder, EntityTooSmall).
- Whether the upload has checksums is decided when it begins. If it began with an algorithm, each part is sent with a
  checksum of that algorithm, and CompleteMultipartUpload repeats all of them. If it began without one, S3 accepts a
  checksum with a part, but does not know it in CompleteMultipartUpload.

The codes and texts about checksums are those that users of S3 report: aws-sdk-go-v2 #3005 and aws-sdk-java-v2 #6518
(began without an algorithm: InvalidPart), opendal #4580 (a missing checksum), floci #3093 (a table of real answers of
September 2026). docs/conformance.md says how to ask S3 itself.

Natively ministack sorts the list, accepts parts of any size, lets checksums be left out, and takes one of another
algorithm. An upload could work here and be refused on AWS. Patches `s3._create_multipart_upload`, `._upload_part` and
`._complete_multipart_upload`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ministack.services import s3

_SMALLEST_BYTES = 5 * 1024 * 1024
_NO_SUCH_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag."
)
# Algorithms whose checksums of parts do not have to be repeated: S3 computes that of the whole object from them (user
# guide, "Checking object integrity").
_ONLY_FULL_OBJECT = frozenset({"CRC64NVME"})


def install() -> None:
    """Wraps the names. ministack itself answers if there is no such upload or the request is no XML."""
    create, upload_part, complete = s3._create_multipart_upload, s3._upload_part, s3._complete_multipart_upload

    def creating(bucket: str, key: str, headers: dict[str, str]) -> Any:
        # Only `x-amz-checksum-algorithm` announces an algorithm (API reference of CreateMultipartUpload).
        answer = create(
            bucket, key, {name: value for name, value in headers.items() if name != "x-amz-sdk-checksum-algorithm"}
        )
        if answer[0] == 200:
            upload = s3._multipart_uploads[_upload_id(answer[2])]
            whole = headers.get("x-amz-checksum-type", "").upper() == "FULL_OBJECT"
            upload["of_each_part"] = not whole and upload["checksum_algorithm"] not in {None, *_ONLY_FULL_OBJECT}
        return answer

    def uploading(bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str]) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
        refusal = _refusal_of_part(upload, headers) if upload else None
        return (
            s3._error(*refusal, 400, f"/{bucket}/{key}") if refusal else upload_part(bucket, key, body, query, headers)
        )

    def completing(
        bucket: str, key: str, body: bytes, query: dict[str, Any], headers: dict[str, str] | None = None
    ) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
        refusal = _refusal(_parts(body), upload) if upload else None
        return s3._error(*refusal, 400, f"/{bucket}/{key}") if refusal else complete(bucket, key, body, query, headers)

    s3._create_multipart_upload = creating
    s3._upload_part = uploading
    s3._complete_multipart_upload = completing


def forget(query: dict[str, Any]) -> None:
    """Removes the upload that a request names.

    After 409 ConditionalRequestConflict the upload has to be begun again (API reference of CompleteMultipartUpload,
    `IfNoneMatch`).
    """
    s3._multipart_uploads.pop(s3._qp(query, "uploadId"), None)


@dataclass(frozen=True)
class _Part:
    """A part as CompleteMultipartUpload names it; its checksums by algorithm (`CRC32`)."""

    number: int
    checksums: dict[str, str]


def _upload_id(answer: bytes) -> str:
    return ElementTree.fromstring(answer).findtext("{*}UploadId") or ""


def _parts(body: bytes) -> list[_Part]:
    try:
        document = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    parts = []
    for element in document.iter():
        fields = {_tag(child): child.text or "" for child in element} if _tag(element) == "Part" else {}
        if "PartNumber" in fields:
            named = {tag.removeprefix("Checksum"): text for tag, text in fields.items() if tag.startswith("Checksum")}
            parts.append(_Part(int(fields["PartNumber"]), named))
    return parts


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _refusal_of_part(upload: dict[str, Any], headers: dict[str, str]) -> tuple[str, str] | None:
    announced = upload["checksum_algorithm"]
    # A checksum that follows the body is among the headers already.
    sent = [name for name in s3._S3_CHECKSUM_HEADERS if headers.get(f"x-amz-checksum-{name}")]
    if len(sent) > 1:
        return "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    if not announced or sent == [announced.lower()] or (not sent and not upload["of_each_part"]):
        return None
    actual = sent[0] if sent else "null"
    expected = announced.lower()
    return (
        "InvalidRequest",
        f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}",
    )


def _refusal(named: list[_Part], upload: dict[str, Any]) -> tuple[str, str] | None:
    numbers, stored, announced = [part.number for part in named], upload["parts"], upload["checksum_algorithm"]
    if numbers != sorted(set(numbers)):
        return "InvalidPartOrder", "The list of parts was not in ascending order."
    if any(stored[number]["size"] < _SMALLEST_BYTES for number in numbers[:-1] if number in stored):
        return "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size."
    for part in named:
        if part.checksums and not announced:
            return "InvalidPart", _NO_SUCH_PART
        if upload["of_each_part"] and announced not in part.checksums:
            return (
                "InvalidRequest",
                f"The upload was created using a {announced.lower()} checksum. The complete request must include the "
                f"checksum for each part. It was missing for part {part.number} in the request.",
            )
    return None
