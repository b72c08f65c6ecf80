"""Adds properties and resource types that ministack's CloudFormation drops or refuses.

Properties: encryption, Object Lock and lifecycle of buckets, reserved concurrency, logging and tracing of a state
machine, a definition in YAML, the permissions boundary of a role. A stack cannot delete a table that is protected
against deletion. Types: versions and aliases of state machines, Logs::QueryDefinition, Athena::NamedQuery, and
CompositeAlarm. ministack stores the suppressor of a composite alarm but does not apply it.
Patches `provisioners._S3_BUCKET_CONFIGURATIONS`, `._sfn_definition` and `._RESOURCE_HANDLERS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import yaml
from ministack.services import athena, cloudwatch, dynamodb, iam, lambda_svc, s3
from ministack.services import stepfunctions as sf
from ministack.services.cloudformation import provisioners

_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
Handlers = dict[str, Callable[..., Any]]


def before(resource_type: str, operation: str, check: Callable[[str, dict[str, Any]], None]) -> None:
    """Calls `check(name, properties)` before ministack's own handler, which a ValueError keeps from being called.

    The name is the physical id, or the logical one of a resource that does not exist yet.
    """

    def handle(native: Callable[[], Any], name: str, properties: dict[str, Any]) -> Any:
        check(name, properties)
        return native()

    _wrap(resource_type, operation, handle)


def after(resource_type: str, operation: str, then: Callable[[str, dict[str, Any]], None]) -> None:
    """Calls `then(physical id, properties)` once ministack's own handler has created or updated the resource."""

    def handle(native: Callable[[], Any], _name: str, properties: dict[str, Any]) -> Any:
        made = native()
        then(made[0], properties)
        return made

    _wrap(resource_type, operation, handle)


def _wrap(resource_type: str, operation: str, handle: Callable[[Callable[[], Any], str, dict[str, Any]], Any]) -> None:
    """Lets `handle(ministack's own handler, name, properties)` answer, if ministack has a handler."""
    own = provisioners._RESOURCE_HANDLERS[resource_type]
    native = own.get(operation)
    if native is None:
        return
    # An update has the old properties before the new ones.
    place = 2 if operation == "update" else 1

    def handler(*arguments: Any, **named: Any) -> Any:
        return handle(lambda: native(*arguments, **named), arguments[0], arguments[place])

    provisioners._RESOURCE_HANDLERS[resource_type] = {**own, operation: handler}


def install() -> None:
    """Replaces the names."""
    native_definition = provisioners._sfn_definition

    def definition(properties: dict[str, Any]) -> str:
        text = native_definition(properties)
        try:
            json.loads(text)
        except ValueError:
            return json.dumps(yaml.safe_load(text))
        return text

    provisioners._sfn_definition = definition
    provisioners._S3_BUCKET_CONFIGURATIONS += (
        ("BucketEncryption", _encryption_xml, s3._put_bucket_encryption, _dropping(s3._bucket_encryption)),
        # Behind the versioning, without which S3 takes it not.
        (
            "ObjectLockConfiguration",
            _object_lock_xml,
            s3._put_object_lock_configuration,
            _dropping(s3._bucket_object_lock),
        ),
        ("LifecycleConfiguration", _lifecycle_xml, s3._put_bucket_lifecycle, _dropping(s3._bucket_lifecycle)),
    )
    for operation in ("create", "update"):
        before("AWS::IAM::Role", operation, _boundary_exists)
        after("AWS::IAM::Role", operation, _set_boundary)
        after("AWS::Lambda::Function", operation, _reserve_concurrency)
        after("AWS::StepFunctions::StateMachine", operation, _observe)
    before("AWS::DynamoDB::Table", "delete", _is_unprotected)
    provisioners._RESOURCE_HANDLERS.update(
        {
            "AWS::StepFunctions::StateMachineVersion": handlers(_create_version, _replace_version),
            "AWS::StepFunctions::StateMachineAlias": handlers(_create_alias, _update_alias),
            "AWS::Athena::NamedQuery": handlers(_create_named_query, _keep),
            "AWS::Logs::QueryDefinition": handlers(_accept, _keep),
            "AWS::CloudWatch::CompositeAlarm": {
                **handlers(_create_composite_alarm, _update_composite_alarm),
                "delete": _delete_composite_alarm,
            },
        }
    )


