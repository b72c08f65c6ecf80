"""The commands of docs/deploy.md, word for word, against the local cloud.

They need the binaries and the template of `make build`. Only the build itself is left out: `make package` is its last
command, `aws cloudformation package`, over what `make build` has made.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from checks import documents
from conftest import REGION, Rig, is_refused, start_rig
from local_cloud.driver import paths
from stub_simulator import StubSimulator, instance

MANAGEMENT, DELEGATED = "111111111111", "222200000001"
TAG = "Patched by: us"
PAGE = paths.ROOT / "docs" / "deploy.md"


class Shell:
    """A folder like the repository's root, and the AWS CLI in it as one account's administrator."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig, self.folder = rig, folder
        # The second in which the last command ended.
        self.second = 0
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
        # `deploy` names a change set by the second in which it makes it, and a stack takes each name once.
        while int(time.time()) == self.second:
            time.sleep(0.05)
        ended = subprocess.run(
            line, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        self.second = int(time.time())
        return ended

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
    stub.instances = [instance("222200000002", "i-tagged", {TAG: "yes"}), instance("222200000002", "i-bare", {})]
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


def packed(source: str) -> bytes:
    """Returns the code of a Python function."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.py", source)
    return file.getvalue()


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
    entering = [arn for name in ("ActingRoleArns", "LookingRoleArns") for arn in outputs[name].split(",")]
    assert len(entering) == 4
    assert all(arn.startswith(f"arn:aws:iam::{DELEGATED}:role/operations/orgpatch-") for arn in entering)
    iam = shell.rig.as_account(DELEGATED).client("iam")
    own = [role for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("orgpatch-")]
    assert len(own) == 13, "eleven of the stack, and the two member roles"
    members = ["orgpatch-member", "orgpatch-member-look"]
    for account, names in ((DELEGATED, [role["RoleName"] for role in own]), ("222200000002", members)):
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


ENTERING = """
import boto3
def handler(event, context):
    try:
        boto3.client("sts").assume_role(RoleSessionName="test", **event)
    except Exception as error:
        return error.response["Error"]["Code"]
    return "in"
"""


@pytest.mark.parametrize(
    ("function", "role", "member", "gets_in"),
    [
        ("orgpatch-scan", "ScanRoleArn", "orgpatch-member", True),
        ("orgpatch-scan", "ScanRoleArn", "orgpatch-member-look", False),
        ("orgpatch-assume-role", "AssumeRoleRoleArn", "orgpatch-member-look", True),
        ("orgpatch-assume-role", "AssumeRoleRoleArn", "orgpatch-member", False),
        ("orgpatch-gate", "GateRoleArn", "orgpatch-member", False),
        # A function that a person made, and gave a role of orgpatch.
        ("another", "ScanRoleArn", "orgpatch-member", False),
        ("another", "AssumeRoleRoleArn", "orgpatch-member-look", False),
    ],
)
def test_a_function_gets_in_under_its_path_and_nothing_else_does(
    shell: Shell, outputs: dict[str, str], function: str, role: str, member: str, gets_in: bool
) -> None:
    client = shell.rig.as_account(DELEGATED).client("lambda")
    # The answer must come from the policies, so the function's own code is replaced by one that asks and nothing else.
    python = {"Runtime": "python3.11", "Handler": "index.handler"}
    if function == "another":
        made = {"Role": outputs[role], "Code": {"ZipFile": packed(ENTERING)}, "Timeout": 20}
        client.create_function(FunctionName=function, **made, **python)
    else:
        client.update_function_configuration(FunctionName=function, **python)
        client.update_function_code(FunctionName=function, ZipFile=packed(ENTERING))
    event = {
        "RoleArn": f"arn:aws:iam::222200000002:role/operations/{member}",
        "ExternalId": documents.EXAMPLES["ExternalId"],
    }
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event))["Payload"].read()
    assert json.loads(answer) == ("in" if gets_in else "AccessDenied")
    if function == "another":
        client.delete_function(FunctionName=function)


def test_the_role_of_a_function_is_of_no_use_outside_of_it(shell: Shell, outputs: dict[str, str]) -> None:
    rig, arn = shell.rig, outputs["ScanRoleArn"]
    admin = rig.as_account(DELEGATED)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    admin.client("iam").update_assume_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyDocument=json.dumps(trust))
    sts = rig.session(arn, admin).client("sts")
    member, external_id = "arn:aws:iam::222200000002:role/operations/orgpatch-member", documents.EXAMPLES["ExternalId"]
    enter = partial(sts.assume_role, RoleArn=member, RoleSessionName="test", ExternalId=external_id)
    assert is_refused("AccessDenied", enter)


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


def test_the_member_roles_can_be_deployed_by_hand(shell: Shell, outputs: dict[str, str]) -> None:
    words = list(command(*MEMBER_ROLE))
    for name in ("ActingRoleArns", "LookingRoleArns"):
        words = [f"{name}={outputs[name]}" if word.startswith(f"{name}=") else word for word in words]
    ended = shell.aws(MANAGEMENT, words)
    assert ended.returncode == 0, ended.stderr
    iam = shell.rig.as_account(MANAGEMENT).client("iam")
    for role, trusted in (("orgpatch-member", "ActingRoleArns"), ("orgpatch-member-look", "LookingRoleArns")):
        [statement] = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{DELEGATED}:root"}
        assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": outputs[trusted].split(",")}


def test_commands_go_to_tagged_instances_only_if_the_operator_says_so(shell: Shell, outputs: dict[str, str]) -> None:
    rig, member = shell.rig, "222200000002"
    admin = rig.as_account(member)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}

    def sends(key: str) -> dict[str, bool]:
        more = [f"{name}={outputs[name]}" for name in ("ActingRoleArns", "LookingRoleArns")]
        more += [f"InstanceTagKey={key}", "MemberRoleName=tagged"]
        words = [word for word in command(*MEMBER_ROLE) if not word.startswith(("ActingRoleArns=", "LookingRoleArns="))]
        ended = shell.aws(member, [word.replace("orgpatch-member-role", "tagged") for word in words] + more)
        assert ended.returncode == 0, ended.stderr
        admin.client("iam").update_assume_role_policy(RoleName="tagged", PolicyDocument=json.dumps(trust))
        ssm = rig.session(f"arn:aws:iam::{member}:role/tagged", admin).client("ssm")
        send = partial(ssm.send_command, DocumentName="AWS-RunPatchBaseline")
        return {
            instance: not is_refused("AccessDeniedException", partial(send, InstanceIds=[instance]))
            for instance in ("i-tagged", "i-bare")
        }

    assert sends("") == {"i-tagged": True, "i-bare": True}
    assert sends(TAG) == {"i-tagged": True, "i-bare": False}
