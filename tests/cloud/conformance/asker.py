"""Asks AWS. No call is sent that the person at the terminal has not permitted."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from . import shapes
from .errors import CannotTell, Forbidden
from .fact import ACCEPTED, Needs

# Every name that a question gives begins with it, so that what is left behind can be found.
PREFIX = "orgpatch-conformance-"
DOCUMENT = "AWS-RunPatchBaseline"

READS = frozenset(
    {
        "cloudtrail:LookupEvents",
        "dynamodb:ListTables",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRegions",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcEndpoints",
        "iam:SimulateCustomPolicy",
        "lambda:GetAccountSettings",
        "organizations:DescribeAccount",
        "organizations:ListAccounts",
        "ssm:DescribeDocument",
        "ssm:DescribeInstanceInformation",
        "ssm:DescribeInstancePatchStates",
        "ssm:DescribeInstancePatches",
        "ssm:DescribeMaintenanceWindowExecutions",
        "ssm:DescribeMaintenanceWindowTargets",
        "ssm:DescribeMaintenanceWindowTasks",
        "ssm:DescribeMaintenanceWindows",
        "ssm:DescribePatchBaselines",
        "ssm:DescribePatchGroups",
        "ssm:DescribePatchProperties",
        "ssm:GetDefaultPatchBaseline",
        "ssm:GetDocument",
        "ssm:GetInventory",
        "ssm:GetPatchBaseline",
        "ssm:GetServiceSetting",
        "ssm:ListAssociations",
        "ssm:ListCommandInvocations",
        "ssm:ListCommands",
        "ssm:ListTagsForResource",
        "stepfunctions:ValidateStateMachineDefinition",
        # With a session policy that allows one read.
        "sts:AssumeRole",
        "sts:GetCallerIdentity",
    }
)
# Everything else that a question may do, with WRITE=1, and only to what it has made itself.
WRITES = frozenset(
    {
        "s3:AbortMultipartUpload",
        "s3:CompleteMultipartUpload",
        "s3:CreateMultipartUpload",
        "s3:DeleteObject",
        "s3:ListMultipartUploads",
        "s3:ListObjectVersions",
        "s3:PutObject",
        "s3:UploadPart",
        "ssm:CreatePatchBaseline",
        "ssm:DeletePatchBaseline",
        "ssm:UpdatePatchBaseline",
    }
)
SENDS = frozenset({"ssm:SendCommand"})

# Codes that say that the call was not answered: no permission, too many calls, no valid credentials.
_DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|AuthorizationError|NotAuthorized|^403$|AuthFailure")
_NOT_NOW = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|ExpiredToken|InvalidClientTokenId|SlowDown")


@dataclass(frozen=True)
class Permitted:
    """What the person at the terminal permits."""

    write: bool = False
    bucket: str | None = None
    instance: str | None = None
    # A role that the profile may assume, for the question that needs a session policy.
    role: str | None = None

    def why_not(self, needs: Needs) -> str | None:
        """Returns what to set before such a question is asked; None if it may be asked."""
        if needs is Needs.WRITE and not self.write:
            return "it would write: set WRITE=1"
        if needs is Needs.INSTANCE and not self.instance:
            return "it would send a command to an instance: set INSTANCE=<instance id>"
        return None


@dataclass
class Asker:
    """Makes the calls of the questions, and removes what they have made."""

    # Returns a client of boto3 for a service, for the account and Region that are asked.
    clients: Callable[[str], Any]
    permitted: Permitted
    account: str
    region: str
    partition: str
    # Every call that was let through, in its order.
    calls: list[str] = field(default_factory=list)
    # What a question wants to say beside its answer.
    notes: list[str] = field(default_factory=list)
    # Where answers differ from botocore's model.
    deviations: list[str] = field(default_factory=list)
    # What could not be removed, and how to remove it.
    left_behind: list[str] = field(default_factory=list)
    # What one question leaves for another.
    remembered: dict[str, Any] = field(default_factory=dict)
    _known: dict[str, Any] = field(default_factory=dict)
    _undo: ExitStack | None = None
    _made: set[str] = field(default_factory=set)

    def client(self, service: str) -> Any:
        """Returns a client that refuses to send what is not permitted."""
        if service not in self._known:
            client = self.clients(service)
            self.watch(client)
            self._known[service] = client
        return self._known[service]

    def watch(self, client: Any) -> None:
        """Lets a client send only what is permitted, and compares its answers with the model."""
        service = client.meta.service_model.service_name

        def check(params: dict[str, Any], model: Any, **_: Any) -> None:
            call = f"{service}:{model.name}"
            reason = self._refusal(call, params)
            if reason:
                raise Forbidden(f"{call} was not sent: {reason}")
            self.calls.append(call)

        def compare(parsed: dict[str, Any], model: Any, http_response: Any, **_: Any) -> None:
            if http_response.status_code < 300 and model.output_shape is not None:
                body = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
                for text in shapes.differences(body, model.output_shape):
                    # Without values: one that does not match may be a name of the account.
                    where = re.sub(r"'.*'(?= does not match)", "a value", re.sub(r"\[[^]]*\]", "[]", text))
                    line = f"{service}:{model.name} {where}"
                    if line not in self.deviations:
                        self.deviations.append(line)

        client.meta.events.register("provide-client-params.*.*", check)
        client.meta.events.register("after-call.*.*", compare)

    def _refusal(self, call: str, params: dict[str, Any]) -> str | None:
        if call == "sts:AssumeRole" and not (params.get("Policy") and self.permitted.role == params.get("RoleArn")):
            return "only ROLE may be assumed, and only with a policy that narrows it"
        if call in READS:
            return None
        if call in WRITES:
            if not self.permitted.write:
                return "WRITE is not set"
            if call.startswith("s3:") and params.get("Bucket") != self.permitted.bucket:
                return "BUCKET does not name this bucket"
            named = params.get("Name") or params.get("Key") or params.get("Prefix") or ""
            own = named.startswith(PREFIX) or params.get("BaselineId") in self._made
            return None if own else f"{named or params.get('BaselineId')!r} is not of this run"
        if call in SENDS:
            if not self.permitted.instance or params.get("InstanceIds") != [self.permitted.instance]:
                return "INSTANCE does not name this instance"
            scans = params.get("DocumentName") == DOCUMENT and params["Parameters"].get("Operation") == ["Scan"]
            return None if scans else "only a scan may be sent"
        return "it is in no list of conformance/asker.py"

    @contextmanager
    def question(self) -> Iterator[None]:
        """Asks one question: what it has made is removed at the end, also if it fails or is interrupted."""
        self.notes.clear()
        with ExitStack() as undo:
            self._undo = undo
            try:
                yield
            finally:
                self._undo = None

    def undo(self, what: str, by_hand: str, remove: Callable[[], object]) -> None:
        """Registers how something is removed; called before it is made, because an answer can be lost."""
        assert self._undo is not None, "a question is asked"

        def removing() -> None:
            try:
                remove()
            # Whatever it is: what is left must be named, and the other removals follow.
            except Exception as error:  # noqa: BLE001
                self.left_behind.append(f"{what} ({error}); remove it with: {by_hand}")
            except KeyboardInterrupt:
                self.left_behind.append(f"{what} (interrupted); remove it with: {by_hand}")
                raise

        self._undo.callback(removing)

    def made(self, baseline_id: str) -> None:
        """Remembers a baseline of this run: it may be changed and deleted."""
        self._made.add(baseline_id)

    def name(self) -> str:
        """Returns a new name for something of this run."""
        return f"{PREFIX}{secrets.token_hex(6)}"

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Makes a call that is expected to succeed; an error of the service passes through."""
        try:
            return getattr(self.client(service), operation)(**params)
        except ClientError as error:
            _raise_if_not_answered(error)
            raise
        except BotoCoreError as error:
            raise CannotTell(f"{service}: {error}") from error

    def answer(self, service: str, operation: str, **params: Any) -> str:
        """Makes a call; returns `accepted` or the error code, and notes the service's words."""
        try:
            self.call(service, operation, **params)
        except ClientError as error:
            return self.code(error)
        return ACCEPTED

    def pages(self, service: str, operation: str, *sizes: int, **params: Any) -> str:
        """Asks for pages of these sizes; returns `50 accepted, 51 ValidationException` or the like."""
        method = xform_name(operation)
        return ", ".join(f"{size} {self.answer(service, method, MaxResults=size, **params)}" for size in sizes)

    def code(self, error: ClientError) -> str:
        """Returns the code of an error, and notes the service's words."""
        found = error.response.get("Error", {})
        self.notes.append(f"{found.get('Code', '')}: {found.get('Message', '')}")
        return str(found.get("Code", "unknown"))

    def managed_instance(self) -> str:
        """Returns an instance that Systems Manager knows: INSTANCE, or the first one of the list. It is only read."""
        if self.permitted.instance:
            return self.permitted.instance
        found = self.call("ssm", "describe_instance_information", MaxResults=5)["InstanceInformationList"]
        ids = [node["InstanceId"] for node in found if node["InstanceId"].startswith("i-")]
        if not ids:
            raise CannotTell("Systems Manager knows no EC2 instance here: start one, or choose another Region")
        return ids[0]


def _raise_if_not_answered(error: ClientError) -> None:
    """Raises CannotTell if an error is no answer to a question."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if _DENIED.search(code):
        raise CannotTell(
            f"no permission for {error.operation_name} ({code}): the policy in docs/conformance.md has all of them"
        ) from error
    if code == "UnknownOperationException":
        raise CannotTell(f"{error.operation_name} does not exist in this Region") from error
    if _NOT_NOW.search(code):
        raise CannotTell(f"{error.operation_name} was not answered ({code}): try again") from error
