"""Adds the version and the alias of an execution to the answer of DescribeExecution, which natively lacks them.

Patches `stepfunctions._describe_execution`.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions as sf


def install() -> None:
    """Wraps the name."""
    native = sf._describe_execution

    def describe_execution(data: dict[str, Any]) -> Any:
        answer = native(data)
        execution = sf._executions.get(data.get("executionArn")) or {}
        if answer[0] != 200 or not execution.get("_versionArn"):
            return answer
        described = {**json.loads(answer[2]), "stateMachineVersionArn": execution["_versionArn"]}
        if execution.get("_aliasArn"):
            described["stateMachineAliasArn"] = execution["_aliasArn"]
        return json_response(described)

    sf._describe_execution = describe_execution
