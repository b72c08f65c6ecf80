"""Runs an execution from start to end: idempotent start, published versions, the machine's time-out, a complete stop.

Natively: a second start with the same name and input is refused while the first runs, a version or alias runs the
newest definition, TimeoutSeconds of the machine is ignored, StopExecution leaves threads running and a late error turns
ABORTED into FAILED, 0.15 s pass before the first state. Patches `stepfunctions._start_execution`, `._stop_execution`,
`._run_execution` and `._fail_execution`.
"""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions as sf

from .. import connections
from ..clock import CLOCK
from . import role
from .scope import CURRENT, STATE_LIMIT_BYTES, ExecutionError, Scope, Stopped, TimedOut

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}\Z")
_version: ContextVar[str | None] = ContextVar("state_machine_version", default=None)
_scopes: dict[str, Scope] = {}


def install() -> None:
    """Replaces the four names."""
    native_start, native_stop, native_fail = sf._start_execution, sf._stop_execution, sf._fail_execution

    def start_execution(data: dict[str, Any]) -> Any:
        refused = _refuse(data)
        if refused is not None:
            return refused
        requested = data.get("stateMachineArn", "")
        base = sf._resolve_state_machine_arn(requested)
        running = _same_and_running(base, data)
        if running is not None:
            return json_response({"executionArn": running["executionArn"], "startDate": running["startDate"]})
        version = sf._execution_version_arn(requested) if base and base != requested else None
        # The thread of the execution inherits this context, and with it the version to run. It works from now on, not
        # only from the moment at which the thread begins: otherwise the clock could step in between.
        token, work = _version.set(version), CLOCK.begin(f"execution {data.get('name', '')}")
        try:
            with CLOCK.as_work(work):
                answer = native_start(data)
        except BaseException:
            CLOCK.end(work)
            raise
        finally:
            _version.reset(token)
        if answer[0] != 200:
            CLOCK.end(work)
        if answer[0] == 200 and version:
            execution = sf._executions[json.loads(answer[2])["executionArn"]]
            execution["_versionArn"] = version
            execution["_aliasArn"] = requested if requested != version else None
        return answer

    def stop_execution(data: dict[str, Any]) -> Any:
        answer = native_stop(data)
        scope = _scopes.get(data.get("executionArn", ""))
        if answer[0] == 200 and scope is not None:
            scope.over.set()
        return answer

    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            native_fail(execution, error, cause)

    sf._start_execution = start_execution
    sf._stop_execution = stop_execution
    sf._fail_execution = fail_execution
    sf._run_execution = run_execution


def _refuse(data: dict[str, Any]) -> Any:
    name, text = data.get("name"), data.get("input", "{}")
    if name is not None and not _NAME.match(name):
        return error_response_json("InvalidName", f"Invalid Name: '{name}'", 400)
    try:
        json.loads(text)
    except (TypeError, ValueError):
        return error_response_json("InvalidExecutionInput", "Invalid State Machine Execution Input", 400)
    if len(text.encode()) > STATE_LIMIT_BYTES:
        return error_response_json("InvalidExecutionInput", "Input exceeds the limit of 262144 bytes", 400)
    return None


def _same_and_running(base: str | None, data: dict[str, Any]) -> dict[str, Any] | None:
    if not base or not data.get("name"):
        return None
    earlier = sf._executions.get(f"{base.replace(':stateMachine:', ':execution:')}:{data['name']}")
    if earlier is None or earlier["status"] != "RUNNING":
        return None
    same = json.loads(earlier["input"]) == json.loads(data.get("input", "{}"))
    return earlier if same else None


def run_execution(arn: str) -> None:
    """Runs an execution; this is the body of its thread."""
    try:
        _run(arn)
    finally:
        CLOCK.end_own()


def _run(arn: str) -> None:
    execution = sf._executions.get(arn)
    if execution is None:
        return
    connections.leave()
    machine = sf._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        sf._fail_execution(execution, "StateMachineDeleted", "State machine no longer exists")
        return
    try:
        definition = json.loads(_definition(machine))
    except ValueError:
        sf._fail_execution(execution, "InvalidDefinition", "Could not parse state machine definition")
        return
    limit = definition.get("TimeoutSeconds")
    scope = Scope(execution, machine["roleArn"], CLOCK.now() + timedelta(seconds=limit) if limit else None)
    CURRENT.set(scope)
    _scopes[arn] = scope
    # Services that the machine calls see its role, not the identity that started the execution.
    iam_evaluator._request_caller_arn.set(role.assumed(scope.role_arn))
    try:
        _finish(execution, _walk(definition, execution, machine, scope))
    except Stopped:
        pass
    except TimedOut:
        execution.update(status="TIMED_OUT", stopDate=CLOCK.now_iso(), error="States.Timeout", cause="")
        sf._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})
        sf._emit_execution_status_event(execution)
    except ExecutionError as error:
        sf._fail_execution(execution, error.error, error.cause)
    except Exception as error:  # noqa: BLE001  (a defect of the emulator must end the execution, not hang it)
        sf.logger.exception("unexpected error in execution %s", arn)
        sf._fail_execution(execution, "States.Runtime", str(error))
    finally:
        scope.over.set()
        _scopes.pop(arn, None)


def _definition(machine: dict[str, Any]) -> str:
    version = sf._state_machine_versions.get(_version.get()) if _version.get() else None
    return (version or machine)["definition"]


def _walk(definition: dict[str, Any], execution: dict[str, Any], machine: dict[str, Any], scope: Scope) -> Any:
    given = json.loads(execution["input"])
    ctx = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": given,
            "Name": execution["name"],
            "StartTime": execution["startDate"],
            "RoleArn": scope.role_arn,
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }
    return sf._run_sub_machine(definition["States"], definition["StartAt"], given, execution, ctx)


def _finish(execution: dict[str, Any], output: Any) -> None:
    if execution["status"] != "RUNNING":
        return
    execution.update(status="SUCCEEDED", output=json.dumps(output), stopDate=CLOCK.now_iso())
    sf._add_event(execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": execution["output"]}})
    sf._emit_execution_status_event(execution)
