"""CloudFormation: properties and types that ministack drops, the StackSet."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ANYTHING, Rig, is_refused, start_rig
from stub_simulator import StubSimulator

MEMBER_TEMPLATE = """
Parameters:
  ExternalId: {Type: String}
  RoleName: {Type: String}
  Principal: {Type: String, Default: "arn:aws:iam::111111111111:root"}
Conditions:
  Never: !Equals [a, b]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Ref Principal}
            Action: sts:AssumeRole
            Condition: {StringEquals: {sts:ExternalId: !Ref ExternalId}}
  Unwanted:
    Type: AWS::IAM::Role
    Condition: Never
    Properties: {AssumeRolePolicyDocument: {}}
"""


def deploy(rig: Rig, resources: dict[str, Any], stack: str | None = None) -> tuple[str, dict[str, str]]:
    """Creates or updates a stack; returns its name and the physical ids."""
    client, template = rig.client("cloudformation"), json.dumps({"Resources": resources})
    if stack is None:
        stack = f"s-{uuid.uuid4().hex[:8]}"
        client.create_stack(StackName=stack, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    else:
        client.update_stack(StackName=stack, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    described = client.describe_stacks(StackName=stack)["Stacks"][0]
    assert described["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), described
    found = client.describe_stack_resources(StackName=stack)["StackResources"]
    return stack, {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}


def test_bucket_encryption_and_lifecycle_are_kept(rig: Rig) -> None:
    properties = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/x"}}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "Prefix": "runs/",
                    "ExpirationInDays": 30,
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
    }
    _, ids = deploy(rig, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    s3 = rig.client("s3")
    rule = s3.get_bucket_encryption(Bucket=ids["Bucket"])["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/x"}
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=ids["Bucket"])["Rules"]
    assert (rule["Expiration"]["Days"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"]) == (30, 90)
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7


def test_reserved_concurrency_is_kept(rig: Rig) -> None:
    properties = {
        "Runtime": "python3.11",
        "Handler": "index.handler",
        "Role": rig.role(ANYTHING),
        "Code": {"ZipFile": "def handler(e, c): pass"},
        "ReservedConcurrentExecutions": 3,
    }
    _, ids = deploy(rig, {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}})
    answer = rig.client("lambda").get_function_concurrency(FunctionName=ids["Function"])
    assert answer["ReservedConcurrentExecutions"] == 3


def test_machine_in_yaml_with_version_alias_logging_and_tracing(rig: Rig) -> None:
    definition = "StartAt: Only\nQueryLanguage: JSONata\nStates:\n  Only: {Type: Pass, Output: 7, End: true}\n"
    machine = {
        "DefinitionString": definition,
        "RoleArn": rig.role(ANYTHING),
        "TracingConfiguration": {"Enabled": True},
        "LoggingConfiguration": {
            "Level": "ERROR",
            "IncludeExecutionData": False,
            "Destinations": [
                {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:ap-northeast-1:111111111111:log-group:x:*"}}
            ],
        },
    }
    version = {"StateMachineArn": {"Ref": "Machine"}}
    alias = {"Name": "live", "RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "Version"}, "Weight": 100}]}
    _, ids = deploy(
        rig,
        {
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            "Version": {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": version},
            "Alias": {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": alias},
        },
    )
    assert rig.finish(rig.start(ids["Alias"]))["output"] == "7"
    described = rig.client("stepfunctions").describe_state_machine(stateMachineArn=ids["Machine"])
    assert described["loggingConfiguration"]["level"] == "ERROR"


def alarms(name: str, **composite: Any) -> dict[str, Any]:
    """Returns two metric alarms, and a composite alarm on the first that the second suppresses."""
    metric = {
        "Namespace": "n",
        "MetricName": "m",
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Statistic": "Sum",
    }
    both = {
        "AlarmName": f"{name}-both",
        "AlarmRule": {"Fn::Sub": 'ALARM("${First}")'},
        "ActionsSuppressor": {"Ref": "Second"},
        "ActionsSuppressorWaitPeriod": 300,
        "ActionsSuppressorExtensionPeriod": 600,
        "AlarmActions": ["arn:aws:sns:ap-northeast-1:111111111111:topic"],
    }
    return {
        "First": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": f"{name}-first", **metric}},
        "Second": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": f"{name}-second", **metric}},
        "Both": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": both | composite},
    }


def composite_alarms(rig: Rig, prefix: str) -> list[dict[str, Any]]:
    """Returns the composite alarms whose names begin with the prefix."""
    described = rig.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix, AlarmTypes=["CompositeAlarm"])
    return described["CompositeAlarms"]


def test_composite_alarm_is_there_as_the_template_says_and_follows_its_children(rig: Rig) -> None:
    name = f"a-{uuid.uuid4().hex[:8]}"
    stack, _ = deploy(rig, alarms(name))
    (alarm,) = composite_alarms(rig, name)
    assert (alarm["AlarmName"], alarm["AlarmRule"], alarm["StateValue"]) == (
        f"{name}-both",
        f'ALARM("{name}-first")',
        "OK",
    )
    assert alarm["AlarmActions"] == ["arn:aws:sns:ap-northeast-1:111111111111:topic"]
    kept = {key: value for key, value in alarm.items() if key.startswith("ActionsSuppressor")}
    assert kept == {
        "ActionsSuppressor": f"{name}-second",
        "ActionsSuppressorWaitPeriod": 300,
        "ActionsSuppressorExtensionPeriod": 600,
    }
    rig.client("cloudwatch").set_alarm_state(AlarmName=f"{name}-first", StateValue="ALARM", StateReason="test")
    assert composite_alarms(rig, name)[0]["StateValue"] == "ALARM"
    deploy(rig, alarms(name, ActionsSuppressorWaitPeriod=120), stack)
    assert composite_alarms(rig, name)[0]["ActionsSuppressorWaitPeriod"] == 120
    rig.client("cloudformation").delete_stack(StackName=stack)
    deadline = time.monotonic() + 5
    while composite_alarms(rig, name) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert composite_alarms(rig, name) == []


@pytest.mark.parametrize(
    "wrong", [{"AlarmRule": 'ALARM("no-such-alarm")'}, {"ActionsSuppressor": "no-such-alarm"}], ids=str
)
def test_composite_alarm_of_an_alarm_that_does_not_exist_is_refused(rig: Rig, wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="ROLLBACK"):
        deploy(rig, alarms(f"a-{uuid.uuid4().hex[:8]}", **wrong))


def test_bare_ministack_refuses_composite_alarms(bare: Rig) -> None:
    with pytest.raises(Exception, match="AWS::CloudWatch::CompositeAlarm"):
        deploy(bare, alarms("bare"))


def stack_set(
    targets: list[str], name: str = "member", external_id: str = "right-one", principal: str = "", **properties: Any
) -> dict[str, Any]:
    """Returns a StackSet resource. Any number of accounts may fail, unless `properties` say otherwise."""
    parameters = {"ExternalId": external_id, "RoleName": name} | ({"Principal": principal} if principal else {})
    return {
        "Type": "AWS::CloudFormation::StackSet",
        "Properties": {
            "StackSetName": name,
            "PermissionModel": "SERVICE_MANAGED",
            "TemplateBody": MEMBER_TEMPLATE,
            "OperationPreferences": {"FailureTolerancePercentage": 100},
            "StackInstancesGroup": [
                {"DeploymentTargets": {"OrganizationalUnitIds": targets}, "Regions": ["ap-northeast-1"]}
            ],
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            **properties,
        },
    }


def stack_instances(rig: Rig, name: str, *statuses: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Returns account → stack instance, of those detailed statuses only if any are named."""
    filters = {"Filters": [{"Name": "DETAILED_STATUS", "Values": ",".join(statuses)}]} if statuses else {}
    listed = rig.client("cloudformation").list_stack_instances(StackSetName=name, **filters, **more)
    return {summary["Account"]: summary for summary in listed["Summaries"]}


