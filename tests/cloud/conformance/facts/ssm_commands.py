"""Systems Manager: Run Command. Nothing is sent without INSTANCE, and then one scan."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..asker import DOCUMENT, PREFIX, Asker
from ..fact import Fact, Model, Needs, Page

_TIMEOUT_SECONDS = 600
# One step of the document may take two hours. It has three steps, one for each platform.
_ONE_STEP, _THREE_STEPS = str(_TIMEOUT_SECONDS + 7200), str(_TIMEOUT_SECONDS + 3 * 7200)


def _parameters(asker: Asker) -> str:
    document = asker.call("ssm", "describe_document", Name=DOCUMENT)["Document"]
    names = {parameter["Name"] for parameter in document["Parameters"]}
    asker.notes.append(f"the document has {', '.join(sorted(names))}")
    missing = {"Operation", "SnapshotId", "RebootOption"} - names
    return f"no {', '.join(sorted(missing))}" if missing else "every parameter that orgpatch sends"


def _scan(asker: Asker) -> dict[str, Any]:
    """Sends one scan to INSTANCE, once for all questions, and returns the command."""
    if "scan" not in asker.remembered:
        asker.remembered["scan"] = asker.call(
            "ssm",
            "send_command",
            DocumentName=DOCUMENT,
            InstanceIds=[asker.permitted.instance],
            Parameters={"Operation": ["Scan"]},
            Comment=f"{PREFIX}scan",
            TimeoutSeconds=_TIMEOUT_SECONDS,
        )["Command"]
    return asker.remembered["scan"]


def _expires(asker: Asker) -> str:
    try:
        command = _scan(asker)
    except ClientError as error:
        return asker.code(error)
    return str(round((command["ExpiresAfter"] - command["RequestedDateTime"]).total_seconds()))


def _found_again(asker: Asker) -> str:
    """Says whether the list has the command with its comment, by which orgpatch finds it after a lost answer."""
    command = _scan(asker)
    after = command["RequestedDateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    filters = [{"key": "DocumentName", "value": DOCUMENT}]
    asker.notes.append(f"requested at {after}")
    found = asker.call("ssm", "list_commands", Filters=filters, MaxResults=50)["Commands"]
    mine = [one for one in found if one["CommandId"] == command["CommandId"]]
    if not mine:
        return "not in the list yet"
    return "with its comment" if mine[0].get("Comment") == f"{PREFIX}scan" else "without its comment"


FACTS = (
    Fact(
        name="parameters-of-the-document",
        says="AWS-RunPatchBaseline has the parameters Operation, SnapshotId and RebootOption.",
        calls=("ssm:SendCommand",),
        sources=(
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-aws-runpatchbaseline.html",
                "the parameters of the document",
            ),
        ),
        aws=("every parameter that orgpatch sends",),
        orgpatch={"every parameter that orgpatch sends": "sends them; an unknown one would be InvalidParameters"},
        ask=_parameters,
        not_local="fleet-sim runs this document and does not describe it",
    ),
    Fact(
        name="expiry-of-a-command",
        says=f"With TimeoutSeconds {_TIMEOUT_SECONDS}, the seconds from RequestedDateTime to ExpiresAfter.",
        calls=("ssm:SendCommand",),
        sources=(
            Model("ssm", "Command.ExpiresAfter", "is calculated based on the total timeout for the overall command"),
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html",
                "the total is the delivery timeout and the execution timeout",
            ),
        ),
        aws=(_ONE_STEP, _THREE_STEPS),
        orgpatch={
            _ONE_STEP: "counts with it: a command has expired after its time to begin and one step",
            _THREE_STEPS: "a hanging instance holds its place for four hours longer than orgpatch says",
        },
        ask=_expires,
        simulator=_ONE_STEP,
        needs=Needs.INSTANCE,
        concerns=("F-02",),
    ),
    Fact(
        name="command-is-found-again",
        says="ListCommands shows a command some seconds after it was sent, with its comment.",
        calls=("ssm:ListCommands",),
        sources=(
            Model("ssm", "Command.Comment", "User-specified information about the command"),
            Page("https://github.com/aws/aws-sdk/issues/86", "lists are behind for some seconds"),
        ),
        aws=("with its comment", "not in the list yet"),
        orgpatch={
            "with its comment": "knows after a lost answer that it has sent",
            "not in the list yet": "waits for the list before it sends again",
        },
        ask=_found_again,
        needs=Needs.INSTANCE,
    ),
)
