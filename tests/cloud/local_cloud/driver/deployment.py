"""Deploys the system with the real AWS CLI, and creates the roles that the driver uses."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import yaml
from botocore.config import Config

from . import paths
from .cloud import Cloud
from .errors import DriverError

STACK = "orgpatch"
EXTERNAL_ID = "local-cloud-external-id"
_ARTIFACTS = "deployment-artifacts"
_OPERATOR = "local-cloud-operator"


@dataclass(frozen=True)
class Deployment:
    """What the driver needs to know of the deployed stack."""

    state_machine: str
    bucket: str
    outputs: dict[str, str]


# botocore's service descriptions are megabytes of JSON, so all identities share one loader.
_LOADER = botocore.session.Session().get_component("data_loader")


class Aws:
    """boto3 clients of one identity."""

    def __init__(self, cloud: Cloud, key: str, secret: str, token: str | None = None) -> None:
        core = botocore.session.Session()
        core.register_component("data_loader", _LOADER)
        self._session = boto3.Session(key, secret, token, region_name=cloud.region, botocore_session=core)
        self._endpoint = cloud.endpoint
        self._keys = (key, secret, token)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Returns a client. It retries once at most, because the emulator is one process on this machine.

        It waits long for an answer: on a busy computer the emulator has been silent for more than a minute.
        """
        if service not in self._clients:
            config = Config(
                retries={"total_max_attempts": 2},
                read_timeout=300,
                max_pool_connections=20,
                s3={"addressing_style": "path"},
            )
            self._clients[service] = self._session.client(service, endpoint_url=self._endpoint, config=config)
        return self._clients[service]

    def environment(self) -> dict[str, str]:
        """Returns the environment variables that let a program act as this identity."""
        key, secret, token = self._keys
        session = {"AWS_SESSION_TOKEN": token} if token else {}
        return {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": self._endpoint,
            **session,
        }


def administrator(cloud: Cloud) -> Aws:
    """Returns the identity that deploys: ministack accepts an account id as the access key of that account's root."""
    return Aws(cloud, cloud.account, "test")


def template(given: Path | None) -> Path:
    """Returns the template to deploy: the given one, or the checkout's, rendered again if it is out of date."""
    if given is not None:
        return given.resolve()
    script = paths.ROOT / "scripts" / "render_template.py"
    sources = [script, paths.ROOT / "template.yaml", paths.ROOT / "member-role.yaml"]
    newest = max(source.stat().st_mtime for source in sources)
    if not paths.TEMPLATE.exists() or paths.TEMPLATE.stat().st_mtime < newest:
        _call([sys.executable, str(script)], dict(os.environ), "rendering the template")
    return paths.TEMPLATE


def deploy(cloud: Cloud, source: Path, organization: dict[str, Any], given: dict[str, str]) -> Deployment:
    """Runs `aws cloudformation package` and `deploy` as an operator does."""
    assert cloud.child is not None
    directory = cloud.child.log.parent
    packaged = directory / "packaged.yaml"
    admin = administrator(cloud)
    location = {"LocationConstraint": cloud.region}
    admin.client("s3").create_bucket(Bucket=_ARTIFACTS, CreateBucketConfiguration=location)
    environment = _cli_environment(cloud, directory)
    aws = [sys.executable, "-m", "awscli"]
    _call(
        [
            *aws,
            "cloudformation",
            "package",
            "--template-file",
            str(source),
            "--s3-bucket",
            _ARTIFACTS,
            "--output-template-file",
            str(packaged),
        ],
        environment,
        "aws cloudformation package",
    )
    values = _parameters(source, organization, given, cloud.account)
    _call(
        [
            *aws,
            "cloudformation",
            "deploy",
            "--template-file",
            str(packaged),
            "--stack-name",
            STACK,
            "--s3-bucket",
            _ARTIFACTS,
            "--capabilities",
            "CAPABILITY_IAM",
            "--parameter-overrides",
            *[f"{key}={value}" for key, value in values.items()],
        ],
        environment,
        "aws cloudformation deploy",
        lambda: _failed_resources(admin),
    )
    stack = admin.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return Deployment(outputs["StateMachineArn"], outputs["RunsBucket"], outputs)


def operator(cloud: Cloud, deployment: Deployment) -> Aws:
    """Returns a session with an operator's permissions only. Root would not prove that these permissions suffice."""
    machine, bucket = deployment.state_machine, f"arn:aws:s3:::{deployment.bucket}"
    executions = machine.replace(":stateMachine:", ":execution:")
    return assume(
        cloud,
        _OPERATOR,
        [
            {"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine},
            {
                "Effect": "Allow",
                "Action": ["states:DescribeExecution", "states:StopExecution"],
                "Resource": f"{executions}:*",
            },
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{bucket}/plans/*"},
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": [f"{bucket}/runs/*", f"{bucket}/latest/*", f"{bucket}/results/*"],
            },
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
        ],
    )


def assume(cloud: Cloud, name: str, statements: list[dict[str, Any]]) -> Aws:
    """Creates a role that people of the account may assume, and returns a session of it."""
    admin = administrator(cloud)
    iam = admin.client("iam")
    people = {"AWS": f"arn:aws:iam::{cloud.account}:root"}
    trust = _policy([{"Effect": "Allow", "Principal": people, "Action": "sts:AssumeRole"}])
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=_policy(statements))
    session = admin.client("sts").assume_role(RoleArn=role, RoleSessionName="driver")["Credentials"]
    return Aws(cloud, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _parameters(source: Path, organization: dict[str, Any], given: dict[str, str], account: str) -> dict[str, str]:
    known = {
        "CallAs": "SELF" if account == organization["managementAccountId"] else "DELEGATED_ADMIN",
        "OrganizationId": organization["organizationId"],
        "MemberOrganizationalUnitIds": organization["rootId"],
        "ExternalId": EXTERNAL_ID,
        "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
    }
    document = yaml.compose(source.read_text(), Loader=yaml.SafeLoader)
    if not isinstance(document, yaml.MappingNode):
        raise DriverError(f"{source} is not a CloudFormation template: its top level is not a mapping")
    names: set[str] = set()
    for key, value in document.value:
        if key.value == "Parameters":
            names = {name.value for name, _ in value.value}
    unknown = given.keys() - names
    if unknown:
        raise DriverError(
            f"--parameter: the template has no parameter {', '.join(sorted(unknown))}; "
            f"its parameters are {', '.join(sorted(names))}"
        )
    return {**{key: value for key, value in known.items() if key in names}, **given}


def _cli_environment(cloud: Cloud, directory: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(directory),
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def _call(command: list[str], environment: dict[str, str], what: str, explain: Callable[[], str] = lambda: "") -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=paths.ROOT, check=False)
    if done.returncode != 0:
        raise DriverError(f"{what} failed:\n{done.stdout}{done.stderr}{explain()}")


def _failed_resources(admin: Aws) -> str:
    events = admin.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return "\n".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed)