def external_ids(rig: Rig, name: str) -> dict[str, str]:
    """Returns account → external id that the role in it requires, for accounts with the role."""
    found = {}
    for account in (entry["id"] for entry in rig.stub.organization["accounts"]):
        iam = rig.as_account(account).client("iam")
        for role in iam.list_roles()["Roles"]:
            if role["RoleName"] == name:
                statement = role["AssumeRolePolicyDocument"]["Statement"][0]
                found[account] = statement["Condition"]["StringEquals"]["sts:ExternalId"]
    return found


def test_stack_set_reaches_the_accounts_that_it_should(rig: Rig) -> None:
    stack, _ = deploy(rig, {"Set": stack_set(["r-stub"], "all")})
    found = external_ids(rig, "all")
    # In the scenario 222200000003 has no role and 222200000005 is suspended. A StackSet never targets the management
    # account.
    assert sorted(found) == ["222200000001", "222200000002", "222200000004", "333300000001"]
    wrong = found.pop("222200000004")
    assert wrong != "right-one" and set(found.values()) == {"right-one"}
    deploy(rig, {"Set": stack_set(["r-stub"], "all", "another-one")}, stack)
    assert external_ids(rig, "all")["222200000001"] == "another-one"


def test_stack_set_of_an_ou_includes_the_ous_below(rig: Rig) -> None:
    deploy(rig, {"Set": stack_set(["ou-stub-test0001"], "tests")})
    assert sorted(external_ids(rig, "tests")) == ["222200000001", "222200000002", "222200000004"]
    stack, _ = deploy(rig, {"Set": stack_set(["ou-stub-deep0001"], "deep")})
    assert sorted(external_ids(rig, "deep")) == ["222200000002"]
    rig.client("cloudformation").delete_stack(StackName=stack)
    deadline = time.monotonic() + 5
    while external_ids(rig, "deep") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert external_ids(rig, "deep") == {}


