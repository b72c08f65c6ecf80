"""The files that the checks read, each read once, and the template after the SAM transform."""

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
SCAN_RUN = ROOT / "statemachine" / "scan-run.asl.json"
# The only writer of each kind of object in the bucket; `UPDATE_GOLDEN=1 cargo test -p orgpatch-records` writes it.
OWNERS = ROOT / "crates" / "records" / "golden" / "keys.json"

# The crates that are not Lambda functions.
LIBRARIES_AND_TOOLS = {"facts", "aws", "cli", "engine", "fleet-sim", "model", "plan", "records"}


@cache
def template() -> dict[str, Any]:
    """Returns template.yaml with intrinsic functions in their long form."""
    return yaml_parse(TEMPLATE.read_text())


@cache
def member_role() -> dict[str, Any]:
    """Returns member-role.yaml with intrinsic functions in their long form."""
    return yaml_parse(MEMBER_ROLE.read_text())


@cache
def state_machine() -> dict[str, Any]:
    """Returns the state machine as it is in the file, without its substitutions."""
    return json.loads(STATE_MACHINE.read_text())


@cache
def transformed() -> dict[str, Any]:
    """Returns template.yaml as plain CloudFormation, of which cfn-lint checks much more than of a SAM template."""
    return sam_transform(template())


def sam_transform(document: dict[str, Any]) -> dict[str, Any]:
    """Transforms a SAM template as AWS does, offline. Local paths become S3 locations, as after packaging."""
    document = copy.deepcopy(document)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "code"}
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = {"Bucket": "artifacts", "Key": "definition"}
    # The translator asks boto3 for a Region. It does not matter which one.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(document, {}, _NoManagedPolicies())


class _NoManagedPolicies:
    """Answers the translator's question for the ARNs of managed policies: the template names none."""

    def load(self) -> dict[str, str]:
        return {}


def functions() -> dict[str, dict[str, Any]]:
    """Returns logical id → resource of every function in template.yaml."""
    return resources(template(), "AWS::Serverless::Function")


def resources(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Returns logical id → resource of all resources of a type."""
    return {name: resource for name, resource in document["Resources"].items() if resource["Type"] == kind}
