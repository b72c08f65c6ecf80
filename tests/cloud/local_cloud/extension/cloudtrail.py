"""CloudTrail's event history of StartExecution, as `aws-sdk:cloudtrail:lookupEvents` of a state machine reads it.

Natively the integration does not exist, and the event history knows no callers. Here every StartExecution is listed,
with its caller, also those that were refused, and only after a delay: CloudTrail typically delivers an event within an
average of about 5 minutes of the call, which is not guaranteed ("How CloudTrail works"). The request is checked as by
the API's model. Patches `stepfunctions._start_execution` and `._invoke_aws_sdk_integration`.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
from botocore.validate import ParamValidator
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as sf

from .clock import CLOCK
from .settings import SETTINGS
from .step_functions.scope import ExecutionError

_RESOURCE = ":aws-sdk:cloudtrail:lookupEvents"
# Every event, the oldest first.
_events: list[dict[str, Any]] = []


def install() -> None:
    """Wraps the names; comes after `step_functions`, whose start it listens to."""
    native_start, native_invoke = sf._start_execution, sf._invoke_aws_sdk_integration
    request = botocore.session.Session().get_service_model("cloudtrail").operation_model("LookupEvents").input_shape

    def start_execution(data: dict[str, Any]) -> Any:
        at, answer = CLOCK.now(), native_start(data)
        _events.append(_event(at, data, json.loads(answer[2]), answer[0] == 200))
        return answer

    def invoke(resource: str, arguments: Any) -> Any:
        if not resource.endswith(_RESOURCE):
            return native_invoke(resource, arguments)
        times = {
            name: datetime.fromisoformat(arguments[name]) for name in ("StartTime", "EndTime") if name in arguments
        }
        report = ParamValidator().validate({**arguments, **times}, request)
        if report.has_errors():
            raise ExecutionError("States.Runtime", report.generate_report())
        return {"Events": _found(arguments, times)}

    sf._start_execution = start_execution
    sf._invoke_aws_sdk_integration = invoke


def _found(arguments: dict[str, Any], times: dict[str, datetime]) -> list[dict[str, Any]]:
    attributes = arguments.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise ExecutionError("CloudTrail.InvalidLookupAttributesException", "more than one attribute")
    start, end = times.get("StartTime", datetime.min.replace(tzinfo=UTC)), times.get("EndTime", CLOCK.now())
    if start > end:
        raise ExecutionError("CloudTrail.InvalidTimeRangeException", "the start is after the end")
    until = min(end, CLOCK.now() - timedelta(seconds=SETTINGS.cloudtrail_seconds))
    found = [
        event
        for event in _events
        if start <= datetime.fromisoformat(event["EventTime"]) <= until
        if all(event.get(attribute["AttributeKey"]) == attribute["AttributeValue"] for attribute in attributes)
    ]
    # The most recent event is listed first (API reference).
    return found[::-1][: arguments.get("MaxResults", 50)]


def _event(at: datetime, data: dict[str, Any], answer: dict[str, Any], started: bool) -> dict[str, Any]:
    arn = iam_evaluator.caller_arn()
    identity = {
        "type": "AssumedRole" if ":assumed-role/" in arn else "Root" if arn.endswith(":root") else "IAMUser",
        "arn": arn,
        "accountId": arn.split(":")[4],
    }
    # CloudTrail's times have no fractions of a second ("CloudTrail record contents").
    second = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": second,
        "eventSource": "states.amazonaws.com",
        "eventName": "StartExecution",
        "awsRegion": get_region(),
        # The API's model marks the input as sensitive.
        "requestParameters": {**data, "input": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        "responseElements": answer if started else None,
        "recipientAccountId": get_account_id(),
        "managementEvent": True,
        "eventCategory": "Management",
        **({} if started else {"errorCode": str(answer.get("__type")), "errorMessage": str(answer.get("message"))}),
    }
    return {
        "EventId": str(uuid.uuid4()),
        "EventName": "StartExecution",
        "ReadOnly": "false",
        "EventTime": second,
        "EventSource": "states.amazonaws.com",
        "Username": arn.rsplit("/", 1)[-1],
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }
