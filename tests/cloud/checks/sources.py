"""What the checks look at: the files of the repository, read once, and the template after the SAM transform."""

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
MEMBER_ROLE = ROOT / "member-role.yaml"
STATE_MACHINE = ROOT / "statemachine" / "patch-run.asl.json"

# The crates that are no Lambda function.
LIBRARIES_AND_TOOLS = {"aws", "cli", "core", "fleet-sim"}


@cache
def template() -> dict[str, Any]:
    """template.yaml, intrinsic functions in their long form."""
    return yaml_parse(TEMPLATE.read_text())


@cache
def member_role() -> dict[str, Any]:
    """member-role.yaml likewise."""
    return yaml_parse(MEMBER_ROLE.read_text())


@cache
def state_machine() -> dict[str, Any]:
    """The state machine as written, substitutions still open."""
    return json.loads(STATE_MACHINE.read_text())


@cache
def transformed() -> dict[str, Any]:
    """template.yaml as plain CloudFormation. cfn-lint sees little of a SAM template and much more of this."""
    return sam_transform(template())


def sam_transform(document: dict[str, Any]) -> dict[str, Any]:
    """What AWS makes of a SAM template, offline. Local paths become S3 locations, as packaging would make them."""
    document = copy.deepcopy(document)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "code"}
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = {"Bucket": "artifacts", "Key": "definition"}
    # The translator asks boto3 for a Region; any will do.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(document, {}, _NoManagedPolicies())


class _NoManagedPolicies:
    """The translator would ask IAM for the ARNs of managed policies; the template names none."""

    def load(self) -> dict[str, str]:
        return {}


def functions() -> dict[str, dict[str, Any]]:
    """Logical id → resource of every function in template.yaml."""
    return resources(template(), "AWS::Serverless::Function")


def resources(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → resource, of one type."""
    return {name: resource for name, resource in document["Resources"].items() if resource["Type"] == kind}
