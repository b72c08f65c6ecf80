"""AWS calls of a run per target, by operation and by who makes them."""

from __future__ import annotations

from collections import Counter, defaultdict

from .figure import Figure, Section
from .run import Run

# Called in the member accounts and for the organization: there fleet-sim's own log is the witness.
_SIMULATED = ("ssm", "ec2", "organizations")
# Decided for each object that is asked for and not there, without anybody calling it; true lists are one per step.
_NO_CALL = "s3:ListBucket"
_STACK_PREFIX = "orgpatch-"


def read(run: Run) -> dict[str, Counter[str]]:
    """Operation → who called it how often; what the driver and the deployment do is not the system's."""
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    for call in run.simulator_calls:
        calls[call["operation"]][_who(call["caller"].rpartition("/")[2])] += 1
    for decision in run.authorizations:
        action, principal = decision["action"], decision["principal"]
        # `trust` is the other half of an AssumeRole that is in the list already.
        if decision["by"] == "trust" or action == _NO_CALL or action.partition(":")[0] in _SIMULATED:
            continue
        if principal.startswith(_STACK_PREFIX):
            calls[action][_who(principal)] += 1
    return calls


def function_calls(run: Run) -> int:
    """How many calls the functions made, all together; what the state machine itself calls is in its price."""
    return sum(count for callers in read(run).values() for caller, count in callers.items() if caller != "PatchRun")


def section(run: Run) -> Section:
    """Most frequent first."""
    figures = []
    for operation, callers in sorted(read(run).items(), key=lambda item: -item[1].total()):
        note = ", ".join(f"{caller} {count / run.targets:.2f}" for caller, count in callers.most_common())
        figures.append(Figure(operation, callers.total() / run.targets, "", None, 2, note))
    return Section("AWS calls per target, by operation", "python -m bench --only run", figures)


def _who(role: str) -> str:
    """orgpatch-CollectResultsRole-1A2B3C4D → CollectResults: the function of the role, as the template calls it."""
    name = role.removeprefix(_STACK_PREFIX).partition("-")[0].removesuffix("Role")
    return "in the member account" if name == "member" else name
