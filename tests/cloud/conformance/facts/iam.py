"""IAM: what the results of patching, the tags of a new baseline and the use of a key are authorized on."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from ..asker import PREFIX, Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Needs, Page
from ..paths import ROOT
from .ssm_baselines import create_baseline

MEMBER_ROLE = ROOT / "member-role.yaml"
TEMPLATE = ROOT / "template.yaml"
_SID = "ReadPatchResults"
_READ = "ssm:DescribeInstancePatchStates"
_CREATE = "ssm:CreatePatchBaseline"
_TAG = "ssm:AddTagsToResource"
_DENIED = "AccessDeniedException"
_REFERENCE = Page(
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
    "DescribeInstancePatchStates and DescribeInstancePatches: instance* and managed-instance*, both required",
)


def statement_of_results(asker: Asker) -> dict[str, Any]:
    """Returns the statement that allows the role that looks to read results, for this account."""
    role = yaml_parse(MEMBER_ROLE.read_text(encoding="utf-8"))["Resources"]["MemberLookRole"]["Properties"]
    statements: list[dict[str, Any]] = [
        statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    ]
    (found,) = (statement for statement in statements if statement.get("Sid") == _SID)
    resources = found["Resource"] if isinstance(found["Resource"], list) else [found["Resource"]]
    return {**found, "Resource": [_resolved(resource, asker) for resource in resources]}


def _resolved(resource: str | dict[str, str], asker: Asker) -> str:
    """Returns a resource of the template as a text. It is one already, or has Fn::Sub."""
    text = resource if isinstance(resource, str) else resource["Fn::Sub"]
    return text.replace("${AWS::Partition}", asker.partition).replace("${AWS::AccountId}", asker.account)


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def _arn(asker: Asker, instance: str) -> str:
    return f"arn:{asker.partition}:ec2:{asker.region}:{asker.account}:instance/{instance}"


def _simulate(asker: Asker) -> str:
    policy, decisions = _policy(statement_of_results(asker)), []
    for resource in (_arn(asker, "i-00000000000000000"), "*"):
        answer = asker.call(
            "iam",
            "simulate_custom_policy",
            PolicyInputList=[policy],
            ActionNames=[_READ],
            ResourceArns=[resource],
        )
        decisions.append(answer["EvaluationResults"][0]["EvalDecision"])
    return f"instance: {decisions[0]}, *: {decisions[1]}"


def _really(asker: Asker) -> str:
    """Asks the service itself, with a session that may read the results of one instance only."""
    role = asker.permitted.role
    if not role:
        raise CannotTell(f"set ROLE=<ARN of a role that the profile may assume and that has {_READ}>")
    instance = asker.managed_instance()
    wide = statement_of_results(asker)
    answer = read_as(asker, role, {**wide, "Resource": _arn(asker, instance)}, instance)
    # A role without the permission is denied too, which would say nothing about the resource.
    if answer == _DENIED and read_as(asker, role, wide, instance) == _DENIED:
        raise CannotTell(f"ROLE has no permission {_READ} on `*`: give it one")
    return answer


def _session(asker: Asker, role: str, *statements: dict[str, Any]) -> Any:
    """Returns a client of Systems Manager with a session of a role that has these permissions only."""
    name = f"{PREFIX}session"
    assumed = asker.call("sts", "assume_role", RoleArn=role, RoleSessionName=name, Policy=_policy(*statements))
    session = assumed["Credentials"]
    around = asker.client("ssm").meta
    narrow = boto3.Session(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]).client(
        "ssm", region_name=asker.region, endpoint_url=around.endpoint_url, config=around.config
    )
    asker.watch(narrow)
    return narrow


def read_as(asker: Asker, role: str, statement: dict[str, Any], instance: str) -> str:
    """Reads results in a session of a role that has this one permission; returns `accepted` or the error code."""
    try:
        _session(asker, role, statement).describe_instance_patch_states(InstanceIds=[instance])
    except ClientError as error:
        return asker.code(error)
    return ACCEPTED


def _tagged(asker: Asker) -> str:
    """Creates a baseline with tags in a session that may not set tags otherwise."""
    role = asker.permitted.role
    if not role:
        raise CannotTell(f"set ROLE=<ARN of a role that the profile may assume and that has {_CREATE} and {_TAG}>")
    answer = created_as(asker, role, _CREATE)
    # A role without the permission to create is denied too, which would say nothing about tags.
    if answer == _DENIED and created_as(asker, role, _CREATE, _TAG) == _DENIED:
        raise CannotTell(f"ROLE has not both {_CREATE} and {_TAG} on `*`: give it them")
    return answer


def created_as(asker: Asker, role: str, *actions: str) -> str:
    """Creates a baseline with tags in a session of a role that has these permissions only."""
    session = _session(asker, role, {"Effect": "Allow", "Action": [*actions], "Resource": "*"})
    rule = {"PatchFilterGroup": {"PatchFilters": [{"Key": "CLASSIFICATION", "Values": ["Security"]}]}}
    rules = {"PatchRules": [{**rule, "ApproveAfterDays": 7}]}
    tags = [{"Key": f"orgpatch:{name}", "Value": "conformance"} for name in ("plan", "stage", "hash")]
    try:
        create_baseline(asker, "AMAZON_LINUX_2023", by=session, ApprovalRules=rules, Tags=tags)
    except ClientError as error:
        return asker.code(error)
    return ACCEPTED


def statements_of_the_key(asker: Asker) -> list[dict[str, Any]]:
    """Returns the statements that let orgpatch's roles use the key of `KmsKeyArn`, for a key that does not exist."""
    policy = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]["UseKmsKey"]["Properties"]["PolicyDocument"]
    statements = []
    for statement in policy["Statement"]:
        asked = statement["Condition"]["StringLike"]["kms:ViaService"]
        services = asked if isinstance(asked, list) else [asked]
        names = [service["Fn::Sub"].replace("${AWS::Region}", asker.region) for service in services]
        statements.append(
            {**statement, "Resource": _key(asker), "Condition": {"StringLike": {"kms:ViaService": names}}}
        )
    return statements


