"""Measures a target whose instances take turns: 50 installs of an hour, a quarter of them at a time."""

from __future__ import annotations

from . import organization, run, transitions
from .figure import Figure, Section

_ACCOUNT = "555500000001"
_INSTANCES = 50
_AT_A_TIME = 25


def measure(latest: bool) -> Section:
    """Measures one run, or reads the latest."""
    measured = run.of(_setting(), latest)
    found = transitions.read(measured)
    installs = [one for one in measured.commands if one["operation"] == "Install"]
    times = [(one["sent"], invocation["ended"]) for one in installs for invocation in one["invocations"]]
    first, last = min(sent for sent, _ in times), max(ended for _, ended in times)
    most = max(_open_at(moment, times) for moment, _ in times)
    return Section(
        f"One target with {_INSTANCES} installs of an hour, {_AT_A_TIME} % at a time",
        "python -m bench --only turns",
        [
            Figure("state transitions, the scan included", found.whole[_ACCOUNT]),
            Figure("Lambda calls", found.invocations.total()),
            Figure("most installs at the same time", most, "", _INSTANCES * _AT_A_TIME // 100),
            Figure("from the first command to the last end", run.seconds_between(first, last) / 3600, "h", digits=2),
            Figure("the run, from start to end", measured.simulated_seconds / 3600, "h", digits=2),
        ],
    )


def _open_at(moment: str, times: list[tuple[str, str]]) -> int:
    return sum(sent <= moment < ended for sent, ended in times)


def _setting() -> run.Setting:
    rate = {"maxConcurrency": f"{_AT_A_TIME}%"}
    lasting = {"seconds": organization.HOUR}
    return organization.one_stage("turns", "ou-bnch-55555555", [_ACCOUNT], _INSTANCES, rate, behaviour=lasting)
