"""S3: uploads in parts, and writes on condition. One object at a time, removed at the end of its question."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from ..asker import Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Model, Needs, Page

_BODY = b"orgpatch"
_CRC32 = {"ChecksumCRC32": base64.b64encode(zlib.crc32(_BODY).to_bytes(4, "big")).decode()}
_ANNOUNCED = {"ChecksumAlgorithm": "CRC32"}
_ONCE = {"IfNoneMatch": "*"}
_OF_THE_PART = Model("s3", "CompletedPart.ChecksumCRC32", "was created with the CRC32 checksum algorithm")
_FLOCI = Page("https://github.com/floci-io/floci/pull/3093", "a table of answers of S3, eu-west-1, 2026-09-03")
_PARTS = ("s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload")
_FAILS = "a report that does not fit into one part cannot be written"


def new_object(asker: Asker) -> dict[str, str]:
    """Returns the place of an object that is removed when the question ends."""
    bucket = asker.permitted.bucket
    if not bucket:
        raise CannotTell("set BUCKET=<a bucket of the account, in this Region>")
    place = {"Bucket": bucket, "Key": asker.name()}
    by_hand = f"aws s3api delete-object --bucket {bucket} --key {place['Key']}"
    asker.undo(f"the object {place['Key']}", by_hand, lambda: _remove(asker, place))
    return place


def _remove(asker: Asker, place: dict[str, str]) -> None:
    versions = asker.call("s3", "list_object_versions", Bucket=place["Bucket"], Prefix=place["Key"])
    for version in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        which = {} if version["VersionId"] == "null" else {"VersionId": version["VersionId"]}
        asker.call("s3", "delete_object", **place, **which)


def begin_upload(asker: Asker, place: dict[str, str], announced: dict[str, str]) -> dict[str, str]:
    """Begins an upload; it is aborted when the question ends, unless it is complete by then."""

    def abort() -> None:
        open_ones = asker.call("s3", "list_multipart_uploads", Bucket=place["Bucket"], Prefix=place["Key"])
        for upload in open_ones.get("Uploads", []):
            asker.call("s3", "abort_multipart_upload", **place, UploadId=upload["UploadId"])

    by_hand = f"aws s3api list-multipart-uploads --bucket {place['Bucket']}, aws s3api abort-multipart-upload"
    asker.undo(f"the upload {place['Key']}", by_hand, abort)
    begun = asker.call("s3", "create_multipart_upload", **place, **announced)
    return {**place, "UploadId": begun["UploadId"]}


def _upload(announced: dict[str, str], sent: dict[str, str], repeated: dict[str, str]) -> Callable[[Asker], str]:
    """Returns the question: an upload of one part, with these checksums at its beginning, with the part, at its end."""

    def ask(asker: Asker) -> str:
        upload = begin_upload(asker, new_object(asker), announced)
        try:
            tag = asker.call("s3", "upload_part", **upload, PartNumber=1, Body=_BODY, **sent)["ETag"]
        except ClientError as error:
            return f"part {asker.code(error)}"
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag, **repeated}]}
        return asker.answer("s3", "complete_multipart_upload", **upload, MultipartUpload=parts)

    return ask


def _exists(asker: Asker) -> str:
    place = new_object(asker)
    first = asker.answer("s3", "put_object", **place, Body=_BODY, **_ONCE)
    return f"{first}, then {asker.answer('s3', 'put_object', **place, Body=_BODY, **_ONCE)}"


def _exists_in_parts(asker: Asker) -> str:
    place = new_object(asker)
    asker.call("s3", "put_object", **place, Body=_BODY)
    upload = begin_upload(asker, place, _ANNOUNCED)
    tag = asker.call("s3", "upload_part", **upload, PartNumber=1, Body=_BODY, **_CRC32)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag, **_CRC32}]}
    return asker.answer("s3", "complete_multipart_upload", **upload, MultipartUpload=parts, **_ONCE)


def _fact(name: str, says: str, ask: Callable[[Asker], str], **more: Any) -> Fact:
    given = {"calls": _PARTS, "concerns": ("F-01",), **more}
    return Fact(name=name, says=says, ask=ask, needs=Needs.WRITE, **given)


FACTS = (
    _fact(
        "checksum-announced-and-repeated",
        "An upload whose algorithm is announced, and whose checksums are repeated at its end, is completed.",
        _upload(_ANNOUNCED, _CRC32, _CRC32),
        sources=(_OF_THE_PART, _FLOCI),
        aws=(ACCEPTED,),
        orgpatch={ACCEPTED: "writes large reports like this"},
    ),
    _fact(
        "checksum-repeated-but-not-announced",
        "An upload that begins without an algorithm knows no checksum of a part at its end.",
        _upload({}, _CRC32, _CRC32),
        sources=(
            _OF_THE_PART,
            Page("https://github.com/aws/aws-sdk-go-v2/issues/3005", "InvalidPart in us-west-2"),
            Page("https://github.com/aws/aws-sdk-java-v2/issues/6518", "the same from Hadoop"),
        ),
        aws=("InvalidPart",),
        orgpatch={
            "InvalidPart": "announces the algorithm, because the SDK adds a checksum to each part",
            ACCEPTED: "both forms work",
            "part InvalidRequest": "announces the algorithm",
        },
    ),
    _fact(
        "checksum-neither-announced-nor-repeated",
        "An upload without any checksum is completed.",
        _upload({}, {}, {}),
        sources=(
            Page("https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html", "checksums are optional"),
        ),
        aws=(ACCEPTED,),
        orgpatch={ACCEPTED: "does not do it: without a checksum a damaged part is not found"},
    ),
    _fact(
        "checksum-announced-but-not-repeated",
        "An upload whose algorithm is announced has to repeat the checksum of each part at its end.",
        _upload(_ANNOUNCED, _CRC32, {}),
        sources=(
            _FLOCI,
            Page("https://github.com/apache/opendal/pull/4580", "the complete request must include the checksum"),
        ),
        aws=("InvalidRequest",),
        orgpatch={"InvalidRequest": "repeats it", ACCEPTED: "repeats it"},
    ),
    _fact(
        "checksum-announced-but-not-sent",
        "A part without a checksum is refused if an algorithm was announced.",
        _upload(_ANNOUNCED, {}, _CRC32),
        sources=(_FLOCI,),
        aws=("part InvalidRequest",),
        orgpatch={"part InvalidRequest": "sends it with each part", ACCEPTED: "sends it with each part"},
    ),
    _fact(
        "checksum-of-another-algorithm",
        "A part with a checksum of another algorithm than the announced one is refused.",
        _upload({"ChecksumAlgorithm": "SHA256"}, _CRC32, _CRC32),
        sources=(
            _FLOCI,
            Page("https://github.com/apache/arrow-rs/issues/6793", "Checksum Type mismatch occurred"),
        ),
        aws=("part InvalidRequest",),
        orgpatch={"part InvalidRequest": f"announces CRC32, which the SDK sends; otherwise {_FAILS}"},
    ),
    _fact(
        "checksum-that-is-wrong",
        "A part with a wrong checksum is refused.",
        _upload(_ANNOUNCED, {"ChecksumCRC32": "AAAAAA=="}, {"ChecksumCRC32": "AAAAAA=="}),
        sources=(Page("https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html", "BadDigest"),),
        aws=("part BadDigest",),
        orgpatch={"part BadDigest": "the SDK sends the part again"},
    ),
    _fact(
        "object-is-written-once",
        "PutObject with If-None-Match writes an object once; afterwards 412.",
        _exists,
        calls=("s3:PutObject",),
        sources=(
            Model("s3", "PutObjectRequest.IfNoneMatch", "Otherwise, Amazon S3 returns a 412 Precondition Failed error"),
        ),
        aws=(f"{ACCEPTED}, then PreconditionFailed",),
        orgpatch={
            f"{ACCEPTED}, then PreconditionFailed": "the first writer is right. A 409 is something else: it tries again"
        },
        concerns=("F-16",),
    ),
    _fact(
        "upload-is-completed-once",
        "CompleteMultipartUpload with If-None-Match does not replace an object: 412.",
        _exists_in_parts,
        sources=(Model("s3", "CompleteMultipartUploadRequest.IfNoneMatch", "On a 409 failure you should re-initiate"),),
        aws=("PreconditionFailed",),
        orgpatch={"PreconditionFailed": "aborts its upload. After a 409 it begins anew"},
        concerns=("F-16",),
    ),
)