def test_stack_set_is_complete_although_accounts_failed_and_says_which_and_why(rig: Rig) -> None:
    deploy(rig, {"Set": stack_set(["r-stub"], "tolerant")})
    found = stack_instances(rig, "tolerant")
    assert {account: entry["StackInstanceStatus"]["DetailedStatus"] for account, entry in found.items()} == {
        "222200000001": "SUCCEEDED",
        "222200000002": "SUCCEEDED",
        "222200000003": "FAILED",
        "222200000004": "SUCCEEDED",
        "222200000005": "SKIPPED_SUSPENDED_ACCOUNT",
        "333300000001": "SUCCEEDED",
    }
    assert (found["222200000001"]["Status"], found["222200000003"]["Status"]) == ("CURRENT", "OUTDATED")
    failed = stack_instances(rig, "tolerant", "FAILED")
    assert [*failed] == ["222200000003"] and "service control policy" in failed["222200000003"]["StatusReason"]
    assert [*stack_instances(rig, "tolerant", StackInstanceAccount="333300000001")] == ["333300000001"]
    first = rig.client("cloudformation").list_stack_instances(StackSetName="tolerant", MaxResults=4)
    assert [*stack_instances(rig, "tolerant", NextToken=first["NextToken"])] == ["222200000005", "333300000001"]


@pytest.mark.parametrize("preferences", [{}, {"FailureTolerancePercentage": 10}, {"FailureToleranceCount": 0}], ids=str)
def test_stack_set_fails_when_more_accounts_fail_than_it_tolerates(rig: Rig, preferences: dict[str, int]) -> None:
    with pytest.raises(AssertionError, match="ROLLBACK"):
        deploy(rig, {"Set": stack_set(["r-stub"], "strict", OperationPreferences=preferences)})
    assert external_ids(rig, "strict") == {}