def _boundary_exists(_name: str, properties: dict[str, Any]) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary and not iam._policy_exists(boundary):
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")


def _set_boundary(name: str, properties: dict[str, Any]) -> None:
    iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary") or ""


def _is_unprotected(name: str, _properties: dict[str, Any]) -> None:
    if (dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled"):
        raise ValueError(f"{name} cannot be deleted as it is currently protected against deletion")


def handlers(create: Callable[..., Any], update: Callable[..., Any]) -> Handlers:
    """Returns the handlers of a resource type whose deletion needs no action."""
    return {"create": create, "update": update, "delete": lambda *_, **__: None}


def _keep(physical_id: str, _old: Any, _new: Any, _stack: str, *_: Any, **__: Any) -> tuple[str, dict[str, Any]]:
    return physical_id, {"Arn": physical_id}


def _accept(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    """Accepts a resource that no test in the local cloud uses: it exists by name only."""
    name = str(properties.get("Name") or f"{stack}-{logical_id}")
    return name, {"Arn": name}


def _dropping(store: Any) -> Callable[[str], None]:
    def drop(bucket: str) -> None:
        store.pop(bucket, None)

    return drop


def _encryption_xml(properties: dict[str, Any]) -> bytes:
    rule = properties["ServerSideEncryptionConfiguration"][0]
    default = rule.get("ServerSideEncryptionByDefault") or {}
    key = default.get("KMSMasterKeyID")
    return (
        f'<ServerSideEncryptionConfiguration xmlns="{_S3_NAMESPACE}"><Rule><ApplyServerSideEncryptionByDefault>'
        f"<SSEAlgorithm>{default.get('SSEAlgorithm')}</SSEAlgorithm>"
        f"{f'<KMSMasterKeyID>{escape(str(key))}</KMSMasterKeyID>' if key else ''}"
        "</ApplyServerSideEncryptionByDefault>"
        f"<BucketKeyEnabled>{str(rule.get('BucketKeyEnabled', False)).lower()}</BucketKeyEnabled>"
        "</Rule></ServerSideEncryptionConfiguration>"
    ).encode()


def _object_lock_xml(properties: dict[str, Any]) -> bytes:
    enabled = escape(str(properties["ObjectLockEnabled"]))
    return (
        f'<ObjectLockConfiguration xmlns="{_S3_NAMESPACE}"><ObjectLockEnabled>{enabled}</ObjectLockEnabled>'
        "</ObjectLockConfiguration>"
    ).encode()


def _lifecycle_xml(properties: dict[str, Any]) -> bytes:
    rules = "".join(_lifecycle_rule(rule) for rule in properties["Rules"])
    return f'<LifecycleConfiguration xmlns="{_S3_NAMESPACE}">{rules}</LifecycleConfiguration>'.encode()


def _lifecycle_rule(rule: dict[str, Any]) -> str:
    noncurrent = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
    abort = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    days = rule.get("ExpirationInDays")
    expiry = f"<Expiration><Days>{days}</Days></Expiration>" if days else ""
    old = (
        f"<NoncurrentVersionExpiration><NoncurrentDays>{noncurrent}</NoncurrentDays></NoncurrentVersionExpiration>"
        if noncurrent
        else ""
    )
    upload = (
        "<AbortIncompleteMultipartUpload>"
        f"<DaysAfterInitiation>{abort}</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
        if abort
        else ""
    )
    return (
        f"<Rule><ID>{escape(str(rule.get('Id', 'rule')))}</ID>"
        f"<Filter><Prefix>{escape(str(rule.get('Prefix', '')))}</Prefix></Filter>"
        f"<Status>{rule['Status']}</Status>{expiry}{old}{upload}</Rule>"
    )


def _reserve_concurrency(name: str, properties: dict[str, Any]) -> None:
    function = lambda_svc._functions.get(name)
    reserved = properties.get("ReservedConcurrentExecutions")
    if function is not None:
        function["concurrency"] = int(reserved) if reserved is not None else None


def _observe(arn: str, properties: dict[str, Any]) -> None:
    """Stores logging and tracing in the API's spelling, so that DescribeStateMachine shows what the template says."""
    machine = sf._state_machines.get(arn)
    if machine is None:
        return
    logging = properties.get("LoggingConfiguration")
    if logging:
        machine["loggingConfiguration"] = {
            "level": logging.get("Level", "OFF"),
            "includeExecutionData": str(logging.get("IncludeExecutionData", False)).lower() == "true",
            "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": d["CloudWatchLogsLogGroup"]["LogGroupArn"]}}
                for d in logging.get("Destinations") or []
            ],
        }
    tracing = properties.get("TracingConfiguration") or {}
    machine["tracingConfiguration"] = {"enabled": str(tracing.get("Enabled", False)).lower() == "true"}


