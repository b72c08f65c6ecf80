"""Step Functions: the definition of the state machine."""

from __future__ import annotations

import json

from ..asker import Asker
from ..errors import CannotTell
from ..fact import Fact, Model, Page
from ..rendered import state_machine

_OPERATION = "stepfunctions:ValidateStateMachineDefinition"
_FREE = Model("stepfunctions", "ValidateStateMachineDefinition", "without creating a state machine resource")
# A transition to a state that does not exist.
_BROKEN = {"StartAt": "First", "States": {"First": {"Type": "Pass", "Next": "Missing"}}}


def _validate(asker: Asker, definition: str) -> str:
    answer = asker.call(
        "stepfunctions", "validate_state_machine_definition", definition=definition, type="STANDARD", severity="ERROR"
    )
    for found in answer["diagnostics"]:
        asker.notes.append(f"{found['code']} at {found.get('location', '?')}: {found['message']}")
    return str(answer["result"])


def _ours(asker: Asker) -> str:
    return _validate(asker, state_machine(asker.partition, asker.region))


def _broken(asker: Asker) -> str:
    try:
        return _validate(asker, json.dumps(_BROKEN))
    except asker.client("stepfunctions").exceptions.ValidationException as error:
        raise CannotTell(f"the definition was not looked at: {error}") from error


def _listed_start(asker: Asker) -> str:
    answer = asker.call(
        "cloudtrail",
        "lookup_events",
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "StartExecution"}],
        MaxResults=10,
    )
    records = [json.loads(event["CloudTrailEvent"]) for event in answer["Events"]]
    started = [record for record in records if not record.get("errorCode")]
    if not started:
        raise CannotTell("no execution was started in this Region within 90 days")
    whole = all(
        (record.get("responseElements") or {}).get("executionArn") and record["userIdentity"].get("arn")
        for record in started
    )
    return "execution and caller" if whole else "less"


FACTS = (
    Fact(
        name="state-machine-is-accepted",
        says="Step Functions accepts the state machine of orgpatch: Distributed Maps inside an Inline Map, JSONata in "
        "MaxConcurrency, ItemReader and Assign.",
        calls=(_OPERATION,),
        sources=(
            _FREE,
            Page(
                "https://docs.aws.amazon.com/step-functions/latest/apireference/"
                "API_ValidateStateMachineDefinitionDiagnostic.html",
                "lists the errors, TOO_DEEPLY_NESTED among them, and names no limit",
            ),
        ),
        aws=("OK",),
        orgpatch={"OK": "it can be deployed", "FAIL": "the stack cannot be created: attach the diagnostics"},
        ask=_ours,
        concerns=("F-20", "F-24"),
    ),
    Fact(
        name="broken-state-machine-is-refused",
        says="Step Functions refuses a transition to a state that does not exist, so that OK in the line before means "
        "something.",
        calls=(_OPERATION,),
        sources=(
            Model(
                "stepfunctions",
                "ValidateStateMachineDefinitionOutput.result",
                "FAIL if the workflow definition does not pass verification",
            ),
        ),
        aws=("FAIL",),
        orgpatch={"FAIL": "nothing: it is the counter-proof", "OK": "the line before proves nothing"},
        ask=_broken,
        concerns=("F-20",),
    ),
    Fact(
        name="a-start-is-listed-with-execution-and-caller",
        says="CloudTrail's event history lists a StartExecution with the ARN of the execution and that of the caller.",
        calls=("cloudtrail:LookupEvents",),
        sources=(
            Model(
                "cloudtrail",
                "Event.CloudTrailEvent",
                "A JSON string that contains a representation of the event returned",
            ),
            Page(
                "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cloud-trail.html",
                "StartExecution is logged as a management event; its example has responseElements.executionArn",
            ),
        ),
        aws=("execution and caller",),
        orgpatch={
            "execution and caller": "the report names who started the run",
            "less": "the report says `unknown`, and nothing else changes",
        },
        ask=_listed_start,
        not_local="the local cloud's event history answers the state machine only",
        concerns=("SEC-31",),
    ),
)
