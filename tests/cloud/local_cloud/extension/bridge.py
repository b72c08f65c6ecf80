"""Lets fleet-sim answer calls that ministack has authorized.

Patches the `handle_request` of ssm, organizations and ec2. HTTP requests and the state machine's aws-sdk integrations
both pass it. ministack itself answers everything that is not listed here, such as SSM parameters and their tags.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import ec2, organizations, ssm

from . import connections, workers
from .bodies import json_object
from .clock import CLOCK
from .evidence import STRUCK
from .settings import SETTINGS
from .simulator import BASELINES

SSM = frozenset(
    {
        "CancelCommand",
        "CreateAssociation",
        "CreatePatchBaseline",
        "DeletePatchBaseline",
        "DeregisterPatchBaselineForPatchGroup",
        "DescribeAvailablePatches",
        "DescribeDocument",
        "DescribeEffectivePatchesForPatchBaseline",
        "DescribeInstanceAssociationsStatus",
        "DescribeAssociation",
        "DescribeInstanceInformation",
        "DescribeInstancePatchStates",
        "DescribeInstancePatchStatesForPatchGroup",
        "DescribeInstancePatches",
        "DescribeMaintenanceWindows",
        "DescribeMaintenanceWindowExecutions",
        "DescribeMaintenanceWindowTargets",
        "DescribeMaintenanceWindowTasks",
        "DescribeMaintenanceWindowsForTarget",
        "DescribePatchBaselines",
        "DescribePatchGroupState",
        "DescribePatchGroups",
        "DescribePatchProperties",
        "GetCalendarState",
        "GetCommandInvocation",
        "GetDefaultPatchBaseline",
        "GetInventory",
        "GetPatchBaseline",
        "GetPatchBaselineForPatchGroup",
        "GetServiceSetting",
        "ListAssociations",
        "ListCommandInvocations",
        "ListCommands",
        "ListComplianceItems",
        "ListComplianceSummaries",
        "ListInventoryEntries",
        "ListResourceComplianceSummaries",
        "RegisterDefaultPatchBaseline",
        "RegisterPatchBaselineForPatchGroup",
        "SendCommand",
        "UpdatePatchBaseline",
    }
)
# Of these, fleet-sim answers only calls about patch baselines: ministack keeps the tags of parameters.
SSM_TAGS = frozenset({"AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"})
EC2 = frozenset(
    {
        "DescribeInstances",
        "DescribeInstanceStatus",
        "DescribeManagedPrefixLists",
        "DescribeNetworkAcls",
        "DescribeRegions",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeTags",
        "DescribeVpcEndpoints",
    }
)


class Pool:
    """Keeps connections to fleet-sim alive, without blocking ministack's event loop."""

    def __init__(self) -> None:
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def call(self, head: bytes, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Sends a request and returns the response. An idle connection that fleet-sim has closed is replaced first."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof() and not writer.is_closing():
                break
            writer.close()
        else:
            reader, writer = await asyncio.open_connection(SETTINGS.simulator_host, SETTINGS.simulator_port)
        try:
            writer.write(head + body)
            await writer.drain()
            status = int((await reader.readline()).split()[1])
            headers: dict[str, str] = {}
            while line := (await reader.readline()).strip():
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            answer = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            writer.close()
            raise
        self._free.append((reader, writer))
        return status, headers, answer


POOL = Pool()


def install() -> None:
    """Replaces the three handlers."""
    ssm.handle_request = _bridge("ssm", ssm.handle_request, SSM)
    ec2.handle_request = _bridge("ec2", ec2.handle_request, EC2)
    organizations.handle_request = _bridge("organizations", organizations.handle_request, None)


def _operation(headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> str:
    target = headers.get("x-amz-target", "")
    if target:
        return target.rsplit(".", 1)[-1]
    action = parse_qs(body.decode("utf-8", "replace")).get("Action") or query.get("Action") or [""]
    return action[0]


def _is_bridged(service: str, operation: str, body: bytes, operations: frozenset[str] | None) -> bool:
    if service == "ssm" and operation in SSM_TAGS:
        return json_object(body).get("ResourceType") == "PatchBaseline"
    return operations is None or operation in operations


def _follow_tags(operation: str, body: bytes, status: int, answer: bytes) -> None:
    """Updates the known tags of baselines after a call, for IAM conditions on them."""
    request = json_object(body)
    if operation == "CreatePatchBaseline" and status == 200:
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
        BASELINES.remember(get_account_id(), get_region(), str(json_object(answer).get("BaselineId", "")), tags)
    elif operation in SSM_TAGS - {"ListTagsForResource"}:
        BASELINES.forget(get_account_id(), get_region(), str(request.get("ResourceId", "")))


def _bridge(service: str, native: Any, operations: frozenset[str] | None) -> Any:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> Any:
        operation = _operation(headers, body, query)
        if not _is_bridged(service, operation, body, operations):
            return await native(method, path, headers, body, query)
        sent = {
            "host": f"{SETTINGS.simulator_host}:{SETTINGS.simulator_port}",
            "content-length": str(len(body)),
            "content-type": headers.get("content-type", ""),
            "x-sim-service": service,
            "x-sim-operation": operation,
            "x-sim-account": get_account_id(),
            "x-sim-region": get_region(),
            "x-sim-caller": iam_evaluator.caller_arn() if app.AUTH else "",
            **CLOCK.told(),
        }
        head = "POST / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + "\r\n"
        status, received, answer = await POOL.call(head.encode(), body)
        if service == "ssm":
            _follow_tags(operation, body, status, answer)
        if received.get("x-sim-kill"):
            STRUCK.write(operation=f"{service}:{operation}", effect="killCaller")
            workers.kill_caller(extract_access_key_id(headers, query))
            connections.drop()
        if received.get("x-sim-lost"):
            STRUCK.write(operation=f"{service}:{operation}", effect="lostResponse")
            connections.drop()
        kept = {name: value for name, value in received.items() if name in ("content-type", "x-amzn-errortype")}
        return status, kept, answer

    return handle
