"""The execution that the current thread works for: is it still wanted, whose role is it, when must it be over."""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ministack.services import stepfunctions as sf

from ..clock import CLOCK

STATE_LIMIT_BYTES = 256 * 1024
ExecutionError = sf._ExecutionError


class Stopped(Exception):
    """The execution was aborted: the thread ends without touching it. No Catch or Retry sees this."""


class TimedOut(Exception):
    """The execution has run longer than the machine's TimeoutSeconds. No Catch or Retry sees this."""


@dataclass
class Scope:
    """Shared by an execution, the iterations of its maps and the children of its map runs."""

    execution: dict[str, Any]
    role_arn: str
    deadline: datetime | None = None
    # Set when the execution is stopped or fails elsewhere; every wait listens to it.
    over: threading.Event = field(default_factory=threading.Event)


CURRENT: ContextVar[Scope | None] = ContextVar("current_execution", default=None)


def current() -> Scope:
    """The scope of this thread; there is always one inside an execution."""
    scope = CURRENT.get()
    assert scope is not None, "not inside an execution"
    return scope


def check() -> None:
    """Raises when the execution has been stopped or is out of time."""
    scope = current()
    if scope.over.is_set() or scope.execution["status"] != "RUNNING":
        raise Stopped
    if scope.deadline is not None and CLOCK.now() >= scope.deadline:
        raise TimedOut


def pause(seconds: float) -> None:
    """Waits in simulated time; ends early, with the reason, when the execution does."""
    scope = current()
    if scope.deadline is None:
        CLOCK.wait(seconds, scope.over)
    else:
        left = (scope.deadline - CLOCK.now()).total_seconds()
        CLOCK.wait(min(seconds, max(left, 0)), scope.over)
    check()


def pause_until(moment: datetime) -> None:
    """Waits until a simulated moment, like `pause`."""
    pause((moment - CLOCK.now()).total_seconds())


def limit_size(value: Any) -> Any:
    """AWS ends an execution whose state passes more than 256 KiB on."""
    if len(json.dumps(value, ensure_ascii=False).encode()) > STATE_LIMIT_BYTES:
        raise ExecutionError(
            "States.DataLimitExceeded",
            "The state/task returned a result with a size exceeding the maximum number of bytes service limit.",
        )
    return value
