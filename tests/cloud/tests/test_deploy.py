"""The commands of docs/deploy.md, word for word, against the local cloud.

They need the binaries and the template of `make build`. Only the build itself is left out: `make package` is its last
command, `aws cloudformation package`, over what `make build` has made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from checks import documents
from conftest import REGION, Rig, is_refused, start_rig
from local_cloud.driver import paths
from stub_simulator import StubSimulator

MANAGEMENT, DELEGATED = "111111111111", "222200000001"
PAGE = paths.ROOT / "docs" / "deploy.md"


class Shell:
    """A folder like the repository's root, and the AWS CLI in it as one account's administrator."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig, self.folder = rig, folder
        (folder / "build" / "package").mkdir(parents=True)
        shutil.copy(paths.ROOT / "member-role.yaml", folder)

    def aws(self, account: str, words: list[str] | tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """Runs an `aws …` command line."""
        assert words[0] == "aws"
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.rig.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }
        line = [sys.executable, "-m", "awscli", *words[1:]]
        return subprocess.run(
            line, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def package(self, account: str) -> None:
        """Does what `make package BUCKET=…` does after the build."""
        if not paths.TEMPLATE.exists():
            pytest.skip("nothing is built: run `make build`")
        bucket = documents.EXAMPLES["ArtifactBucket"]
        location = {"LocationConstraint": REGION}
        self.rig.as_account(account).client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
        packaged = self.folder / "build" / "package" / "packaged.yaml"
        words = ["aws", "cloudformation", "package", "--template-file", str(paths.TEMPLATE), "--s3-bucket", bucket]
        ended = self.aws(account, [*words, "--output-template-file", str(packaged)])
        assert ended.returncode == 0, ended.stderr


def command(*parts: str) -> tuple[str, ...]:
    """Returns the only command of the page that has all the parts, with examples for what the reader fills in."""
    [found] = {c.words for c in documents.commands(PAGE) if all(part in c.text for part in parts)}
    return found


DEPLOY = ("cloudformation deploy", "packaged.yaml")
MEMBER_ROLE = ("cloudformation deploy", "member-role.yaml")
FAILED = ("list-stack-instances",)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Starts a cloud in which the organization is the one of the documents."""
    stub = StubSimulator(speed=100)
    stub.organization |= {
        "organizationId": documents.EXAMPLES["OrganizationId"],
        "rootId": documents.EXAMPLES["RootId"],
    }
    rig = start_rig(tmp_path_factory.mktemp("cloud"), stub)
    shell = Shell(rig, tmp_path_factory.mktemp("shell"))
    shell.package(DELEGATED)
    yield shell
    rig.cloud.stop()
    stub.stop()


def left_behind(rig: Rig, account: str) -> dict[str, list[str]]:
    """Returns what an account has of the stack, by kind."""
    client = rig.as_account(account).client
    return {
        "buckets": [
            bucket["Name"]
            for bucket in client("s3").list_buckets()["Buckets"]
            if bucket["Name"] != documents.EXAMPLES["ArtifactBucket"]
        ],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "roles": [role["RoleName"] for role in client("iam").list_roles()["Roles"] if "orgpatch" in role["RoleName"]],
        "functions": [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]],
    }


# ------------------------------------------------------------------------------------------- what AWS would refuse
def test_the_template_is_refused_without_a_bucket(shell: Shell) -> None:
    words = list(command(*DEPLOY))
    place = words.index("--s3-bucket")
    ended = shell.aws(DELEGATED, words[:place] + words[place + 2 :])
    assert ended.returncode != 0
    assert "51,200 bytes must be deployed via an S3 Bucket" in ended.stderr


@pytest.mark.parametrize("which", [DEPLOY, MEMBER_ROLE], ids=["deploy", "member role"])
def test_a_template_with_roles_is_refused_without_its_capability(shell: Shell, which: tuple[str, ...]) -> None:
    words = list(command(*which))
    place = words.index("--capabilities")
    ended = shell.aws(DELEGATED, words[:place] + words[place + 2 :])
    assert ended.returncode != 0
    assert "InsufficientCapabilities" in ended.stderr
    if which == MEMBER_ROLE:
        ended = shell.aws(DELEGATED, ["CAPABILITY_IAM" if word == "CAPABILITY_NAMED_IAM" else word for word in words])
        assert "CAPABILITY_NAMED_IAM" in ended.stderr


def test_a_first_deployment_that_fails_leaves_nothing_behind(shell: Shell) -> None:
    # The account is not the management account, so the stack set cannot be created.
    words = [*command(*DEPLOY), "CallAs=SELF"]
    ended = shell.aws(DELEGATED, words)
    assert ended.returncode != 0
    client = shell.rig.as_account(DELEGATED).client("cloudformation")
    [stack] = client.describe_stacks(StackName="orgpatch")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    failed = [event for event in events(client) if event["ResourceStatus"] == "CREATE_FAILED"]
    assert "MemberRole" in {event["LogicalResourceId"] for event in failed}
    assert left_behind(shell.rig, DELEGATED) == {"buckets": [], "tables": [], "roles": [], "functions": []}
    ended = shell.aws(DELEGATED, command("delete-stack"))
    assert ended.returncode == 0, ended.stderr


def test_a_protected_table_would_stay(shell: Shell) -> None:
    """Why ProtectLedger is not the default: DynamoDB refuses to delete a protected table."""
    ended = shell.aws(DELEGATED, [*command(*DEPLOY), "CallAs=SELF", "ProtectLedger=true"])
    assert ended.returncode != 0
    rig = shell.rig
    [stack] = rig.as_account(DELEGATED).client("cloudformation").describe_stacks(StackName="orgpatch")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_FAILED"
    [table] = left_behind(rig, DELEGATED)["tables"]
    dynamodb = rig.as_account(DELEGATED).client("dynamodb")
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    shell.aws(DELEGATED, command("delete-stack"))


def events(client: Any) -> list[dict[str, Any]]:
    """Returns the events of the stack."""
    return (
        client.get_paginator("describe_stack_events").paginate(StackName="orgpatch").build_full_result()["StackEvents"]
    )


# ------------------------------------------------------------------------------------------------- the commands work
@pytest.fixture(scope="module")
def outputs(shell: Shell) -> dict[str, str]:
    """Deploys as the page says, with a path and a boundary."""
    rig = shell.rig
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    # Every account but one has the policy.
    for account in (entry["id"] for entry in rig.stub.organization["accounts"]):
        if account != "333300000001":
            rig.as_account(account).client("iam").create_policy(
                PolicyName="limit", Path="/ops/", PolicyDocument=json.dumps(everything)
            )
    more = ["RolePath=/operations/", f"PermissionsBoundaryArn=arn:aws:iam::{DELEGATED}:policy/ops/limit"]
    ended = shell.aws(DELEGATED, [*command(*DEPLOY), *more])
    assert ended.returncode == 0, ended.stderr + json.dumps(
        events(rig.as_account(DELEGATED).client("cloudformation")), default=str
    )
    client = rig.as_account(DELEGATED).client("cloudformation")
    [stack] = client.describe_stacks(StackName="orgpatch")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_every_role_has_the_path_and_the_boundary_of_its_own_account(shell: Shell, outputs: dict[str, str]) -> None:
    acting = outputs["ActingRoleArns"].split(",")
    assert all(arn.startswith(f"arn:aws:iam::{DELEGATED}:role/operations/orgpatch-") for arn in acting)
    iam = shell.rig.as_account(DELEGATED).client("iam")
    own = [role for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("orgpatch-")]
    assert len(own) == 10, "nine of the stack, and the member role"
    for account, names in ((DELEGATED, [role["RoleName"] for role in own]), ("222200000002", ["orgpatch-member"])):
        client = shell.rig.as_account(account).client("iam")
        for name in names:
            role = client.get_role(RoleName=name)["Role"]
            assert role["Path"] == "/operations/", name
            boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
            assert boundary == f"arn:aws:iam::{account}:policy/ops/limit", name


def test_the_page_lists_the_accounts_without_a_member_role(shell: Shell, outputs: dict[str, str]) -> None:
    assert outputs
    ended = shell.aws(DELEGATED, command(*FAILED))
    assert ended.returncode == 0, ended.stderr
    reasons = dict(json.loads(ended.stdout))
    # 222200000003 is one that refuses the stack; the other has no policy that could be the boundary.
    assert sorted(reasons) == ["222200000003", "333300000001"]
    assert "policy/ops/limit does not exist" in reasons["333300000001"]


def test_a_function_gets_in_under_its_path_and_another_role_does_not(shell: Shell, outputs: dict[str, str]) -> None:
    rig = shell.rig
    member = "arn:aws:iam::222200000002:role/operations/orgpatch-member"
    external_id = documents.EXAMPLES["ExternalId"]
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    admin = rig.as_account(DELEGATED)
    got_in = {}
    for output in ("ScanRoleArn", "GateRoleArn"):
        arn = outputs[output]
        # Lambda assumes the role; here the test does, so the trust of the role is opened for it.
        policy = json.dumps(trust)
        admin.client("iam").update_assume_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyDocument=policy)
        sts = rig.session(arn, admin).client("sts")
        enter = partial(sts.assume_role, RoleArn=member, RoleSessionName="test", ExternalId=external_id)
        got_in[output] = not is_refused("AccessDenied", enter)
    assert got_in == {"ScanRoleArn": True, "GateRoleArn": False}


def test_functions_know_path_and_stack_set(shell: Shell, outputs: dict[str, str]) -> None:
    assert outputs
    function = shell.rig.as_account(DELEGATED).client("lambda").get_function_configuration(FunctionName="orgpatch-scan")
    variables = function["Environment"]["Variables"]
    assert variables["MEMBER_ROLE_PATH"] == "/operations/"
    assert variables["MEMBER_ROLE_STACK_SET"] == "orgpatch-member-role"
    assert variables["STACK_SET_CALL_AS"] == "DELEGATED_ADMIN"


def test_the_state_machine_has_the_partition(shell: Shell, outputs: dict[str, str]) -> None:
    states = shell.rig.as_account(DELEGATED).client("stepfunctions")
    definition = states.describe_state_machine(stateMachineArn=outputs["StateMachineArn"])["definition"]
    assert "arn:aws:states:::lambda:invoke" in definition
    assert "${" not in definition


def test_the_member_role_can_be_deployed_by_hand(shell: Shell, outputs: dict[str, str]) -> None:
    words = [
        f"ActingRoleArns={outputs['ActingRoleArns']}" if word.startswith("ActingRoleArns=") else word
        for word in command(*MEMBER_ROLE)
    ]
    ended = shell.aws(MANAGEMENT, words)
    assert ended.returncode == 0, ended.stderr
    role = shell.rig.as_account(MANAGEMENT).client("iam").get_role(RoleName="orgpatch-member")["Role"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{DELEGATED}:root"}
    assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": outputs["ActingRoleArns"].split(",")}