def test_iam_refuses_a_principal_that_is_new_or_does_not_exist(rig: Rig) -> None:
    for name, principal in (("fresh", rig.role(ANYTHING)), ("absent", "arn:aws:iam::111111111111:role/no-such-role")):
        deploy(rig, {"Set": stack_set(["ou-stub-deep0001"], name, principal=principal)})
        [instance] = stack_instances(rig, name).values()
        assert instance["StackInstanceStatus"]["DetailedStatus"] == "FAILED"
        assert f'Invalid principal in policy: "AWS":"{principal}"' in instance["StatusReason"]
        assert external_ids(rig, name) == {}


def test_iam_takes_a_principal_once_it_sees_it(tmp_path: Path) -> None:
    stub = StubSimulator(speed=100)
    rig = start_rig(tmp_path, stub, new_principal_seconds=0)
    try:
        deploy(rig, {"Set": stack_set(["ou-stub-deep0001"], "seen", principal=rig.role(ANYTHING))})
        assert [*external_ids(rig, "seen")] == ["222200000002"]
    finally:
        rig.cloud.stop()
        stub.stop()


def test_a_stack_set_is_called_as_what_the_account_is(rig: Rig) -> None:
    with pytest.raises(AssertionError, match="ROLLBACK"):
        deploy(rig, {"Set": stack_set(["r-stub"], "wrong", CallAs="DELEGATED_ADMIN")})
    client = rig.client("cloudformation")
    deploy(rig, {"Set": stack_set(["r-stub"], "right", CallAs="SELF")})
    with pytest.raises(ClientError, match="not a delegated administrator"):
        client.list_stack_instances(StackSetName="right", CallAs="DELEGATED_ADMIN")
    with pytest.raises(ClientError, match="StackSetNotFoundException"):
        client.list_stack_instances(StackSetName="another")
    with pytest.raises(ClientError, match="management account"):
        rig.as_account("222200000001").client("cloudformation").list_stack_instances(StackSetName="right")


def test_a_role_of_a_template_has_its_permissions_boundary(rig: Rig) -> None:
    """It denies what the role's own policy allows; one that does not exist is refused, and a role stays as it was."""
    iam = rig.client("iam")
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    boundary = iam.create_policy(PolicyName="nothing", PolicyDocument=json.dumps(nothing))["Policy"]["Arn"]
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    properties = {
        "AssumeRolePolicyDocument": trust,
        "Policies": [{"PolicyName": "all", "PolicyDocument": {"Statement": [ANYTHING]}}],
    }
    role = {"Type": "AWS::IAM::Role", "Properties": properties}
    bound = {**role, "Properties": {**properties, "PermissionsBoundary": boundary}}
    stack, ids = deploy(rig, {"Free": role, "Bound": bound})
    allowed = {}
    for name, role_name in ids.items():
        client = rig.session(iam.get_role(RoleName=role_name)["Role"]["Arn"]).client("s3")
        allowed[name] = not is_refused("AccessDenied", client.list_buckets)
    assert allowed == {"Free": True, "Bound": False}
    absent = {**properties, "PermissionsBoundary": "arn:aws:iam::111111111111:policy/no-such-policy"}
    with pytest.raises(AssertionError, match="ROLLBACK"):
        deploy(rig, {"Role": {**role, "Properties": absent}})
    with pytest.raises(AssertionError, match="ROLLBACK"):
        deploy(rig, {"Free": role, "Bound": {**role, "Properties": absent}}, stack)
    kept = iam.get_role(RoleName=ids["Bound"])["Role"]
    assert kept["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def test_bare_ministack_refuses_stack_sets(bare: Rig) -> None:
    with pytest.raises(Exception, match="AWS::CloudFormation::StackSet"):
        deploy(bare, {"Set": stack_set(["r-stub"])})
