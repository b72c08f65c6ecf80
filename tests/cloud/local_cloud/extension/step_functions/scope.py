"""The execution that the current thread works for: its state, its role and its deadline."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ministack.services import stepfunctions as sf

from ..clock import CLOCK, Signal

STATE_LIMIT_BYTES = 256 * 1024
ExecutionError = sf._ExecutionError


class Stopped(Exception):
    """The execution was stopped. The thread ends without changing it. No Catch or Retry sees this."""


class TimedOut(Exception):
    """The execution has run longer than the machine's TimeoutSeconds. No Catch or Retry sees this."""


@dataclass
class Scope:
    """What an execution shares with the iterations of its maps and the children of its map runs."""

    execution: dict[str, Any]
    role_arn: str
    deadline: datetime | None = None
    # Happens when the execution is stopped or fails in another thread; every wait ends then.
    over: Signal = field(default_factory=CLOCK.signal)


CURRENT: ContextVar[Scope | None] = ContextVar("current_execution", default=None)


def current() -> Scope:
    """Returns the scope of this thread. Inside an execution there always is one."""
    scope = CURRENT.get()
    assert scope is not None, "not inside an execution"
    return scope


def check() -> None:
    """Raises Stopped or TimedOut if the execution has to end."""
    scope = current()
    if scope.over.is_set() or scope.execution["status"] != "RUNNING":
        raise Stopped
    if scope.deadline is not None and CLOCK.now() >= scope.deadline:
        raise TimedOut


def pause(seconds: float) -> None:
    """Waits in simulated time; raises Stopped or TimedOut as soon as the execution has to end."""
    pause_until(CLOCK.now() + timedelta(seconds=seconds))


def pause_until(moment: datetime) -> None:
    """Waits until a simulated time, like `pause`."""
    scope = current()
    CLOCK.wait_until(moment if scope.deadline is None else min(moment, scope.deadline), scope.over)
    check()


def limit_size(value: Any) -> Any:
    """Returns the value, or fails the state if it is larger than 256 KiB, as on AWS."""
    if len(json.dumps(value, ensure_ascii=False).encode()) > STATE_LIMIT_BYTES:
        raise ExecutionError(
            "States.DataLimitExceeded",
            "The state/task returned a result with a size exceeding the maximum number of bytes service limit.",
        )
    return value
