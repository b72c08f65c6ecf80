"""Starts one cloud with all patches and one without any for comparison, and offers small helpers."""

from __future__ import annotations

import io
import json
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from local_cloud.driver import http  # noqa: E402  (only after the path is set)
from local_cloud.driver.cloud import Cloud  # noqa: E402
from local_cloud.driver.deployment import Aws, administrator  # noqa: E402
from stub_simulator import StubSimulator  # noqa: E402

ACCOUNT, REGION, BUCKET = "111111111111", "ap-northeast-1", "self-test"
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
# The modules of the extension that change what a caller sees; `bare` runs without them.
WITHOUT = (
    "organization,ssm_authorization,workers,step_functions,stack_resources,stack_set,schedules,missing_objects,"
    "multipart,notifications,athena,lambda_limits,lambda_memory,leading_keys,dates,definitions,cloudtrail"
)


@dataclass
class Rig:
    """A running cloud, its simulator and clients."""

    cloud: Cloud
    stub: StubSimulator
    admin: Aws
    evidence: Path

    def client(self, service: str) -> Any:
        """Returns a client with the permissions of root in the management account."""
        return self.admin.client(service)

    def session(self, role_arn: str, admin: Aws | None = None, **more: Any) -> Aws:
        """Assumes a role and returns the session."""
        assumed = (admin or self.admin).client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test", **more)
        keys = assumed["Credentials"]
        return Aws(self.cloud, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def as_account(self, account: str) -> Aws:
        """Returns the identity of root in another account."""
        return Aws(self.cloud, account, "test")

    def role(self, *statements: dict[str, Any], trust: dict[str, Any] | None = None, admin: Aws | None = None) -> str:
        """Creates a role with these permissions. Any identity may assume it, unless `trust` says otherwise."""
        name, iam = f"role-{uuid.uuid4().hex[:8]}", (admin or self.admin).client("iam")
        return create_role(iam, name, document_of(*statements), trust)

    def function(self, source: str, *statements: dict[str, Any], name: str = "", **more: Any) -> str:
        """Creates a Python function; returns its ARN."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", source)
        return self.client("lambda").create_function(
            FunctionName=name or f"f-{uuid.uuid4().hex[:8]}",
            Runtime="python3.11",
            Handler="index.handler",
            Timeout=20,
            Role=self.role(*(statements or (ANYTHING,))),
            Code={"ZipFile": packed.getvalue()},
            **more,
        )["FunctionArn"]

    def machine(self, states: dict[str, Any], *statements: dict[str, Any], **more: Any) -> str:
        """Creates a JSONata machine that starts at its first state; returns its ARN."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **more}
        return self.client("stepfunctions").create_state_machine(
            name=f"m-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=self.role(*(statements or (ANYTHING,))),
        )["stateMachineArn"]

    def start(self, machine: str, given: Any = None, **more: Any) -> str:
        """Starts an execution; returns its ARN."""
        states = self.client("stepfunctions")
        return states.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **more)["executionArn"]

    def finish(self, execution: str, seconds: float = 15) -> dict[str, Any]:
        """Waits for the end; returns the answer of DescribeExecution."""
        states, deadline = self.client("stepfunctions"), time.monotonic() + seconds
        while time.monotonic() < deadline:
            described = states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.02)
        raise AssertionError(f"{execution} did not end within {seconds} s")

    def run(
        self, states: dict[str, Any], *statements: dict[str, Any], given: Any = None, **more: Any
    ) -> dict[str, Any]:
        """Creates a machine, starts it and waits for its end."""
        return self.finish(self.start(self.machine(states, *statements, **more), given))

    def events(self, execution: str) -> list[dict[str, Any]]:
        """Returns the history of an execution."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def executions(self) -> list[dict[str, Any]]:
        """Returns all executions with their events, including children."""
        return http.get_json(self.cloud.address, "/_local_cloud/executions")


def document_of(*statements: dict[str, Any]) -> str:
    """Returns a policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def create_role(iam: Any, name: str, policy: str, trust: dict[str, Any] | None = None) -> str:
    """Creates a role with this policy, `p`; returns its ARN. Any identity may assume it without a `trust`."""
    trust = trust or {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document_of(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return arn


# botocore's service descriptions are megabytes of JSON, which all clients share.
_LOADER = botocore.session.Session().get_component("data_loader")


def plain_client(service: str, endpoint: str, *keys: str) -> Any:
    """Returns a client that adds no checksum of its own accord. boto3, like the SDK for Rust, usually sends CRC32.

    `keys` are those of a session; without them it has all permissions in the account.
    """
    config = Config(
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
    )
    core = botocore.session.Session()
    core.register_component("data_loader", _LOADER)
    session = boto3.Session(*(keys or (ACCOUNT, "test")), region_name=REGION, botocore_session=core)
    return session.client(service, endpoint_url=endpoint, config=config)


def is_refused(code: str, call: Callable[[], object]) -> bool:
    """Makes a call; returns True if it fails with the error code, False if it succeeds. Other errors pass through."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return True
    return False


def start_rig(
    directory: Path, stub: StubSimulator, without: str = "", clock: str = "running", new_principal_seconds: float = 15
) -> Rig:
    """Starts a cloud in front of the stub; `without` names the modules of the extension to leave out."""
    evidence = directory / "evidence"
    cloud = Cloud(stub.address, ACCOUNT, REGION, directory, evidence, without, clock, new_principal_seconds)
    cloud.start()
    admin = administrator(cloud)
    location = {"LocationConstraint": REGION}
    admin.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    return Rig(cloud, stub, admin, evidence)


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Starts the cloud with every patch."""
    stub = StubSimulator(speed=100)
    started = start_rig(tmp_path_factory.mktemp("patched"), stub)
    yield started
    started.cloud.stop()
    stub.stop()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Starts ministack without the patches: here the expectations of a test must fail."""
    stub = StubSimulator(speed=100)
    started = start_rig(tmp_path_factory.mktemp("bare"), stub, WITHOUT)
    yield started
    started.cloud.stop()
    stub.stop()
