"""Estimates the cost of a run over 1,000 accounts in one Region: the measured run, scaled, times AWS's prices."""

from __future__ import annotations

from dataclasses import dataclass

from . import calls, template, transitions
from .figure import Figure, Section
from .run import Run

# Prices of us-east-1 in November 2026, without the free tier. Other Regions cost up to 50 % more.
TRANSITION = 0.025 / 1_000
REQUEST = 0.20 / 1_000_000
GB_SECOND_ARM64 = 0.0000133334
# Duration of one AWS call, seen from Lambda. This is a cautious assumption: the local cloud cannot measure it.
CALL_SECONDS = 0.1
# With this much memory a function gets one whole processor; with less, a proportional share.
FULL_PROCESSOR_MB = 1_769
TARGETS = 1_000


@dataclass(frozen=True)
class Price:
    """What one kind of run over TARGETS targets uses."""

    transitions: float
    invocations: float
    gb_seconds: float

    @property
    def dollars(self) -> float:
        """The whole price in US dollars."""
        return self.transitions * TRANSITION + self.invocations * REQUEST + self.gb_seconds * GB_SECOND_ARM64

    def arithmetic(self) -> str:
        """Writes the calculation out."""
        return (
            f"{self.transitions:,.0f} × ${TRANSITION * 1000:g}/1,000 + {self.invocations:,.0f} × $0.20/M"
            f" + {self.gb_seconds:,.0f} GB-s × ${GB_SECOND_ARM64:.10f} = ${self.dollars:.2f}"
        )


def section(run: Run) -> Section:
    """Returns the price of an install run as measured, and of its scan alone."""
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
    """Returns what a scan run uses, with Lambda time in proportion to its Lambda calls.

    The part of the run itself is taken from the install run; in a real scan run it is slightly smaller.
    """
    found = transitions.read(run)
    install = _install(run)
    entered = found.parent + sum(found.targets["scan"].values())
    invocations = (found.scan_invocations + found.parent_invocations) * TARGETS / run.targets
    return Price(entered * TARGETS / run.targets, invocations, install.gb_seconds * invocations / install.invocations)


def _gb_seconds(run: Run) -> float:
    """Returns GB-seconds of the functions: their own work, and their waiting for AWS."""
    # With less memory the work takes longer and a second costs less, in the same proportion: GB-seconds stay the same.
    work = sum(used.cpu_seconds for used in run.usage.values()) * FULL_PROCESSOR_MB / 1024
    # Nearly all calls come from the functions that work on targets, and those have the same memory.
    waiting = calls.function_calls(run) * CALL_SECONDS * template.functions()["scan"].memory_mb / 1024
    return work + waiting