def _answer(response: Any) -> dict[str, Any]:
    if response[0] >= 400:
        raise ValueError(repr(response[2]))
    return json.loads(response[2])


def _create_version(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    machine = properties.get("StateMachineArn") or properties["StateMachineRevisionId"]
    arn = _answer(sf._publish_state_machine_version({"stateMachineArn": machine}))["stateMachineVersionArn"]
    return arn, {"Arn": arn}


def _replace_version(physical_id: str, _old: Any, new: dict[str, Any], stack: str, *_: Any, **__: Any) -> Any:
    return _create_version(physical_id, new, stack)


def _routing(properties: dict[str, Any]) -> list[dict[str, Any]]:
    routing = properties.get("RoutingConfiguration") or [
        {"StateMachineVersionArn": properties["DeploymentPreference"]["StateMachineVersionArn"], "Weight": 100}
    ]
    return [{"stateMachineVersionArn": r["StateMachineVersionArn"], "weight": int(r["Weight"])} for r in routing]


def _create_alias(logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    request = {"name": properties.get("Name", logical_id), "routingConfiguration": _routing(properties)}
    arn = _answer(sf._create_state_machine_alias(request))["stateMachineAliasArn"]
    return arn, {"Arn": arn}


def _update_alias(physical_id: str, _old: Any, new: dict[str, Any], _stack: str, *_: Any, **__: Any) -> Any:
    _answer(
        sf._update_state_machine_alias({"stateMachineAliasArn": physical_id, "routingConfiguration": _routing(new)})
    )
    return physical_id, {"Arn": physical_id}


def _create_named_query(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    known = ("Name", "Database", "QueryString", "WorkGroup", "Description")
    query = _answer(athena._create_named_query({k: properties[k] for k in known if k in properties}))["NamedQueryId"]
    return query, {"NamedQueryId": query}


def _create_composite_alarm(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    name = str(properties.get("AlarmName") or f"{stack}-{logical_id}")
    suppressor = properties.get("ActionsSuppressor")
    if suppressor and suppressor not in cloudwatch._alarms and suppressor not in cloudwatch._composite_alarms:
        raise ValueError(f"the actions suppressor {suppressor} does not exist")
    _answer(cloudwatch._put_composite_alarm({}, {**properties, "AlarmName": name}, is_cbor=False, is_json=True))
    alarm = cloudwatch._composite_alarms[name]
    alarm.update({key: value for key, value in properties.items() if key.startswith("ActionsSuppressor")})
    return name, {"Arn": alarm["AlarmArn"]}


def _update_composite_alarm(physical_id: str, _old: Any, new: dict[str, Any], stack: str, *_: Any, **__: Any) -> Any:
    return _create_composite_alarm(physical_id, {**new, "AlarmName": physical_id}, stack)


def _delete_composite_alarm(physical_id: str, *_: Any, **__: Any) -> None:
    cloudwatch._composite_alarms.pop(physical_id, None)
