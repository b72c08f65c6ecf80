"""The bucket: links to reports end soon, every request is logged elsewhere, and a changed plan is told."""

import json
from typing import Any

import pytest
from ministack.services import eventbridge

from . import intrinsics, sources
from .test_iam import allows, call

RUNS = "arn:aws:s3:::orgpatch-runs-abc"
ACCESS_LOGS = "arn:aws:s3:::orgpatch-accesslogs-abc"
READER = f"arn:aws:iam::{intrinsics.ACCOUNT}:role/reader"


def statement_of(policy: str, sid: str) -> dict[str, Any]:
    """Returns a statement of a resource's policy as AWS sees it."""
    document = sources.template()["Resources"][policy]["Properties"]["PolicyDocument"]
    [statement] = [statement for statement in document["Statement"] if statement.get("Sid") == sid]
    return intrinsics.resolve(statement, sources.template())


# ------------------------------------------------------------------------------------------------ short-lived links
@pytest.mark.parametrize(
    ("action", "key", "age", "denied"),
    [
        ("s3:GetObject", "runs/r1/report/report.html", 60_000, False),
        ("s3:GetObject", "runs/r1/report/report.html", 900_000, False),
        ("s3:GetObject", "runs/r1/report/report.html", 900_001, True),
        ("s3:GetObject", "runs/r1/report/instances.csv", 604_800_000, True),
        # A request with an Authorization header may have no such key.
        ("s3:GetObject", "runs/r1/report/report.html", None, False),
        ("s3:GetObject", "runs/r1/run.json", 604_800_000, False),
    ],
)
def test_a_link_to_a_report_ends_after_a_quarter_of_an_hour(
    action: str, key: str, age: int | None, denied: bool
) -> None:
    statement = statement_of("RunsPolicy", "ShortLivedLinks")
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    # A deny in the bucket's policy holds as one in a policy of the caller does.
    policy = {"Version": "2012-10-17", "Statement": [everything, statement]}
    context = call(READER, action, f"{RUNS}/{key}", {} if age is None else {"s3:signatureage": str(age)})
    assert allows(context, policy) is not denied


# ------------------------------------------------------------------------------------------------------- access log
def test_every_request_to_the_bucket_is_logged_in_another_one() -> None:
    resources = sources.template()["Resources"]
    assert resources["Runs"]["Properties"]["LoggingConfiguration"] == {"DestinationBucketName": {"Ref": "AccessLogs"}}
    logs = resources["AccessLogs"]
    assert (logs["DeletionPolicy"], logs["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = logs["Properties"]
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert (
        properties["PublicAccessBlockConfiguration"]
        == resources["Runs"]["Properties"]["PublicAccessBlockConfiguration"]
    )
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    [expiring] = [rule for rule in properties["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert expiring["ExpirationInDays"] == {"Ref": "LogRetentionDays"}
    # It names neither the bucket nor its policy, or the two buckets would wait for each other.
    assert "Runs" not in json.dumps(properties)


def test_only_the_log_of_this_bucket_is_delivered() -> None:
    statement = statement_of("AccessLogsPolicy", "LogsOfTheRunsBucket")
    assert statement == {
        "Sid": "LogsOfTheRunsBucket",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{ACCESS_LOGS}/*",
        "Condition": {"ArnLike": {"aws:SourceArn": RUNS}, "StringEquals": {"aws:SourceAccount": intrinsics.ACCOUNT}},
    }


# ------------------------------------------------------------------------------------------------- changes of plans
def event(key: str, kind: str = "Object Created", reason: str = "PutObject", bucket: str = "orgpatch-runs-abc") -> Any:
    """Returns an event as the guide of S3 documents it ("Amazon S3: event message structure")."""
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": key, "size": 5, "etag": "b57f", "version-id": "IYV3", "sequencer": "0061"},
        "request-id": "5E28",
        "requester": intrinsics.ACCOUNT,
        "source-ip-address": "192.0.2.1",
        "reason": reason,
    }
    return {
        "version": "0",
        "id": "17793124",
        "source": "aws.s3",
        "account": intrinsics.ACCOUNT,
        "time": "2026-11-28T10:00:00Z",
        "region": intrinsics.REGION,
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail-type": kind,
        "detail": detail,
    }


def rule() -> dict[str, Any]:
    """Returns the rule's properties as EventBridge sees them."""
    return intrinsics.resolve(sources.template()["Resources"]["PlanChanged"]["Properties"], sources.template())


def at(document: Any, path: str) -> Any:
    """Returns what a JSON path such as `$.detail.object.key` leads to."""
    for name in path.removeprefix("$.").split("."):
        document = document[name]
    return document


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (event("plans/monthly.yaml"), True),
        (event("plans/monthly.yaml", reason="CompleteMultipartUpload"), True),
        (event("plans/monthly.yaml", reason="CopyObject"), True),
        (event("plans/monthly.yaml", "Object Deleted", "DeleteObject"), True),
        (event("plans/monthly.yaml", "Object Deleted", "Lifecycle Expiration"), False),
        (event("plans/deeper/monthly.yaml"), True),
        (event("runs/r1/run.json"), False),
        (event("results/plans/x"), False),
        (event("plans/monthly.yaml", bucket="another"), False),
        (event("plans/monthly.yaml", "Object Tags Added"), False),
    ],
)
def test_a_changed_plan_is_told_and_nothing_else(found: Any, told: bool) -> None:
    pattern = rule()["EventPattern"]
    # The local cloud's form of the same event.
    internal = {
        "Source": found["source"],
        "DetailType": found["detail-type"],
        "Account": found["account"],
        "Region": found["region"],
        "Detail": json.dumps(found["detail"]),
    }
    assert bool(eventbridge._matches_pattern(json.dumps(pattern), internal)) is told  # noqa: SLF001


@pytest.mark.parametrize("key", ["plans/monthly.yaml", 'plans/a"\n\nFrom: bank\r\n', "plans/<time>", "plans/ \u202e"])
def test_the_message_about_a_plan_is_one_line_of_json(key: str) -> None:
    [target] = rule()["Targets"]
    transformer = target["InputTransformer"]
    template = transformer["InputTemplate"]
    assert "\n" not in template
    found = event(key)
    values = {name: at(found, path) for name, path in transformer["InputPathsMap"].items()}
    text = eventbridge._render_input_template(template, values)  # noqa: SLF001
    assert len(text.splitlines()) == 1
    message = json.loads(text)
    assert (message["object"], message["what"]) == (key, "Object Created")
    assert (message["byAccount"], message["fromAddress"]) == (intrinsics.ACCOUNT, "192.0.2.1")
    # A variable within quotes would not be escaped.
    assert '"<' not in template


def test_the_topic_takes_the_events_of_this_rule_only() -> None:
    statement = statement_of("AlertsPolicy", "ChangesOfPlans")
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    [target] = rule()["Targets"]
    assert statement["Resource"] == target["Arn"]
    arn = f"arn:aws:events:{intrinsics.REGION}:{intrinsics.ACCOUNT}:rule/orgpatch-plan-changed"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": arn}}
    # Without this S3 sends no events at all.
    notifications = sources.template()["Resources"]["Runs"]["Properties"]["NotificationConfiguration"]
    assert notifications == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
