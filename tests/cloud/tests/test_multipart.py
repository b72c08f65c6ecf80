"""Uploads in parts: order, size and checksums of the parts, and writes on condition."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import BUCKET, Rig, plain_client, start_rig
from stub_simulator import StubSimulator
from test_workers import ASKING, ask, invoke

LARGE, SMALL = b"x" * (5 * 1024 * 1024), b"y"


def crc32(body: bytes) -> str:
    """Returns a checksum as S3 writes it."""
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


@cache
def client(endpoint: str) -> Any:
    """Returns a client that adds no checksum of its own accord."""
    return plain_client("s3", endpoint)


def refusal(error: ClientError) -> str:
    """Returns the code of an error, and S3's own text if it is about checksums."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    return f"{code}: {message}" if "checksum" in message else code


class Upload:
    """An upload in parts."""

    def __init__(self, rig: Rig, key: str, **announced: str) -> None:
        self.s3 = client(rig.cloud.endpoint)
        begun = self.s3.create_multipart_upload(Bucket=BUCKET, Key=key, **announced)
        self.names = {"Bucket": BUCKET, "Key": key, "UploadId": begun["UploadId"]}
        self.tags: dict[int, str] = {}

    def send(self, number: int, body: bytes, **checksum: str) -> str:
        """Sends a part; returns "sent" or the error."""
        try:
            answer = self.s3.upload_part(**self.names, PartNumber=number, Body=body, **checksum)
        except ClientError as error:
            return refusal(error)
        self.tags[number] = answer["ETag"]
        return "sent"

    def complete(self, *parts: tuple[int, dict[str, str]], **condition: str) -> str:
        """Completes it with these parts; returns the first and last letter of the object, or the error."""
        named = [{"PartNumber": number, "ETag": self.tags.get(number, '"no"'), **more} for number, more in parts]
        try:
            self.s3.complete_multipart_upload(**self.names, MultipartUpload={"Parts": named}, **condition)
        except ClientError as error:
            return refusal(error)
        written = self.s3.get_object(Bucket=BUCKET, Key=self.names["Key"])["Body"].read().decode()
        return written[0] + written[-1]


def complete(rig: Rig, parts: list[tuple[int, bytes]], order: list[int]) -> str:
    """Uploads the parts without checksums and completes the upload in that order."""
    upload = Upload(rig, "in/parts")
    for number, body in parts:
        upload.send(number, body)
    return upload.complete(*((number, {}) for number in order))


@pytest.mark.parametrize(
    ("parts", "order", "answer", "natively"),
    [
        ([(2, SMALL), (1, LARGE)], [1, 2], "xy", "xy"),
        ([(1, SMALL)], [1], "yy", "yy"),
        ([(1, LARGE), (2, SMALL)], [2, 1], "InvalidPartOrder", "xy"),
        ([(1, LARGE)], [1, 1], "InvalidPartOrder", "xx"),
        ([(1, SMALL), (2, LARGE)], [1, 2], "EntityTooSmall", "yx"),
        ([(1, LARGE)], [1, 2], "InvalidPart", "InvalidPart"),
    ],
)
def test_an_upload_is_completed_as_s3_does(
    rig: Rig, bare: Rig, parts: list[tuple[int, bytes]], order: list[int], answer: str, natively: str
) -> None:
    assert complete(rig, parts, order) == answer
    assert complete(bare, parts, order) == natively


CRC32 = {"ChecksumAlgorithm": "CRC32"}
RIGHT, WRONG, OTHER = {"ChecksumCRC32": crc32(SMALL)}, {"ChecksumCRC32": crc32(LARGE)}, {"ChecksumSHA1": "A" * 27 + "="}
SHA1 = {"ChecksumSHA1": "lcsL/Sl3x2EpjZYk5LTUxyo5l0o="}
MISMATCH = "InvalidRequest: Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: "


@pytest.mark.parametrize(
    ("announced", "sent", "repeated", "answer", "natively"),
    [
        # What orgpatch does: announced, sent and repeated.
        (CRC32, RIGHT, RIGHT, "yy", "yy"),
        # Without an algorithm S3 knows no checksum of a part, though it accepts one with the part.
        ({}, {}, {}, "yy", "yy"),
        ({}, RIGHT, {}, "yy", "yy"),
        ({}, RIGHT, RIGHT, "InvalidPart", "yy"),
        ({}, {}, RIGHT, "InvalidPart", "InvalidPart"),
        # With an algorithm each part has its checksum, twice.
        (
            CRC32,
            RIGHT,
            {},
            "InvalidRequest: The upload was created using a crc32 checksum. The complete request must include the "
            "checksum for each part. It was missing for part 1 in the request.",
            "yy",
        ),
        (CRC32, RIGHT, WRONG, "InvalidPart", "InvalidPart"),
        (CRC32, {}, RIGHT, f"{MISMATCH}null", "yy"),
        (CRC32, SHA1, RIGHT, f"{MISMATCH}sha1", "yy"),
        (CRC32, WRONG, WRONG, "BadDigest: The CRC32 you specified did not match the calculated checksum.", None),
        ({}, OTHER, {}, "BadDigest: The SHA1 you specified did not match the calculated checksum.", None),
        # The checksum of the whole object follows from those of the parts.
        (CRC32 | {"ChecksumType": "FULL_OBJECT"}, {}, {}, "yy", "yy"),
        ({"ChecksumAlgorithm": "CRC64NVME"}, {}, {}, "yy", "yy"),
    ],
)
def test_checksums_of_parts_are_those_of_s3(
    rig: Rig,
    bare: Rig,
    announced: dict[str, str],
    sent: dict[str, str],
    repeated: dict[str, str],
    answer: str,
    natively: str | None,
) -> None:
    def outcome(subject: Rig) -> str:
        upload = Upload(subject, "in/checked", **announced)
        refused = upload.send(1, SMALL, **sent)
        return refused if refused != "sent" else upload.complete((1, repeated))

    assert outcome(rig) == answer
    assert outcome(bare) == (natively or answer)


