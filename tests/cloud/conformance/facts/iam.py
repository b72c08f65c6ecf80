"""IAM: what the results of patching are authorized on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from ..asker import PREFIX, Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Page

MEMBER_ROLE = Path(__file__).resolve().parents[4] / "member-role.yaml"
_SID = "ReadPatchResults"
_READ = "ssm:DescribeInstancePatchStates"
_REFERENCE = Page(
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
    "DescribeInstancePatchStates and DescribeInstancePatches: instance* and managed-instance*, both required",
)


def _policy(asker: Asker) -> str:
    """Returns the statement of the member role that allows to read results, for this account."""
    role = yaml_parse(MEMBER_ROLE.read_text(encoding="utf-8"))["Resources"]["MemberRole"]["Properties"]
    statements: list[dict[str, Any]] = [
        statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    ]
    (found,) = (statement for statement in statements if statement.get("Sid") == _SID)
    text = json.dumps({**found, "Resource": [resource["Fn::Sub"] for resource in found["Resource"]]})
    text = text.replace("${AWS::Partition}", asker.partition).replace("${AWS::AccountId}", asker.account)
    return json.dumps({"Version": "2012-10-17", "Statement": [json.loads(text)]})


def _simulate(asker: Asker) -> str:
    instance = f"arn:{asker.partition}:ec2:{asker.region}:{asker.account}:instance/i-00000000000000000"
    decisions = []
    for resource in (instance, "*"):
        answer = asker.call(
            "iam",
            "simulate_custom_policy",
            PolicyInputList=[_policy(asker)],
            ActionNames=[_READ],
            ResourceArns=[resource],
        )
        decisions.append(answer["EvaluationResults"][0]["EvalDecision"])
    return f"instance: {decisions[0]}, *: {decisions[1]}"


def _really(asker: Asker) -> str:
    """Asks the service itself, with a session that has this one permission."""
    if not asker.permitted.role:
        raise CannotTell(f"set ROLE=<ARN of a role that the profile may assume and that has {_READ}>")
    instance = asker.managed_instance()
    session = asker.call(
        "sts",
        "assume_role",
        RoleArn=asker.permitted.role,
        RoleSessionName=f"{PREFIX}results",
        Policy=_policy(asker),
    )["Credentials"]
    around = asker.client("ssm").meta
    narrow = boto3.Session(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]).client(
        "ssm", region_name=asker.region, endpoint_url=around.endpoint_url, config=around.config
    )
    asker.watch(narrow)
    try:
        narrow.describe_instance_patch_states(InstanceIds=[instance])
    except ClientError as error:
        return asker.code(error)
    return ACCEPTED


_RIGHT = "instance: allowed, *: implicitDeny"

FACTS = (
    Fact(
        name="results-policy-in-the-simulator-of-iam",
        says="IAM's policy simulator allows the member role to read results of an instance, and nothing on `*`. It "
        "knows IAM's rules, not on which ARN Systems Manager asks IAM: the next line asks that.",
        calls=(_READ,),
        sources=(
            _REFERENCE,
            Page(
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html",
                "the simulator does not make a service request",
            ),
        ),
        aws=(_RIGHT,),
        orgpatch={_RIGHT: "the member role says what it is meant to say"},
        ask=_simulate,
        concerns=("F-19",),
    ),
    Fact(
        name="results-are-authorized-on-instances",
        says="Systems Manager authorizes DescribeInstancePatchStates on the ARN of each instance.",
        calls=(_READ, "ssm:DescribeInstancePatches"),
        sources=(_REFERENCE,),
        aws=(ACCEPTED,),
        orgpatch={
            ACCEPTED: "reads the results with the member role as it is",
            "AccessDeniedException": "every target is access-denied after its scan: both reads need Resource `*`",
        },
        ask=_really,
        concerns=("F-19",),
        not_local="the local cloud does not apply session policies",
    ),
)