def _key(asker: Asker) -> str:
    return f"arn:{asker.partition}:kms:{asker.region}:{asker.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def _through(asker: Asker) -> str:
    """Asks whether the roles may use the key through S3, with what S3 tells KMS under a bucket key, and directly."""
    bucket = f"arn:{asker.partition}:s3:::orgpatch-conformance"
    via = {
        "ContextKeyName": "kms:ViaService",
        "ContextKeyType": "string",
        "ContextKeyValues": [f"s3.{asker.region}.amazonaws.com"],
    }
    of_the_bucket = {
        "ContextKeyName": "kms:EncryptionContext:aws:s3:arn",
        "ContextKeyType": "string",
        "ContextKeyValues": [bucket],
    }
    policy, decisions = _policy(*statements_of_the_key(asker)), []
    for context in ([via, of_the_bucket], []):
        answer = asker.call(
            "iam",
            "simulate_custom_policy",
            PolicyInputList=[policy],
            ActionNames=["kms:Decrypt", "kms:GenerateDataKey"],
            ResourceArns=[_key(asker)],
            ContextEntries=context,
        )
        found = {result["EvalDecision"] for result in answer["EvaluationResults"]}
        decisions.append(" and ".join(sorted(found)))
    return f"through S3: {decisions[0]}, directly: {decisions[1]}"


_RIGHT = "instance: allowed, *: allowed"
_THROUGH = "through S3: allowed, directly: implicitDeny"
_NOT_AT_ALL = "through S3: implicitDeny, directly: implicitDeny"

FACTS = (
    Fact(
        name="results-policy-in-the-simulator-of-iam",
        says="IAM's policy simulator allows the member role to read results on an instance, and on `*`. It knows IAM's "
        "rules, not on which of the two Systems Manager asks IAM: the next line asks that.",
        calls=(_READ,),
        sources=(
            _REFERENCE,
            Page(
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html",
                "the simulator does not make a service request",
            ),
        ),
        aws=(_RIGHT,),
        orgpatch={_RIGHT: "the member role may read results, on whichever resource Systems Manager asks IAM"},
        ask=_simulate,
        concerns=("F-19",),
    ),
    Fact(
        name="results-are-authorized-on-instances",
        says="Systems Manager authorizes DescribeInstancePatchStates on the ARN of each instance, so that the `*` in "
        "the member role can be narrowed to instances. Policies older than the reference allow the call on `*` only.",
        calls=(_READ, "ssm:DescribeInstancePatches"),
        sources=(_REFERENCE,),
        aws=(ACCEPTED, _DENIED),
        orgpatch={
            ACCEPTED: "reads the results; `*` in the member role can be narrowed to the instances of its account",
            _DENIED: "reads the results, because the member role allows `*`; it cannot be narrowed to instances",
        },
        ask=_really,
        concerns=("F-19",),
        not_local="the local cloud does not apply session policies",
    ),
    Fact(
        name="creating-with-tags-needs-no-other-action",
        says="CreatePatchBaseline with tags needs no permission for AddTagsToResource, so that the statement "
        "TagNewBaselines of the member role can go.",
        calls=(_CREATE,),
        sources=(
            Page(
                "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
                "CreatePatchBaseline: aws:RequestTag and aws:TagKeys, no dependent action. It does not exclude one",
            ),
        ),
        aws=(ACCEPTED, _DENIED),
        orgpatch={
            ACCEPTED: "creates baselines; TagNewBaselines, which also marks baselines of other owners, can go",
            _DENIED: "creates baselines, because TagNewBaselines allows it; the statement must stay",
        },
        ask=_tagged,
        needs=Needs.WRITE,
        not_local="the local cloud does not apply session policies",
    ),
    Fact(
        name="the-key-is-used-through-s3-only",
        says="IAM's policy simulator lets the roles use the key of KmsKeyArn through S3, which under a bucket "
        "key tells KMS the ARN of the bucket and not that of an object, and not directly. It does not show which calls "
        "S3 makes: docs/conformance.md.",
        calls=("kms:Decrypt", "kms:GenerateDataKey"),
        sources=(
            Page(
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
                "the encryption context is the ARN of the bucket and not that of the object",
            ),
            Page(
                "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
                "kms:ViaService: s3.<Region>.amazonaws.com",
            ),
        ),
        aws=(_THROUGH,),
        orgpatch={
            _THROUGH: "runs with KmsKeyArn; a function cannot be made to decrypt something for a person",
            _NOT_AT_ALL: "with KmsKeyArn, runs end with AccessDenied before they send anything",
        },
        ask=_through,
        simulator=_NOT_AT_ALL,
        because="the policy simulator of the local cloud knows no condition keys",
        concerns=("SEC-23",),
    ),
)
