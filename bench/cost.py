"""What 1,000 accounts in one Region cost: the measured run, scaled, times AWS's prices."""

from __future__ import annotations

from dataclasses import dataclass

from . import calls, template, transitions
from .figure import Figure, Section
from .run import Run

# us-east-1, November 2026, without the free tier; other Regions cost up to half as much again.
TRANSITION = 0.025 / 1_000
REQUEST = 0.20 / 1_000_000
GB_SECOND_ARM64 = 0.0000133334
# What an AWS call takes, seen from Lambda. An assumption, on the cautious side: the local cloud cannot tell.
CALL_SECONDS = 0.1
# A function gets one processor at this much memory, and its share of one below.
FULL_PROCESSOR_MB = 1_769
TARGETS = 1_000


@dataclass(frozen=True)
class Price:
    """One kind of run over TARGETS targets."""

    transitions: float
    invocations: float
    gb_seconds: float

    @property
    def dollars(self) -> float:
        """All of it."""
        return self.transitions * TRANSITION + self.invocations * REQUEST + self.gb_seconds * GB_SECOND_ARM64

    def arithmetic(self) -> str:
        """How the sum comes about."""
        return (
            f"{self.transitions:,.0f} × ${TRANSITION * 1000:g}/1,000 + {self.invocations:,.0f} × $0.20/M"
            f" + {self.gb_seconds:,.0f} GB-s × ${GB_SECOND_ARM64:.10f} = ${self.dollars:.2f}"
        )


def section(run: Run) -> Section:
    """An install run as measured, and the scan in it by itself."""
    install, scan = _install(run), _scan(run)
    figures = []
    for name, price in (("scan run", scan), ("install run, its scans included", install)):
        figures += [
            Figure(f"{name}: state transitions", price.transitions),
            Figure(f"{name}: Lambda calls", price.invocations),
            Figure(f"{name}: Lambda time", price.gb_seconds, "GB-s"),
            Figure(f"{name}: price", price.dollars, "USD", None, 2, price.arithmetic()),
        ]
    title = f"Cost of {TARGETS:,} accounts × 1 Region, counting {CALL_SECONDS:g} s for each AWS call of a function"
    return Section(title, "python -m bench --only run", figures)


def _install(run: Run) -> Price:
    found = transitions.read(run)
    scale = TARGETS / run.targets
    entered = found.parent + sum(sum(counts.values()) for counts in found.targets.values())
    return Price(entered * scale, found.invocations.total() * scale, _gb_seconds(run) * scale)


def _scan(run: Run) -> Price:
    """Lambda time in proportion to the calls: a scan's are no different from the others.

    The run's own part is that of the install run; a scan run's is a little smaller.
    """
    found = transitions.read(run)
    install = _install(run)
    entered = found.parent + sum(found.targets["Scan"].values())
    invocations = (found.scan_invocations + found.parent_invocations) * TARGETS / run.targets
    return Price(entered * TARGETS / run.targets, invocations, install.gb_seconds * invocations / install.invocations)


def _gb_seconds(run: Run) -> float:
    """The functions' own work and their waiting for AWS."""
    # A smaller memory stretches the work by as much as it makes a second cheaper: the product does not know it.
    work = sum(used.cpu_seconds for used in run.usage.values()) * FULL_PROCESSOR_MB / 1024
    # Nearly all calls are made by the functions that work on targets, which have the same memory.
    waiting = calls.function_calls(run) * CALL_SECONDS * template.functions()["scan"].memory_mb / 1024
    return work + waiting
