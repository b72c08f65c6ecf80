"""Uploads in parts: the parts are in ascending order, and only the last one may be small."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from conftest import BUCKET, Rig

LARGE, SMALL = b"x" * (5 * 1024 * 1024), b"y"


def complete(rig: Rig, parts: list[tuple[int, bytes]], order: list[int]) -> str:
    """Uploads the parts and completes the upload in that order; returns the first and last letter, or the error."""
    s3 = rig.admin.client("s3")
    upload = {
        "Bucket": BUCKET,
        "Key": "in/parts",
        "UploadId": s3.create_multipart_upload(Bucket=BUCKET, Key="in/parts")["UploadId"],
    }
    tags = {number: s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"] for number, body in parts}
    named = [{"PartNumber": number, "ETag": tags.get(number, '"no"')} for number in order]
    try:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})
    except ClientError as error:
        return error.response["Error"]["Code"]
    written = s3.get_object(Bucket=BUCKET, Key="in/parts")["Body"].read().decode()
    return written[0] + written[-1]


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
