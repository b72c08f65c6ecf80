"""A local cloud for the conformance tests: fleet-sim behind the extended ministack, asked by the root of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.asker import Asker, Permitted
from conftest import ACCOUNT, REGION, create_role, plain_client
from local_cloud.driver.cloud import Cloud
from local_cloud.driver.simulator import Simulator

BUCKET, INSTANCE = "sandbox-bucket-of-a-team", "i-00000001"
SCENARIO = f"""
schemaVersion: 1
clock: {{start: "2026-11-10T00:00:00Z", speed: 50}}
management: "{ACCOUNT}"
organization:
  - {{ou: Test, id: ou-abcd-11111111, accounts: ["222200000001"]}}
patches:
  - id: bash.x86_64
    version: "5"
    os: AMAZON_LINUX_2023
    released: "2026-10-01"
    classification: Security
    severity: Critical
fleet:
  - {{account: "{ACCOUNT}", region: {REGION}, id: {INSTANCE}, os: AMAZON_LINUX_2023, inventory: true}}
  - account: "{ACCOUNT}"
    region: {REGION}
    id: i-00000002
    os: WINDOWS
    associations: [{{name: maintenance-window, start: "2026-11-09T23:50:00Z", seconds: 80000}}]
  # It has the result of a scan of the day before, with a patch that is installed.
  - account: "{ACCOUNT}"
    region: {REGION}
    id: i-00000003
    os: AMAZON_LINUX_2023
    installed: [bash.x86_64]
    associations: [{{name: patch-now-running, operation: scan, start: "2026-11-09T00:00:00Z", seconds: 60}}]
  - {{account: "{ACCOUNT}", region: {REGION}, hybrid: true, os: UBUNTU}}
"""


@dataclass
class Sandbox:
    """A running local cloud, and how to ask it."""

    cloud: Cloud
    evidence: Path

    def client(self, service: str, *keys: str) -> Any:
        """Returns a client that adds no checksum by itself; without keys it has all permissions in the account."""
        return plain_client(service, self.cloud.endpoint, *keys)

    def asker(self, permitted: Permitted, clients: Callable[[str], Any] | None = None) -> Asker:
        """Returns a new asker."""
        return Asker(clients or self.client, permitted, ACCOUNT, REGION, "aws")

    def baselines(self) -> list[str]:
        """Returns the names of the account's own baselines."""
        filters = [{"Key": "OWNER", "Values": ["Self"]}]
        found = self.client("ssm").describe_patch_baselines(Filters=filters)["BaselineIdentities"]
        return [one["BaselineName"] for one in found]

    def as_role(self, policy: str) -> Callable[[str], Any]:
        """Returns clients of a new role with that policy, and nothing else."""
        role = create_role(self.client("iam"), "operator", policy)
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        session = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return lambda service: self.client(service, *session)

    def empty(self) -> None:
        """Removes the account's own baselines."""
        ssm = self.client("ssm")
        filters = [{"Key": "OWNER", "Values": ["Self"]}]
        for one in ssm.describe_patch_baselines(Filters=filters)["BaselineIdentities"]:
            ssm.delete_patch_baseline(BaselineId=one["BaselineId"])

    def stored(self) -> list[str]:
        """Returns the objects and uploads of the bucket."""
        s3 = self.client("s3")
        objects = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        uploads = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return [one["Key"] for one in [*objects, *uploads]]


@contextmanager
def sandbox(directory: Path) -> Iterator[Sandbox]:
    """Starts the local cloud for the time of the block."""
    scenario = directory / "scenario.yaml"
    scenario.write_text(SCENARIO)
    simulator = Simulator(scenario, directory)
    simulator.wait()
    evidence = directory / "evidence"
    cloud = Cloud(simulator.address, ACCOUNT, REGION, directory, evidence)
    try:
        cloud.start()
        simulator.start_clock()
        started = Sandbox(cloud, evidence)
        location = {"LocationConstraint": REGION}
        started.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        yield started
    finally:
        cloud.stop()
        simulator.child.stop()
