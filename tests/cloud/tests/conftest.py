"""One cloud with all patches for the whole session, one without any for comparison, and small helpers."""

from __future__ import annotations

import io
import json
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from local_cloud.driver import http  # noqa: E402  (only after the path is set)
from local_cloud.driver.cloud import Cloud  # noqa: E402
from local_cloud.driver.deployment import Aws, administrator  # noqa: E402
from stub_simulator import StubSimulator  # noqa: E402

ACCOUNT, REGION, BUCKET = "111111111111", "ap-northeast-1", "self-test"
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
WITHOUT = "organization,ssm_authorization,workers,step_functions,stack_resources,stack_set,schedules,missing_objects,multipart,athena"


@dataclass
class Rig:
    """A running cloud, its simulator and clients."""

    cloud: Cloud
    stub: StubSimulator
    admin: Aws
    evidence: Path

    def client(self, service: str) -> Any:
        """As root of the management account."""
        return self.admin.client(service)

    def session(self, role_arn: str, admin: Aws | None = None, **more: Any) -> Aws:
        """A session of a role."""
        assumed = (admin or self.admin).client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test", **more)
        keys = assumed["Credentials"]
        return Aws(self.cloud, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def as_account(self, account: str) -> Aws:
        """As root of another account."""
        return Aws(self.cloud, account, "test")

    def role(self, *statements: dict[str, Any], trust: dict[str, Any] | None = None, admin: Aws | None = None) -> str:
        """A role with these permissions, which anybody may assume unless `trust` says otherwise."""
        name, iam = f"role-{uuid.uuid4().hex[:8]}", (admin or self.admin).client("iam")
        trust = trust or {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return arn

    def function(self, source: str, *statements: dict[str, Any], **more: Any) -> str:
        """A Python function; its ARN."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", source)
        return self.client("lambda").create_function(
            FunctionName=f"f-{uuid.uuid4().hex[:8]}",
            Runtime="python3.11",
            Handler="index.handler",
            Timeout=20,
            Role=self.role(*(statements or (ANYTHING,))),
            Code={"ZipFile": packed.getvalue()},
            **more,
        )["FunctionArn"]

    def machine(self, states: dict[str, Any], *statements: dict[str, Any], **more: Any) -> str:
        """A JSONata machine that starts at its first state."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **more}
        return self.client("stepfunctions").create_state_machine(
            name=f"m-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=self.role(*(statements or (ANYTHING,))),
        )["stateMachineArn"]

    def start(self, machine: str, given: Any = None, **more: Any) -> str:
        """Starts an execution; its ARN."""
        states = self.client("stepfunctions")
        return states.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **more)["executionArn"]

    def finish(self, execution: str, seconds: float = 15) -> dict[str, Any]:
        """Waits for the end; DescribeExecution's answer."""
        states, deadline = self.client("stepfunctions"), time.monotonic() + seconds
        while time.monotonic() < deadline:
            described = states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.02)
        raise AssertionError(f"{execution} still runs after {seconds} s")

    def run(
        self, states: dict[str, Any], *statements: dict[str, Any], given: Any = None, **more: Any
    ) -> dict[str, Any]:
        """Machine, execution, end."""
        return self.finish(self.start(self.machine(states, *statements, **more), given))

    def events(self, execution: str) -> list[dict[str, Any]]:
        """The history."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def executions(self) -> list[dict[str, Any]]:
        """All executions with their events, children too."""
        return http.get_json(self.cloud.address, "/_local_cloud/executions")


def start_rig(directory: Path, stub: StubSimulator, without: str = "") -> Rig:
    """A cloud in front of the stub; `without` names extension modules that are left out."""
    evidence = directory / "evidence"
    cloud = Cloud(stub.address, ACCOUNT, REGION, directory, evidence, without)
    cloud.start()
    admin = administrator(cloud)
    location = {"LocationConstraint": REGION}
    admin.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    return Rig(cloud, stub, admin, evidence)


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The cloud with every patch."""
    stub = StubSimulator(speed=100)
    started = start_rig(tmp_path_factory.mktemp("patched"), stub)
    yield started
    started.cloud.stop()
    stub.stop()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Ministack without the patches: what a test proves, it must not show here."""
    stub = StubSimulator(speed=100)
    started = start_rig(tmp_path_factory.mktemp("bare"), stub, WITHOUT)
    yield started
    started.cloud.stop()
    stub.stop()
