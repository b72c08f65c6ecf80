"""Simulated time: follows fleet-sim's clock and computes it here, so that reading it costs no request."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from . import simulator


class Clock:
    """A clock that stands still until fleet-sim's clock starts, then runs `speed` times as fast as real time."""

    def __init__(self) -> None:
        self._start: datetime | None = None
        self._speed = 1.0
        self._started_at: float | None = None
        self._asked_at = 0.0

    def _refresh(self) -> None:
        # The driver can start the clock at any moment. Asking 20 times a second is enough.
        if self._start is not None and time.monotonic() - self._asked_at < 0.05:
            return
        self._asked_at = time.monotonic()
        document = simulator.get("/_sim/clock")
        self._start = datetime.fromisoformat(document["start"])
        self._speed = float(document["speed"])
        if document.get("running"):
            self._started_at = float(document["startedAtUnixSeconds"])

    def now(self) -> datetime:
        """Returns the simulated time."""
        if self._started_at is None:
            self._refresh()
        assert self._start is not None
        if self._started_at is None:
            return self._start
        return self._start + timedelta(seconds=(time.time() - self._started_at) * self._speed)

    def now_iso(self) -> str:
        """Returns the simulated time as AWS writes it in the context object: with milliseconds and Z."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def wait_until(self, moment: datetime, interrupted: threading.Event) -> bool:
        """Waits until a simulated time; returns True if it was interrupted before."""
        while True:
            remaining = (moment - self.now()).total_seconds()
            if remaining <= 0:
                return interrupted.is_set()
            pause = remaining / self._speed if self._started_at is not None else 0.05
            if interrupted.wait(pause):
                return True

    def wait(self, seconds: float, interrupted: threading.Event) -> bool:
        """Waits for that many simulated seconds; returns True if it was interrupted before."""
        return self.wait_until(self.now() + timedelta(seconds=seconds), interrupted)


CLOCK = Clock()
