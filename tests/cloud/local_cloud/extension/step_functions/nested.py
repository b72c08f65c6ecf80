"""Runs `states:startExecution.sync:2` as AWS does: a real execution, and a failure with a JSON cause.

Natively the child runs without history, clock and role of its own, and its error becomes the error of the task. AWS
fails the task with `States.TaskFailed`, whose cause is the answer of DescribeExecution ("Run a Job (.sync)"), and stops
the child if the parent is stopped ("Integration pattern permissions", `states:StopExecution`).
Patches `stepfunctions._invoke_nested_start_execution_sync`.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import stepfunctions as sf

from . import role, scope
from .scope import ExecutionError, Stopped, TimedOut

# Step Functions is told by an event and looks now and then. No document says how often.
_LOOK_SECONDS = 5


def install() -> None:
    """Replaces the name."""
    sf._invoke_nested_start_execution_sync = _run


def _run(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if not resource.endswith(".sync:2"):
        raise ExecutionError("States.Runtime", f"the local cloud does not know {resource}")
    status, _, body = sf._start_execution(sf._nested_start_execution_request(arguments))
    answer = json.loads(body)
    if status != 200:
        kind = str(answer.get("__type", "")).rsplit("#", 1)[-1].removesuffix("Exception")
        raise ExecutionError(f"StepFunctions.{kind}Exception", answer.get("message", ""))
    arn = answer["executionArn"]
    role.require("states:DescribeExecution", arn, "StepFunctions.AccessDeniedException")
    try:
        while sf._executions[arn]["status"] == "RUNNING":
            scope.pause(_LOOK_SECONDS)
    except (Stopped, TimedOut):
        if role.allowed("states:StopExecution", arn):
            sf._stop_execution({"executionArn": arn})
        raise
    described = json.loads(sf._describe_execution({"executionArn": arn})[2])
    pascal = {name[:1].upper() + name[1:]: value for name, value in described.items() if value is not None}
    if pascal["Status"] != "SUCCEEDED":
        raise ExecutionError("States.TaskFailed", json.dumps(pascal))
    return {**pascal, "Output": json.loads(pascal["Output"])}
