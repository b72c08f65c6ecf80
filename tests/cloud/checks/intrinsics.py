"""Replaces CloudFormation's intrinsic functions by sample values, so that policies look as IAM sees them."""

import re
from typing import Any

ACCOUNT, REGION, STACK = "111111111111", "ap-northeast-1", "orgpatch"

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
}
# The value of AWS::NoValue: it disappears from the list in which it stands.
NO_VALUE = object()
# The conditions of the templates that hold.
CONDITIONS = {"HasPlanEditors"}
PARAMETERS: dict[str, Any] = {
    "ActingRoleArns": [
        f"arn:aws:iam::{ACCOUNT}:role/{STACK}-ScanRole-ABC",
        f"arn:aws:iam::{ACCOUNT}:role/{STACK}-InstallRole-ABC",
    ],
    "AlarmAfterDays": 3,
    "ExternalId": "0123456789abcdef",
    "LookingRoleArns": [
        f"arn:aws:iam::{ACCOUNT}:role/{STACK}-AssumeRoleRole-ABC",
        f"arn:aws:iam::{ACCOUNT}:role/{STACK}-CollectResultsRole-ABC",
    ],
    "MemberRoleName": "orgpatch-member",
    "OrganizationId": "o-abcdefghij",
    "PlanEditorArns": f"arn:aws:iam::{ACCOUNT}:role/plan-editors*",
}


def resolve(value: Any, document: dict[str, Any]) -> Any:
    """Returns `value` without intrinsic functions. `document` is its template, with intrinsics in their long form."""
    if isinstance(value, list):
        resolved = [resolve(item, document) for item in value]
        return [item for item in resolved if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(name, argument)] = value.items()
        match name:
            case "Ref":
                return _ref(argument, document)
            case "Fn::GetAtt":
                logical_id, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return _attribute(logical_id, attribute, document)
            case "Fn::Sub":
                text, own = argument if isinstance(argument, list) else (argument, {})
                values = {variable: resolve(item, document) for variable, item in own.items()}
                return re.sub(
                    r"\$\{([^}]+)\}",
                    lambda found: values.get(found.group(1)) or _substitute(found.group(1), document),
                    text,
                )
            case "Fn::If":
                condition, then, otherwise = argument
                return resolve(then if condition in CONDITIONS else otherwise, document)
            case "Fn::Select":
                return resolve(argument[1], document)[int(argument[0])]
            case "Fn::Split":
                return resolve(argument[1], document).split(argument[0])
    return {key: resolve(item, document) for key, item in value.items()}


def _substitute(name: str, document: dict[str, Any]) -> str:
    if "." in name:
        logical_id, attribute = name.split(".", 1)
        return _attribute(logical_id, attribute, document)
    return str(_ref(name, document))


def _ref(name: str, document: dict[str, Any]) -> Any:
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in _PSEUDO:
        return _PSEUDO[name]
    if name in document.get("Parameters", {}):
        return PARAMETERS.get(name, document["Parameters"][name].get("Default"))
    kind = document["Resources"][name]["Type"]
    # Ref returns the ARN of these types, and the name of all others.
    if kind in {"AWS::SNS::Topic", "AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"}:
        return _attribute(name, "Arn", document)
    return _name(name, document)


def _attribute(logical_id: str, attribute: str, document: dict[str, Any]) -> str:
    if attribute != "Arn":
        raise ValueError(f"no sample value for {logical_id}.{attribute}")
    name, place = _name(logical_id, document), f"{REGION}:{ACCOUNT}"
    match document["Resources"][logical_id]["Type"]:
        case "AWS::S3::Bucket":
            return f"arn:aws:s3:::{name}"
        case "AWS::DynamoDB::Table":
            return f"arn:aws:dynamodb:{place}:table/{name}"
        case "AWS::Logs::LogGroup":
            return f"arn:aws:logs:{place}:log-group:{name}:*"
        case "AWS::SNS::Topic":
            return f"arn:aws:sns:{place}:{name}"
        case "AWS::Events::Rule":
            return f"arn:aws:events:{place}:rule/{name}"
        case "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{name}"
        case "AWS::Serverless::Function" | "AWS::Lambda::Function":
            return f"arn:aws:lambda:{place}:function:{name}"
        case "AWS::Serverless::StateMachine" | "AWS::StepFunctions::StateMachine":
            return f"arn:aws:states:{place}:stateMachine:{name}"
        case kind:
            raise ValueError(f"no sample ARN for {kind}")


def _name(logical_id: str, document: dict[str, Any]) -> str:
    properties = document["Resources"][logical_id].get("Properties", {})
    for key in ("FunctionName", "Name", "AlarmName", "LogGroupName", "RoleName"):
        if key in properties:
            return str(resolve(properties[key], document))
    return f"{STACK}-{logical_id.lower()}-abc"
