"""Runs a DISTRIBUTED Map: a map run with child executions of their own scope, thresholds, and results in S3.

Natively: no JSONata fields, no ItemBatcher, no ResultWriter, children see the parent's variables and context, all items
run even after the threshold is exceeded, no permission of the role is checked, results have no size limit.
"""

from __future__ import annotations

import copy
import json
import threading
from functools import partial
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import stepfunctions as sf

from ..clock import CLOCK
from . import expressions, inline_map, result_writer, role, scope
from .scope import CURRENT, ExecutionError, Scope, Stopped, limit_size

# AWS allows 10,000. Most of these threads only wait, so that this many fit on a small computer.
THREAD_LIMIT = 1000
_COUNTS = (
    "pending",
    "running",
    "succeeded",
    "failed",
    "timedOut",
    "aborted",
    "total",
    "resultsWritten",
    "failuresNotRedrivable",
    "pendingRedrive",
)


class MapRun:
    """A map run: its record (for DescribeMapRun), its children and its thresholds."""

    def __init__(self, state: dict[str, Any], execution: dict[str, Any], items: list[Any], limits: dict[str, Any]):
        _, _, _, region, account, _, machine = execution["stateMachineArn"].split(":")[:7]
        label = state.get("Label") or new_uuid()
        self.name = new_uuid()
        self.arn = f"arn:aws:states:{region}:{account}:mapRun:{machine}/{label}:{self.name}"
        self.child_machine = f"arn:aws:states:{region}:{account}:stateMachine:{machine}/{label}"
        self.child_prefix = f"arn:aws:states:{region}:{account}:execution:{machine}/{label}"
        self.children: list[dict[str, Any]] = []
        self.results: list[Any] = [None] * len(items)
        self.limits = limits
        self.failed = 0
        self.exceeded = False
        self.lock = threading.Lock()
        # Happens when a threshold is exceeded or the parent ends; the children then stop waiting.
        self.over = scope.current().over.follower()
        counts = {**dict.fromkeys(_COUNTS, 0), "total": len(items), "pending": len(items)}
        self.record = {
            "mapRunArn": self.arn,
            "executionArn": execution["executionArn"],
            "status": "RUNNING",
            "startDate": CLOCK.now_iso(),
            "maxConcurrency": int(limits["MaxConcurrency"]),
            "toleratedFailurePercentage": float(limits["ToleratedFailurePercentage"] or 0),
            "toleratedFailureCount": int(limits["ToleratedFailureCount"] or 0),
            "itemCounts": counts,
            "executionCounts": dict(counts),
            "redriveCount": 0,
            "_stateMachineArn": self.child_machine,
        }
        sf._map_runs[self.arn] = self.record

    def count(self, **changes: int) -> None:
        """Changes the counts of items by state."""
        with self.lock:
            for counts in (self.record["itemCounts"], self.record["executionCounts"]):
                for name, change in changes.items():
                    counts[name] += change

    def note_failure(self) -> None:
        """Counts a failed child, and ends the map run if the state tolerates no more of them."""
        with self.lock:
            self.failed += 1
            percentage, count = self.limits["ToleratedFailurePercentage"], self.limits["ToleratedFailureCount"]
            exceeded: list[bool] = []
            if percentage is not None:
                exceeded.append(self.failed * 100 > float(percentage) * len(self.results))
            if count is not None:
                exceeded.append(self.failed > int(count))
            # Without a limit, the first failure is one too many.
            if any(exceeded) or not exceeded:
                self.exceeded = True
        if self.exceeded:
            self.over.set()

    def close(self, status: str) -> None:
        """Ends the map run."""
        self.record.update(status=status, stopDate=CLOCK.now_iso())