def test_a_refused_upload_can_still_be_completed(rig: Rig) -> None:
    upload = Upload(rig, "in/again", **CRC32)
    assert upload.send(1, SMALL) == f"{MISMATCH}null"
    assert upload.send(1, SMALL, **RIGHT) == "sent"
    assert upload.complete((1, {})).startswith("InvalidRequest")
    assert upload.complete((1, RIGHT)) == "yy"


@pytest.mark.parametrize(("announced", "answer"), [(CRC32, "yy"), ({}, "InvalidPart")])
def test_the_checksum_that_an_sdk_adds_is_repeated_only_if_it_was_announced(
    rig: Rig, announced: dict[str, str], answer: str
) -> None:
    """boto3 sends CRC32 behind the body of each part, like the SDK for Rust, whether it was announced or not."""
    upload = Upload(rig, "in/default", **announced)
    upload.s3 = rig.client("s3")
    part = upload.s3.upload_part(**upload.names, PartNumber=1, Body=SMALL)
    upload.tags[1] = part["ETag"]
    assert upload.complete((1, {"ChecksumCRC32": part["ChecksumCRC32"]})) == answer


def test_an_object_that_exists_is_not_replaced(rig: Rig) -> None:
    once = {"IfNoneMatch": "*"}
    first, second = (Upload(rig, "in/once", **CRC32) for _ in range(2))
    assert first.send(1, SMALL, **RIGHT) == second.send(1, SMALL, **RIGHT) == "sent"
    assert first.complete((1, RIGHT), **once) == "yy"
    assert second.complete((1, RIGHT), **once) == "PreconditionFailed"
    with pytest.raises(ClientError) as caught:
        first.s3.put_object(Bucket=BUCKET, Key="in/once", Body=b"z", **once)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    # The upload that lost is there until it is aborted: its parts are paid for.
    second.s3.abort_multipart_upload(**second.names)


CONFLICT = "ConditionalRequestConflict"
FAULTS: list[dict[str, Any]] = [
    {"operation": "s3:CompleteMultipartUpload", "error": CONFLICT, "request": "conflict/parts"},
    {"operation": "s3:PutObject", "error": CONFLICT, "request": "conflict/whole"},
    {"operation": "s3:CreateMultipartUpload", "error": "SlowDown", "request": "slow/begin"},
    {"operation": "s3:UploadPart", "error": "SlowDown", "request": "slow/part"},
]


@pytest.fixture(scope="module")
def conflicting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, str]]:
    """Starts a cloud whose S3 has faults, with a function that makes one call."""
    stub = StubSimulator(faults=FAULTS)
    rig = start_rig(tmp_path_factory.mktemp("conflicting"), stub)
    yield rig, rig.function(ASKING)
    rig.cloud.stop()
    stub.stop()


def called(conflicting: tuple[Rig, str], operation: str, **arguments: Any) -> str | None:
    """Lets the function make a call; returns its error code. The faults strike functions only."""
    rig, function = conflicting
    return invoke(rig, function, **ask("s3", operation, arguments={"Bucket": BUCKET, **arguments})).get("code")


def test_after_a_conflict_the_upload_is_gone(conflicting: tuple[Rig, str]) -> None:
    def finish() -> tuple[str | None, str]:
        upload = Upload(conflicting[0], "conflict/parts", **CRC32)
        upload.send(1, SMALL, **RIGHT)
        parts = {"Parts": [{"PartNumber": 1, "ETag": upload.tags[1], **RIGHT}]}
        code = called(
            conflicting,
            "complete_multipart_upload",
            Key="conflict/parts",
            UploadId=upload.names["UploadId"],
            MultipartUpload=parts,
            IfNoneMatch="*",
        )
        return code, upload.complete((1, RIGHT))

    assert finish() == (CONFLICT, "NoSuchUpload")
    assert finish() == (None, "yy"), "an upload that is begun anew succeeds"


def test_after_a_conflict_the_object_may_not_exist(conflicting: tuple[Rig, str]) -> None:
    put = {"Key": "conflict/whole", "IfNoneMatch": "*"}
    assert called(conflicting, "put_object", **put) == CONFLICT
    assert called(conflicting, "get_object", Key="conflict/whole") == "NoSuchKey"
    assert called(conflicting, "put_object", **put) is None


def test_a_fault_may_name_the_operation_of_an_upload(conflicting: tuple[Rig, str]) -> None:
    begin = {"Key": "slow/begin", "ChecksumAlgorithm": "CRC32"}
    assert [called(conflicting, "create_multipart_upload", **begin) for _ in range(2)] == ["SlowDown", None]
    upload = Upload(conflicting[0], "slow/part", **CRC32)
    part = {"Key": "slow/part", "UploadId": upload.names["UploadId"], "PartNumber": 1}
    assert [called(conflicting, "upload_part", **part) for _ in range(2)] == ["SlowDown", None]
