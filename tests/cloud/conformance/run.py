"""Asks the questions one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from .asker import Asker
from .errors import CannotTell
from .fact import Fact


class Status(StrEnum):
    """How an answer compares with what is expected."""

    SAME = "as expected"
    # The sources leave the answer open, and AWS has given one of those that orgpatch was built for.
    SETTLED = "settled"
    DIFFERENT = "DIFFERENT"
    NOT_ASKED = "not asked"
    # The question itself went wrong, in a way that says nothing about the fact.
    BROKEN = "BROKEN"


@dataclass(frozen=True)
class Result:
    """A question with its answer, or with the reason why there is none."""

    fact: Fact
    status: Status
    # The answer; or why there is none.
    answer: str
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Outcome:
    """All results, and what AWS did besides."""

    results: list[Result] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    interrupted: bool = False

    def with_status(self, *wanted: Status) -> list[Result]:
        """Returns the results that have one of these."""
        return [result for result in self.results if result.status in wanted]

    @property
    def well(self) -> bool:
        """Whether everything that was asked is as expected, and nothing was left behind."""
        return not (self.with_status(Status.DIFFERENT, Status.BROKEN) or self.left_behind or self.interrupted)


def run(facts: Iterable[Fact], asker: Asker, report: Callable[[Result], None] = lambda _: None) -> Outcome:
    """Asks every question that is permitted. Ctrl-C ends it after the open question has been cleaned up."""
    outcome = Outcome()
    try:
        for fact in facts:
            result = ask(fact, asker)
            outcome.results.append(result)
            report(result)
    except KeyboardInterrupt:
        outcome.interrupted = True
    outcome.deviations, outcome.left_behind = asker.deviations, asker.left_behind
    return outcome


def ask(fact: Fact, asker: Asker) -> Result:
    """Asks one question."""
    reason = asker.permitted.why_not(fact.needs)
    if reason:
        return Result(fact, Status.NOT_ASKED, reason)
    begun = time.monotonic()
    try:
        with asker.question():
            answer = fact.ask(asker)
    except CannotTell as error:
        return Result(fact, Status.NOT_ASKED, str(error), seconds=time.monotonic() - begun)
    # Whatever it is: a mistake in one question must not cost the answers of the others, nor the file.
    except Exception as error:  # noqa: BLE001
        text = f"{type(error).__name__}: {error}"
        return Result(fact, Status.BROKEN, text, tuple(asker.notes), time.monotonic() - begun)
    status = Status.DIFFERENT
    if fact.fits(answer):
        status = Status.SETTLED if fact.is_open else Status.SAME
    return Result(fact, status, answer, tuple(asker.notes), time.monotonic() - begun)