def run(
    state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any], processor: dict[str, Any]
) -> tuple[Any, str | None]:
    """Runs one attempt of a distributed Map state."""
    jsonata = sf._state_query_language(state, ctx) == "JSONata"
    effective = raw if jsonata else sf._apply_input_path(state, raw, ctx)

    def evaluate(template: Any, context: dict[str, Any] = ctx) -> Any:
        if jsonata:
            return sf._apply_jsonata_template(template, raw, context)
        return sf._resolve_params_obj(template, effective, context)

    items = _batched(
        state, _selected(state, _read(state, raw, effective, ctx, jsonata, evaluate), ctx, evaluate), evaluate
    )
    limits = {
        "MaxConcurrency": evaluate(state.get("MaxConcurrency", 0)) or 0,
        "ToleratedFailurePercentage": evaluate(state.get("ToleratedFailurePercentage")),
        "ToleratedFailureCount": evaluate(state.get("ToleratedFailureCount")),
    }
    role.require("states:StartExecution", execution["stateMachineArn"], "States.Permissions")
    map_run = MapRun(state, execution, items, limits)
    sf._add_event(execution, "MapRunStarted", {"mapRunStartedEventDetails": {"mapRunArn": map_run.arn}})
    _run_children(map_run, items, processor, ctx)
    _authorize_watching(map_run)
    try:
        scope.check()
    except Exception:
        map_run.close("ABORTED")
        raise
    results = _results(state, map_run, evaluate)
    if map_run.exceeded:
        map_run.close("FAILED")
        cause = "The specified tolerated failure threshold was exceeded"
        error = "States.ExceedToleratedFailureThreshold"
        sf._add_event(execution, "MapRunFailed", {"mapRunFailedEventDetails": {"error": error, "cause": cause}})
        raise ExecutionError(error, cause)
    map_run.close("SUCCEEDED")
    limit_size(results)
    sf._add_event(execution, "MapRunSucceeded", {})
    return expressions.finish(state, raw, ctx, results, jsonata)


def _read(
    state: dict[str, Any], raw: Any, effective: Any, ctx: dict[str, Any], jsonata: bool, evaluate: Any
) -> list[Any]:
    reader = state.get("ItemReader")
    if reader is None:
        return inline_map._items(state, raw, effective, ctx, jsonata)
    reader = copy.deepcopy(reader)
    # Evaluate it here, because ministack's reader supports JSONPath only.
    reader["Arguments"] = arguments = evaluate(reader.pop("Parameters", None) or reader.get("Arguments") or {})
    reader["ReaderConfig"] = evaluate(reader.get("ReaderConfig") or {})
    bucket = arguments.get("Bucket")
    if reader["Resource"].endswith("s3:listObjectsV2"):
        role.require("s3:ListBucket", f"arn:aws:s3:::{bucket}", "States.ItemReaderFailed")
    else:
        role.require("s3:GetObject", f"arn:aws:s3:::{bucket}/{arguments.get('Key')}", "States.ItemReaderFailed")
    items = sf._read_map_items(reader, effective, ctx)
    if not isinstance(items, list):
        raise ExecutionError("States.ItemReaderFailed", "Attempting to map over non-iterable node.")
    return items


def _selected(state: dict[str, Any], items: list[Any], ctx: dict[str, Any], evaluate: Any) -> list[Any]:
    selector = state.get("ItemSelector") or state.get("Parameters")
    if not selector:
        return items
    return [
        evaluate(selector, {**ctx, "Map": {"Item": {"Index": index, "Value": item}}})
        for index, item in enumerate(items)
    ]


def _batched(state: dict[str, Any], items: list[Any], evaluate: Any) -> list[Any]:
    batcher = state.get("ItemBatcher")
    if batcher is None:
        return items
    size = int(evaluate(batcher.get("MaxItemsPerBatch")) or len(items) or 1)
    shared = {"BatchInput": evaluate(batcher["BatchInput"])} if "BatchInput" in batcher else {}
    return [{**shared, "Items": items[at : at + size]} for at in range(0, len(items), size)]


