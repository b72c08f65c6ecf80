"""With KmsKeyArn one key encrypts all that the stack keeps, and the roles may use it; without it nothing changes."""

import json
import re
from typing import Any

import pytest
from ministack.core.iam_evaluator import evaluate, parse_policy_document

from . import intrinsics, sources
from .test_iam import ROLES, call, findings

KEY = f"arn:aws:kms:{intrinsics.REGION}:{intrinsics.ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NO_VALUE = {"Ref": "AWS::NoValue"}


def chosen(value: Any, key: bool) -> Any:
    """Returns `value` as CloudFormation sees it with or without a key: the branches of HasKmsKey, and no NoValue."""
    if isinstance(value, list):
        return [item for item in (chosen(item, key) for item in value) if item != NO_VALUE]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Fn::If"] and value["Fn::If"][0] == "HasKmsKey":
        return chosen(value["Fn::If"][1 if key else 2], key)
    kept = {name: chosen(item, key) for name, item in value.items()}
    return {name: item for name, item in kept.items() if item != NO_VALUE}


def properties(logical_id: str, key: bool) -> dict[str, Any]:
    """Returns the properties of a resource with or without a key."""
    return chosen(sources.template()["Resources"][logical_id]["Properties"], key)


def encryption(key: bool) -> dict[str, Any]:
    """Returns how each store is encrypted, with or without a key."""
    [bucket] = properties("Runs", key)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    athena = properties("HistoryQueries", key)["WorkGroupConfiguration"]["ResultConfiguration"]
    return {
        "bucket": bucket,
        "table": properties("Ledger", key)["SSESpecification"],
        "topic": properties("Alerts", key).get("KmsMasterKeyId"),
        "answers": athena["EncryptionConfiguration"],
        **{
            logical_id: properties(logical_id, key).get("KmsKeyId")
            for logical_id in sources.resources(sources.template(), "AWS::Logs::LogGroup")
        },
    }


def test_the_key_is_optional() -> None:
    template = sources.template()
    assert template["Parameters"]["KmsKeyArn"]["Default"] == ""
    assert template["Conditions"]["HasKmsKey"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKeyArn"}, ""]}]}


def test_with_a_key_it_encrypts_everything() -> None:
    key = {"Ref": "KmsKeyArn"}
    got = encryption(key=True)
    assert got.pop("bucket") == {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": True,
    }
    assert got.pop("table") == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    assert got.pop("answers") == {"EncryptionOption": "SSE_KMS", "KmsKey": key}
    # The topic and every log group.
    machines = sources.resources(sources.template(), "AWS::Serverless::StateMachine")
    assert len(got) == 1 + len(sources.functions()) + len(machines)
    assert {logical_id: value for logical_id, value in got.items() if value != key} == {}


def test_without_a_key_everything_is_as_before() -> None:
    got = encryption(key=False)
    assert got.pop("bucket") == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert got.pop("table") == {"SSEEnabled": True, "SSEType": "KMS"}
    assert got.pop("answers") == {"EncryptionOption": "SSE_S3"}
    assert {value for value in got.values() if value is not None} == set()
    # No resource that is always there names the key: an empty ARN would be refused.
    for logical_id, resource in sources.template()["Resources"].items():
        if resource.get("Condition") != "HasKmsKey":
            assert "KmsKeyArn" not in json.dumps(chosen(resource, key=False)), logical_id


def test_the_access_log_has_the_only_encryption_that_s3_delivers_to() -> None:
    # "Enabling Amazon S3 server access logging": a destination bucket with SSE-KMS gets no logs.
    for key in (True, False):
        [rule] = properties("AccessLogs", key)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


# ---------------------------------------------------------------------------------------------- who may use the key
def policy(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Returns the policy of the roles about the key as IAM sees it."""
    monkeypatch.setitem(intrinsics.PARAMETERS, "KmsKeyArn", KEY)
    return intrinsics.resolve(properties("UseKmsKey", key=True)["PolicyDocument"], sources.template())


def test_every_role_but_those_that_only_start_runs_may_use_the_key() -> None:
    resource = sources.template()["Resources"]["UseKmsKey"]
    assert resource["Condition"] == "HasKmsKey"
    assert {role["Ref"] for role in resource["Properties"]["Roles"]} == set(ROLES) - {"ScheduleRole", "RunEndedRole"}


def test_parliament_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(policy(monkeypatch)) == []


OTHER = KEY.replace("1234abcd", "99999999")


@pytest.mark.parametrize(
    ("action", "resource", "service", "allowed"),
    [
        ("kms:Decrypt", KEY, "s3", True),
        ("kms:GenerateDataKey", KEY, "s3", True),
        ("kms:Decrypt", KEY, "dynamodb", True),
        ("kms:Encrypt", KEY, "dynamodb", True),
        ("kms:GenerateDataKey", KEY, "sns", True),
        ("kms:Encrypt", KEY, "s3", False),
        ("kms:Decrypt", KEY, "secretsmanager", False),
        # Directly: a function cannot be made to decrypt something for a person.
        ("kms:Decrypt", KEY, None, False),
        ("kms:Decrypt", OTHER, "s3", False),
        ("kms:CreateGrant", KEY, "dynamodb", False),
        ("kms:ScheduleKeyDeletion", KEY, "s3", False),
        ("kms:PutKeyPolicy", KEY, "s3", False),
    ],
)
def test_decision(
    action: str, resource: str, service: str | None, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"kms:viaservice": f"{service}.{intrinsics.REGION}.amazonaws.com"} if service else {}
    context = call(f"arn:aws:sts::{intrinsics.ACCOUNT}:assumed-role/orgpatch-ScanRole-ABC/x", action, resource, keys)
    document = parse_policy_document(json.dumps(policy(monkeypatch)))
    assert (evaluate(context, [document]).decision == "Allow") is allowed


# ------------------------------------------------------------------------------------ the example of the key's policy
def key_policy() -> dict[str, Any]:
    """Returns the key policy in docs/deploy.md."""
    text = (sources.ROOT / "docs" / "deploy.md").read_text()
    [example] = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    return json.loads(example)


def test_the_example_lets_every_service_use_the_key() -> None:
    by_sid = {statement["Sid"]: statement for statement in key_policy()["Statement"]}
    services = {sid: statement["Principal"].get("Service") for sid, statement in by_sid.items()}
    assert services == {
        "IamOfThisAccount": None,
        "Logs": "logs.<Region>.amazonaws.com",
        "Alarms": "cloudwatch.amazonaws.com",
        "ChangesOfPlans": "events.amazonaws.com",
    }
    for service in ("Alarms", "ChangesOfPlans"):
        assert set(by_sid[service]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    # "Key management" in the guide of SNS: a condition on the source is not supported for EventBridge. With one,
    # every message would be lost without a trace.
    assert "Condition" not in by_sid["ChangesOfPlans"]


def test_the_example_names_every_log_group() -> None:
    [logs] = [statement for statement in key_policy()["Statement"] if statement["Sid"] == "Logs"]
    patterns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    for group in sources.resources(sources.template(), "AWS::Logs::LogGroup").values():
        name = intrinsics.resolve(group["Properties"]["LogGroupName"], sources.template())
        arn = f"arn:<Partition>:logs:<Region>:<AccountId>:log-group:{name}"
        assert any(re.fullmatch(re.escape(p).replace(r"\*", ".*"), arn) for p in patterns), name
