"""The function of the mini system: a small orgpatch for the tests of the driver."""

import json
import os
from typing import Any

import boto3
from botocore.config import Config

S3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
BUCKET = os.environ["RUNS_BUCKET"]
Event = dict[str, Any]


def _put(key: str, document: Any) -> None:
    S3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())


class Refused(Exception):
    """The plan asks to be refused."""


def start(event: Event) -> dict[str, Any]:
    """Writes run.json and the targets of each step."""
    print(json.dumps({"message": "start", "now": event["now"]}))
    plan = S3.get_object(Bucket=BUCKET, Key=f"plans/{event['plan']}.yaml")["Body"].read().decode()
    if "refuse" in plan:
        raise Refused("the plan says refuse")
    run = event["run"]
    accounts = event.get("accounts") or ["222200000001", "222200000002"]
    steps = []
    for number, stage in enumerate(["test", "production"], 1):
        step = f"{number:02}-{stage}-1"
        targets = [{"accountId": account, "region": "ap-northeast-1", "run": run, "step": step} for account in accounts]
        _put(f"runs/{run}/steps/{step}/targets.json", targets)
        steps.append({"id": step, "stage": stage, "wave": 1, "targets": len(targets)})
    _put(f"runs/{run}/run.json", {"runId": run, "steps": steps})
    return {"steps": [{"id": step["id"]} for step in steps]}


def work(event: Event) -> dict[str, Any]:
    """Assumes the member role and makes one call with it."""
    role = f"arn:aws:iam::{event['accountId']}:role/mini-member"
    outcome = "reached"
    try:
        session = boto3.client("sts").assume_role(
            RoleArn=role, RoleSessionName="mini", ExternalId=os.environ["EXTERNAL_ID"]
        )
        keys = session["Credentials"]
        ssm = boto3.client(
            "ssm",
            region_name=event["region"],
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        ssm.describe_instance_information()
    except boto3.client("sts").exceptions.ClientError as error:
        outcome = error.response["Error"]["Code"]
    _put(
        f"runs/{event['run']}/steps/{event['step']}/targets/{event['accountId']}/{event['region']}/01/scan/0001.json",
        {"outcome": outcome, "now": event["now"]},
    )
    return {"accountId": event["accountId"], "outcome": outcome}


def report(event: Event) -> dict[str, Any]:
    """Writes report.json and returns whether the run halts."""
    instances = [{"stage": "test", "wave": 1, "outcome": "compliant"}]
    document = {
        "run": {"id": event["run"]},
        "steps": [{"stage": "test", "wave": 1, "decision": "advance"}],
        "targets": [],
        "instances": instances,
    }
    _put(f"runs/{event['run']}/report/report.json", document)
    return {"halted": event["comment"] == "halt"}


def handler(event: Event, _context: Any) -> dict[str, Any]:
    """Handles all calls in one function, so that one process serves a whole run."""
    return {"start": start, "work": work, "report": report}[event["do"]](event)
