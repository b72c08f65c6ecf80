"""Counts the AWS calls of a run per target, by operation and by caller."""

from __future__ import annotations

from collections import Counter, defaultdict

from .figure import Figure, Section
from .run import Run

# Services that fleet-sim answers: their calls are counted in its own log.
_SIMULATED = ("ssm", "ec2", "organizations")
# The local cloud also takes this decision, without a call, for each object that a function asks for and that does not
# exist. A real listing happens once per step.
_NO_CALL = "s3:ListBucket"
_STACK_PREFIX = "orgpatch-"


def read(run: Run) -> dict[str, Counter[str]]:
    """Returns operation → caller → number of calls. Calls of the driver and of the deployment do not count."""
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    for call in run.simulator_calls:
        calls[call["operation"]][_who(call["caller"].rpartition("/")[2])] += 1
    for decision in run.authorizations:
        action, principal = decision["action"], decision["principal"]
        # `trust` is the second decision about an AssumeRole that is in the list already.
        if decision["by"] == "trust" or action == _NO_CALL or action.partition(":")[0] in _SIMULATED:
            continue
        if principal.startswith(_STACK_PREFIX):
            calls[action][_who(principal)] += 1
    return calls


def function_calls(run: Run) -> int:
    """Returns how many calls all functions made. The calls of the state machine itself are in its price."""
    return sum(count for callers in read(run).values() for caller, count in callers.items() if caller != "PatchRun")


def section(run: Run) -> Section:
    """Lists the calls per target, the most frequent operation first."""
    figures = []
    for operation, callers in sorted(read(run).items(), key=lambda item: -item[1].total()):
        note = ", ".join(f"{caller} {count / run.targets:.2f}" for caller, count in callers.most_common())
        figures.append(Figure(operation, callers.total() / run.targets, "", None, 2, note))
    return Section("AWS calls per target, by operation", "python -m bench --only run", figures)


def _who(role: str) -> str:
    """Returns the function of a role: orgpatch-CollectResultsRole-1A2B3C4D → CollectResults."""
    name = role.removeprefix(_STACK_PREFIX).partition("-")[0].removesuffix("Role")
    return "in the member account" if name == "member" else name