def _run_children(map_run: MapRun, items: list[Any], processor: dict[str, Any], ctx: dict[str, Any]) -> None:
    parent = scope.current()
    threads = min(int(map_run.record["maxConcurrency"]) or THREAD_LIMIT, THREAD_LIMIT, len(items) or 1)
    CLOCK.together(
        [partial(_child, map_run, parent, index, item, processor, ctx) for index, item in enumerate(items)], threads
    )


def _authorize_watching(map_run: MapRun) -> None:
    """Checks two permissions: AWS watches the children with DescribeExecution and ends them with StopExecution."""
    if map_run.children:
        first = map_run.children[0]["executionArn"]
        role.require("states:DescribeExecution", first, "States.Permissions")
        if map_run.over.is_set():
            role.require("states:StopExecution", first, "States.Permissions")


def _child(
    map_run: MapRun, parent: Scope, index: int, item: Any, processor: dict[str, Any], ctx: dict[str, Any]
) -> None:
    name = new_uuid()
    child = {
        "executionArn": f"{map_run.child_prefix}:{name}",
        "stateMachineArn": map_run.child_machine,
        "name": name,
        "status": "RUNNING",
        "startDate": CLOCK.now_iso(),
        "stopDate": None,
        "input": json.dumps(item),
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": {"included": True},
        "mapRunArn": map_run.arn,
        "events": [],
        "mockAttempts": {},
    }
    map_run.children.append(child)
    if map_run.over.is_set():
        child.update(status="PENDING")
        return
    sf._executions[child["executionArn"]] = child
    map_run.count(pending=-1, running=1)
    sf._add_event(
        child,
        "ExecutionStarted",
        {"executionStartedEventDetails": {"input": child["input"], "roleArn": parent.role_arn}},
    )
    child_ctx = {
        "QueryLanguage": ctx.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": child["executionArn"],
            "Name": name,
            "Input": item,
            "StartTime": child["startDate"],
            "RoleArn": parent.role_arn,
            "RedriveCount": 0,
        },
        "StateMachine": ctx["StateMachine"],
        "variables": {},
    }
    CURRENT.set(Scope(child, parent.role_arn, parent.deadline, map_run.over))
    try:
        output = sf._run_sub_machine(processor["States"], processor["StartAt"], item, child, child_ctx)
        map_run.results[index] = output
        child.update(status="SUCCEEDED", output=json.dumps(output))
        _close(child, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": child["output"]}})
        map_run.count(running=-1, succeeded=1)
    except (Stopped, scope.TimedOut):
        child.update(status="ABORTED")
        _close(child, "ExecutionAborted", {"executionAbortedEventDetails": {}})
        map_run.count(running=-1, aborted=1)
    except Exception as error:  # noqa: BLE001  (any error is the failure of this child only)
        name, cause = (
            (error.error, error.cause) if isinstance(error, ExecutionError) else ("States.Runtime", str(error))
        )
        child.update(status="FAILED", error=name, cause=cause)
        _close(child, "ExecutionFailed", {"executionFailedEventDetails": {"error": name, "cause": cause}})
        map_run.count(running=-1, failed=1)
        map_run.note_failure()


def _close(child: dict[str, Any], event: str, details: dict[str, Any]) -> None:
    child["stopDate"] = CLOCK.now_iso()
    sf._add_event(child, event, details)


def _results(state: dict[str, Any], map_run: MapRun, evaluate: Any) -> Any:
    writer = state.get("ResultWriter")
    if writer is None:
        return map_run.results
    arguments = evaluate(writer.get("Arguments") or writer.get("Parameters") or {})
    config = evaluate(writer.get("WriterConfig") or {})
    if not arguments.get("Bucket"):
        return result_writer.rows(map_run.children, map_run.results, config)
    return result_writer.write(map_run.arn, map_run.name, map_run.children, map_run.results, arguments, config)


def install() -> None:
    """Replaces nothing: `inline_map` calls `run`."""
