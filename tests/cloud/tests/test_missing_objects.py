"""A missing object is 404 for callers who may list the bucket, and 403 for all others."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import BUCKET, Rig

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}


def code(rig: Rig, *statements: dict[str, Any]) -> str:
    """Returns the error code that a role with these permissions gets for a missing object."""
    with pytest.raises(ClientError) as caught:
        rig.session(rig.role(*statements)).client("s3").get_object(Bucket=BUCKET, Key="no/such/object")
    return caught.value.response["Error"]["Code"]


def test_only_who_may_list_is_told_that_it_is_missing(rig: Rig, bare: Rig) -> None:
    assert code(rig, READ, LIST) == "NoSuchKey"
    assert code(rig, READ) == "AccessDenied"
    assert code(bare, READ) == "NoSuchKey"
