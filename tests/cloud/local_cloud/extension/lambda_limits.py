"""Applies the scenario's Lambda limits, lets an invocation last simulated time, and keeps the computer from drowning.

* Limit: natively the account's limit follows from the memory of this computer. Here it is the scenario's. An invocation
  beyond it is refused with TooManyRequestsException.
* Time: an invocation happens at its beginning. Its answer arrives after the scenario's `seconds`, and it counts as in
  flight until then. Without `seconds` it takes no simulated time of its own.
* Time limit: the scenario's `timeouts` stand in place of the template's.
* Clock: an invocation that no execution makes is a work of its own.
* Computer: with the stepping clock many targets move at the same moment. Only a few invocations really run at a time;
  the others wait in real time. The limit counts them all.

Adds `aws-sdk:lambda:getAccountSettings` to the state machine's integrations, which natively lack it. Patches
`lambda_svc._ACCOUNT_CONCURRENCY_CAP`, `._execute_function`, `._execute_function_dispatch`, `._release_execution_slot`
and `stepfunctions._dispatch_aws_sdk_lambda_rest`.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from ministack.services import lambda_svc
from ministack.services import stepfunctions as sf

from . import simulator
from .clock import CLOCK

# How many invocations really run at a time.
_REALLY_AT_A_TIME = 16
_seconds: dict[str, float] = {}


def take_time() -> bool:
    """Returns whether invocations last simulated time."""
    return bool(_seconds)


def _of_function(name: str, values: dict[str, float], otherwise: float) -> float:
    return next((value for end, value in values.items() if name == end or name.endswith(f"-{end}")), otherwise)


def install() -> None:
    """Replaces the names."""
    limits = simulator.get("/_sim/lambda")
    _seconds.update(limits["seconds"])
    really = threading.BoundedSemaphore(_REALLY_AT_A_TIME)
    native_execute, native_dispatch = lambda_svc._execute_function, lambda_svc._execute_function_dispatch
    native_release, native_rest = lambda_svc._release_execution_slot, sf._dispatch_aws_sdk_lambda_rest

    def execute(func: dict[str, Any], event: Any) -> Any:
        config = func.get("config") or func
        config["Timeout"] = _of_function(config["FunctionName"], limits["timeouts"], config["Timeout"])
        with CLOCK.working(f"invocation of {(func.get('config') or func).get('FunctionName')}"):
            return native_execute(func, event)

    def dispatch(*arguments: Any) -> Any:
        with really:
            return native_dispatch(*arguments)

    def release(key: str) -> None:
        try:
            CLOCK.wait(_of_function(key.rsplit(":", 1)[-1], _seconds, 0))
        finally:
            native_release(key)

    def rest(service_info: Any, service: str, action: str, arguments: Any) -> Any:
        if action == "getAccountSettings":
            return json.loads(lambda_svc._get_account_settings()[2])
        return native_rest(service_info, service, action, arguments)

    lambda_svc._ACCOUNT_CONCURRENCY_CAP = limits["concurrentExecutions"]
    lambda_svc._execute_function = execute
    lambda_svc._execute_function_dispatch = dispatch
    lambda_svc._release_execution_slot = release
    sf._dispatch_aws_sdk_lambda_rest = rest
