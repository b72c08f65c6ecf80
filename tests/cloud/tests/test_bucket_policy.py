"""The policy of the runs bucket, as the template has it: records are written once, and by orgpatch only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from checks import intrinsics, sources
from conftest import ACCOUNT, BUCKET, Rig, is_refused

ANY_OBJECT = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
RECORDS = [
    "runs/r/claim.json",
    "runs/r/run.json",
    "runs/r/steps/01-test-1/settings.json",
    "runs/r/steps/01-test-1/gate.json",
    "runs/r/steps/01-test-1/targets/222200000001/eu-west-1/01/order/0001.json",
]
LASTING = [
    "baselines/1/eu-west-1.json",
    "tested/monthly.json",
    "gates/monthly.json",
    "latest/monthly.json",
    "results/x.json",
]


@dataclass
class Writers:
    """Clients of S3, each with a role that may do anything with S3. The last is no role of orgpatch."""

    scan: Any
    state_machine: Any
    plan_editor: Any
    intruder: Any


@pytest.fixture
def writers(rig: Rig) -> Iterator[Writers]:
    template = sources.template()
    roles = {name: rig.role(ANY_OBJECT) for name in ("ScanRole", "PatchRunRole", "editor", "intruder")}
    text = json.dumps(intrinsics.resolve(template["Resources"]["RunsPolicy"]["Properties"]["PolicyDocument"], template))
    for name in ("ScanRole", "PatchRunRole"):
        text = text.replace(intrinsics.resolve({"Fn::GetAtt": [name, "Arn"]}, template), roles[name])
    text = text.replace(f"arn:aws:iam::{ACCOUNT}:role/plan-editors*", roles["editor"])
    text = text.replace(intrinsics.resolve({"Fn::GetAtt": ["Runs", "Arn"]}, template), f"arn:aws:s3:::{BUCKET}")
    rig.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=text)
    try:
        yield Writers(*(rig.session(role).client("s3") for role in roles.values()))
    finally:
        rig.client("s3").delete_bucket_policy(Bucket=BUCKET)


def may_put(s3: Any, key: str, **more: Any) -> bool:
    return not is_refused("AccessDenied", lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}", **more))


@pytest.mark.parametrize("key", RECORDS)
def test_a_record_is_created_by_orgpatch_and_never_replaced(writers: Writers, key: str) -> None:
    assert not may_put(writers.intruder, key, IfNoneMatch="*"), "prepared by another principal"
    assert not may_put(writers.scan, key), "without the header"
    assert may_put(writers.scan, key, IfNoneMatch="*")
    assert is_refused(
        "PreconditionFailed", lambda: writers.scan.put_object(Bucket=BUCKET, Key=key, Body=b"", IfNoneMatch="*")
    )
    assert not may_put(writers.intruder, key), "replaced by a principal with s3:*"
    assert is_refused("AccessDenied", lambda: writers.intruder.delete_object(Bucket=BUCKET, Key=key))
    assert is_refused("AccessDenied", lambda: writers.scan.delete_object(Bucket=BUCKET, Key=key))


def test_an_upload_in_parts_is_completed_with_the_header(writers: Writers) -> None:
    for number, (condition, done) in enumerate([({}, False), ({"IfNoneMatch": "*"}, True)]):
        place = {"Bucket": BUCKET, "Key": f"runs/parts-{number}/steps/01-test-1/install-plan.json"}
        upload = writers.scan.create_multipart_upload(**place)["UploadId"]
        etag = writers.scan.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"{}")["ETag"]
        parts = {"Parts": [{"ETag": etag, "PartNumber": 1}]}

        def complete(
            place: dict[str, str] = place, upload: str = upload, parts: Any = parts, condition: Any = condition
        ) -> object:
            return writers.scan.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts, **condition)

        assert is_refused("AccessDenied", complete) is not done


def test_an_intruder_cannot_prepare_an_upload(writers: Writers) -> None:
    key = "runs/prepared/steps/01-test-1/settings.json"
    assert is_refused("AccessDenied", lambda: writers.intruder.create_multipart_upload(Bucket=BUCKET, Key=key))


def test_step_functions_writes_the_ends_of_children_without_the_header(writers: Writers) -> None:
    assert may_put(writers.state_machine, "runs/r/steps/01-test-1/children/scan/manifest.json")
    assert not may_put(writers.intruder, "runs/r/steps/01-test-1/children/scan/FAILED_0.json")


def test_a_report_may_be_made_again(writers: Writers) -> None:
    assert may_put(writers.scan, "runs/r/report/report.json")
    assert may_put(writers.scan, "runs/r/report/report.json")
    assert not may_put(writers.intruder, "runs/r/report/report.json")


@pytest.mark.parametrize("key", LASTING)
def test_what_outlives_runs_is_written_by_orgpatch_only(writers: Writers, key: str) -> None:
    assert may_put(writers.scan, key)
    assert not may_put(writers.intruder, key)
    assert is_refused("AccessDenied", lambda: writers.intruder.delete_object(Bucket=BUCKET, Key=key))


def test_plans_are_written_by_their_editors(writers: Writers) -> None:
    assert may_put(writers.plan_editor, "plans/monthly.yaml")
    for other in (writers.intruder, writers.scan):
        assert not may_put(other, "plans/monthly.yaml")
    assert not may_put(writers.plan_editor, "runs/r/run.json", IfNoneMatch="*")
