"""Object Lock: who may lock an object, and who may delete a locked version."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from checks import intrinsics, sources
from conftest import Rig, is_refused
from test_stack import deploy

FAR = datetime.now(UTC) + timedelta(days=3650)
LOCK: dict[str, Any] = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": FAR}
KEY = "runs/r/report/report.json"


def allow(*actions: str) -> dict[str, Any]:
    """Returns a statement for all objects."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def bucket(rig: Rig, monkeypatch: pytest.MonkeyPatch, days: int) -> str:
    """Creates a bucket with the lock that the template gives to the runs bucket, and returns its name."""
    template = sources.template()
    monkeypatch.setitem(intrinsics.PARAMETERS, "EvidenceRetentionDays", days)
    monkeypatch.setattr(intrinsics, "CONDITIONS", {"KeepsEvidence"} if days > 0 else set())
    declared = template["Resources"]["Runs"]["Properties"]
    properties = {
        "BucketName": f"b-{uuid.uuid4().hex[:8]}",
        **{
            name: value
            for name in ("VersioningConfiguration", "ObjectLockConfiguration")
            if (value := intrinsics.resolve(declared[name], template)) is not intrinsics.NO_VALUE
        },
    }
    _, ids = deploy(rig, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    return ids["Bucket"]


def test_a_locked_version_stays_and_only_a_bypass_removes_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    name = bucket(rig, monkeypatch, 30)
    report = rig.session(rig.role(allow("s3:PutObject", "s3:PutObjectRetention"))).client("s3")
    version = report.put_object(Bucket=name, Key=KEY, Body=b"{}", ChecksumAlgorithm="SHA256", **LOCK)["VersionId"]
    # A report that is made again is a new version.
    report.put_object(Bucket=name, Key=KEY, Body=b"{}", ChecksumAlgorithm="SHA256", **LOCK)
    deleter = rig.session(rig.role(allow("s3:DeleteObject", "s3:DeleteObjectVersion"))).client("s3")
    with pytest.raises(ClientError, match="AccessDenied"):
        deleter.delete_object(Bucket=name, Key=KEY, VersionId=version)
    locked = {"Bucket": name, "Key": KEY, "VersionId": version}
    assert is_refused("AccessDenied", lambda: deleter.delete_object(**locked, BypassGovernanceRetention=True))
    rig.client("s3").delete_object(**locked, BypassGovernanceRetention=True)


def test_a_lock_needs_its_own_permission(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    name = bucket(rig, monkeypatch, 30)
    writer = rig.session(rig.role(allow("s3:PutObject"))).client("s3")
    writer.put_object(Bucket=name, Key=KEY, Body=b"{}")
    locked = {"Bucket": name, "Key": KEY, "Body": b"{}", "ChecksumAlgorithm": "SHA256", **LOCK}
    assert is_refused("AccessDenied", lambda: writer.put_object(**locked))
    assert is_refused("AccessDenied", lambda: writer.create_multipart_upload(Bucket=name, Key=KEY, **LOCK))


def test_without_the_parameter_the_bucket_takes_no_lock(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    name = bucket(rig, monkeypatch, 0)
    with pytest.raises(ClientError, match="InvalidRequest"):
        rig.client("s3").put_object(Bucket=name, Key=KEY, Body=b"{}", ChecksumAlgorithm="SHA256", **LOCK)
