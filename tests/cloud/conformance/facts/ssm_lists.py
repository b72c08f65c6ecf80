"""Systems Manager: pages and filters of the lists that orgpatch reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore import xform_name

from ..asker import DOCUMENT, Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Limit, Model, Page

_REFUSED = "ValidationException"


def _nothing(_: Asker) -> dict[str, Any]:
    return {}


def _instance(asker: Asker) -> dict[str, Any]:
    return {"InstanceId": asker.managed_instance()}


def _instances(asker: Asker) -> dict[str, Any]:
    return {"InstanceIds": [asker.managed_instance()]}


def _window(asker: Asker) -> dict[str, Any]:
    found = asker.call("ssm", "describe_maintenance_windows", MaxResults=10)["WindowIdentities"]
    if not found:
        raise CannotTell("there is no maintenance window here: create one, disabled, to have this asked")
    return {"WindowId": found[0]["WindowId"]}


def _page(operation: str, size: int, most: int, about: Callable[[Asker], dict[str, Any]] = _nothing) -> Fact:
    """Returns the fact about pages: orgpatch asks for `size`, and the reference says `most`."""

    def ask(asker: Asker) -> str:
        return asker.pages("ssm", operation, size, most + 1, **about(asker))

    right = f"{size} {ACCEPTED}, {most + 1} {_REFUSED}"
    return Fact(
        name=f"page-of-{operation}",
        says=f"{operation} accepts pages of {size} and none of more than {most}.",
        calls=(f"ssm:{operation}",),
        sources=(Limit("ssm", operation, most),),
        aws=(right,),
        orgpatch={right: f"asks for pages of {size}"},
        ask=ask,
    )


def _since() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sent(operation: str) -> Fact:
    def ask(asker: Asker) -> str:
        filters = [{"key": "InvokedAfter", "value": _since()}, {"key": "DocumentName", "value": DOCUMENT}]
        return asker.answer("ssm", xform_name(operation), Filters=filters, MaxResults=50)

    return Fact(
        name=f"two-filters-of-{operation}",
        says=f"{operation} accepts the filters InvokedAfter and DocumentName together.",
        calls=(f"ssm:{operation}",),
        sources=(Model("ssm", "CommandFilter.value", "For example, specify AWS-RunPatchBaseline"),),
        aws=(ACCEPTED,),
        orgpatch={ACCEPTED: "finds its commands again by their comments, and reads only what is its own"},
        ask=ask,
    )


def _status(status: str, answer: tuple[str, ...], does: dict[str, str]) -> Fact:
    def ask(asker: Asker) -> str:
        filters = [{"key": "Status", "value": status}]
        return asker.answer("ssm", "list_command_invocations", Filters=filters, MaxResults=50)

    return Fact(
        name=f"invocations-that-are-{status}",
        says=f"ListCommandInvocations can be filtered by Status={status}."
        if answer == (ACCEPTED,)
        else f"No documentation lists Status={status} for ListCommandInvocations.",
        calls=("ssm:ListCommandInvocations",),
        sources=(Model("ssm", "CommandFilter.value", "The status values you can specify for ListCommandInvocations"),),
        aws=answer,
        orgpatch=does,
        ask=ask,
        # Where no documentation says it, fleet-sim takes the status for one.
        simulator=ACCEPTED if len(answer) > 1 else None,
    )


def _really_filters(asker: Asker) -> str:
    def documents(**params: Any) -> set[str]:
        found = asker.call("ssm", "list_command_invocations", MaxResults=50, **params)["CommandInvocations"]
        return {invocation["DocumentName"].rsplit("/", 1)[-1] for invocation in found}

    if not documents() - {DOCUMENT}:
        raise CannotTell("no invocation of another document is in the list: run another document in the account first")
    others = documents(Filters=[{"key": "DocumentName", "value": DOCUMENT}]) - {DOCUMENT}
    return "also other documents" if others else "only that document"


def _stage(asker: Asker) -> str:
    filters = [{"key": "ExecutionStage", "value": "Executing"}]
    return asker.answer("ssm", "list_command_invocations", Filters=filters)


def _no_such_command(asker: Asker) -> str:
    command = "00000000-0000-4000-8000-000000000000"
    found = asker.call("ssm", "list_command_invocations", CommandId=command, Details=True)["CommandInvocations"]
    return f"{len(found)} invocations"


def _executed_after(asker: Asker) -> str:
    filters = [{"Key": "ExecutedAfter", "Values": [_since()]}]
    return asker.answer("ssm", "describe_maintenance_window_executions", Filters=filters, **_window(asker))


_ENDED = {"SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED", "SKIPPED_OVERLAPPING"}


def _at_work(asker: Asker) -> str:
    windows = asker.call("ssm", "describe_maintenance_windows", MaxResults=50)["WindowIdentities"]
    executions: list[dict[str, Any]] = []
    for window in windows:
        about = {"WindowId": window["WindowId"], "MaxResults": 50}
        executions += asker.call("ssm", "describe_maintenance_window_executions", **about)["WindowExecutions"]
    at_work = [execution for execution in executions if execution["Status"] not in _ENDED]
    if not at_work:
        raise CannotTell("no maintenance window works now: ask again while one is open")
    ended = any("EndTime" in execution for execution in at_work)
    return "a start and no end" if not ended and all("StartTime" in execution for execution in at_work) else "otherwise"


# As orgpatch reads it: with or without seconds, with an offset or Z, and with the name of the zone behind it.
_START = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)(\[[^\]]+\])?$")


def _next_start(asker: Asker) -> str:
    windows = asker.call("ssm", "describe_maintenance_windows", MaxResults=50)["WindowIdentities"]
    starts = [window["NextExecutionTime"] for window in windows if window.get("NextExecutionTime")]
    if not starts:
        raise CannotTell("no maintenance window has a next start: create one with a cron expression, and ask again")
    return "a time with an offset" if all(_START.match(start) for start in starts) else "another text"


def _document(asker: Asker) -> str:
    # It is written in YAML ("Document format" of the runbook in the console).
    name = "AWSEC2-PatchLoadBalancerInstance"
    content = asker.call("ssm", "get_document", Name=name, DocumentFormat="JSON")["Content"]
    try:
        return "JSON with steps" if "mainSteps" in json.loads(content) else "JSON without steps"
    except ValueError:
        return "no JSON"


def _no_document(asker: Asker) -> str:
    return asker.answer("ssm", "get_document", Name=f"orgpatch-conformance-{'0' * 12}", DocumentFormat="JSON")


_ASKS = {ACCEPTED: "asks for this status before it sends, so that it does not install beside another command"}

FACTS = (
    _page("ListCommands", 50, 50),
    _page("ListCommandInvocations", 50, 50),
    _page("ListAssociations", 50, 50),
    _page("DescribeInstanceInformation", 50, 50),
    _page("DescribeInstancePatchStates", 50, 100, _instances),
    _page("DescribeInstancePatches", 100, 100, _instance),
    _page("DescribePatchBaselines", 100, 100),
    _page("DescribePatchGroups", 100, 100),
    _page("DescribeMaintenanceWindows", 50, 100),
    _page("DescribeMaintenanceWindowExecutions", 50, 100, _window),
    _page("DescribeMaintenanceWindowTasks", 50, 100, _window),
    _page("DescribeMaintenanceWindowTargets", 50, 100, _window),
    _sent("ListCommands"),
    _sent("ListCommandInvocations"),
    Fact(
        name="invocations-of-one-document",
        says="The filter DocumentName of ListCommandInvocations leaves out other documents.",
        calls=("ssm:ListCommandInvocations",),
        sources=(
            Model("ssm", "CommandFilter.value", "Specify name of the Amazon Web Services Systems Manager document"),
            Page("https://github.com/aws/aws-cli/issues/3707", "in 2018 a user found that it did not filter"),
        ),
        aws=("only that document", "also other documents"),
        orgpatch={
            "only that document": "reads at most 60 pages at a look",
            "also other documents": "picks its commands by their ids; in a busy account it asks for some one by one",
        },
        ask=_really_filters,
        not_local="fleet-sim has only commands of one document",
    ),
    *(_status(status, (ACCEPTED,), _ASKS) for status in ("Pending", "InProgress", "Delayed")),
    _status(
        "Cancelling",
        (ACCEPTED, "InvalidFilterKey", _REFUSED),
        {
            ACCEPTED: "does not ask for it",
            "InvalidFilterKey": "does not ask for it",
            _REFUSED: "does not ask for it",
        },
    ),
    Fact(
        name="stage-is-no-filter-of-invocations",
        says="ListCommandInvocations refuses the filter ExecutionStage, which ListCommands has.",
        calls=("ssm:ListCommandInvocations",),
        sources=(Model("ssm", "CommandFilter.key", "filter can't be used with the ListCommandInvocations operation"),),
        aws=("InvalidFilterKey",),
        orgpatch={"InvalidFilterKey": "does not use it", ACCEPTED: "does not use it"},
        ask=_stage,
    ),
    Fact(
        name="command-that-is-not-there-yet",
        says="ListCommandInvocations answers an empty list for a command that it does not know (yet).",
        calls=("ssm:ListCommandInvocations",),
        sources=(Page("https://github.com/aws/aws-sdk/issues/190", "200 with an empty list right after sending"),),
        aws=("0 invocations",),
        orgpatch={"0 invocations": "looks again; a command without an invocation is no proof that nothing was sent"},
        ask=_no_such_command,
    ),
    Fact(
        name="documents-as-json",
        says="GetDocument answers JSON where JSON is asked for, also for a document that is written in YAML.",
        calls=("ssm:GetDocument",),
        sources=(Model("ssm", "GetDocumentRequest.DocumentFormat", "Returns the document in the specified format."),),
        aws=("JSON with steps",),
        orgpatch={
            "JSON with steps": "finds documents of the account that run a patch document",
            "no JSON": "names such documents in conflictNotes: it cannot see whether they patch",
        },
        ask=_document,
    ),
    Fact(
        name="a-document-that-is-not-there",
        says="GetDocument answers InvalidDocument for a document that does not exist.",
        calls=("ssm:GetDocument",),
        sources=(Model("ssm", "InvalidDocument", "The specified SSM document doesn't exist."),),
        aws=("InvalidDocument",),
        orgpatch={"InvalidDocument": "names the document in conflictNotes, and goes on"},
        ask=_no_document,
    ),
    Fact(
        name="executions-since-a-time",
        says="DescribeMaintenanceWindowExecutions can be filtered by ExecutedAfter with a time in ISO 8601.",
        calls=("ssm:DescribeMaintenanceWindowExecutions", "ssm:DescribeMaintenanceWindows"),
        sources=(
            Model(
                "ssm",
                "DescribeMaintenanceWindowExecutionsRequest.Filters",
                "Supported keys include ExecutedBefore and ExecutedAfter",
            ),
        ),
        aws=(ACCEPTED,),
        orgpatch={
            ACCEPTED: "asks for the executions of the last two days",
            _REFUSED: "says in conflictNotes that it cannot see windows that are open; their commands it sees",
        },
        ask=_executed_after,
    ),
    Fact(
        name="execution-that-is-at-work",
        says="An execution of a maintenance window that has not ended has a start and no end.",
        calls=("ssm:DescribeMaintenanceWindowExecutions", "ssm:DescribeMaintenanceWindows"),
        sources=(
            Model("ssm", "MaintenanceWindowExecution.StartTime", "The time the execution started."),
            Model("ssm", "MaintenanceWindowExecution.EndTime", "The time the execution finished."),
        ),
        aws=("a start and no end",),
        orgpatch={
            "a start and no end": "says since when the window is open and until when",
            "otherwise": "takes a window with an end for one that has ended, and does not say since when one is open",
        },
        ask=_at_work,
    ),
    Fact(
        name="next-start-of-a-window",
        says="NextExecutionTime of a maintenance window is a time in ISO 8601 with an offset, also where a window has "
        "a time zone.",
        calls=("ssm:DescribeMaintenanceWindows",),
        sources=(
            Model(
                "ssm",
                "MaintenanceWindowIdentity.NextExecutionTime",
                "The next time the maintenance window will actually run",
            ),
        ),
        aws=("a time with an offset",),
        orgpatch={
            "a time with an offset": "knows which windows open before a step can end, whatever their expression is",
            "another text": "takes a window whose start it cannot read for one that may open at any time",
        },
        ask=_next_start,
    ),
)
