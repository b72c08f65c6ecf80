"""Simulated time. There are two clocks, and the driver chooses one.

* running: follows fleet-sim's clock, which runs `speed` times as fast as real time. On a busy computer more simulated
  time passes between two calls than on an idle one.
* stepping: stands still while anything works. As soon as everything waits, it steps to the earliest moment that
  a thread waits for. The computer's speed then has no influence on simulated time. The extension owns this clock;
  `bridge` tells fleet-sim the time with each call.

A `Work` is what holds the stepping clock: the thread of an execution, of an iteration or of a child, or an invocation
that no execution makes. A work that waits here does not hold the clock, and works again from the moment at which it is
woken, not only from the moment at which its thread goes on. Requests hold nothing: a driver may ask as often as it
likes. A schedule does not move time on its own, unless the driver awaits it (`await_schedule`).
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import simulator
from .settings import SETTINGS

# Real seconds without a step after which the log says what holds the clock.
_STUCK_SECONDS = 60
_LOGGER = logging.getLogger("local_cloud.clock")


@dataclass(eq=False)
class Work:
    """Something that holds the stepping clock while it does not wait. A work that is not `counted` never holds it."""

    doing: str
    counted: bool = True


_work: ContextVar[Work | None] = ContextVar("work", default=None)


class Signal:
    """Something that happens once, such as the end of an execution, and that others may wait for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._happened = False
        self._followers: list[Signal] = []

    def is_set(self) -> bool:
        """Returns whether it has happened."""
        return self._happened

    def set(self) -> None:
        """Lets it happen, and with it all its followers."""
        with self._clock.lock:
            self._happen()

    def _happen(self) -> None:
        if not self._happened:
            self._happened = True
            self._clock.wake_those_who_wait_for(self)
            for follower in self._followers:
                follower._happen()

    def follower(self) -> Signal:
        """Returns a signal that happens with this one, or before it on its own."""
        with self._clock.lock:
            follower = Signal(self._clock)
            follower._happened = self._happened
            self._followers.append(follower)
            return follower


@dataclass(eq=False)
class _Sleeper:
    """A thread that waits for a moment, or for the first of several signals."""

    moment: datetime | None
    signals: tuple[Signal, ...]
    work: Work | None
    is_schedule: bool
    awake: threading.Event


class Clock:
    """What both clocks have in common: who works, who waits, and for what."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._works: set[Work] = set()
        self._asleep: list[_Sleeper] = []

    def now(self) -> datetime:
        """Returns the simulated time."""
        raise NotImplementedError

    def now_iso(self) -> str:
        """Returns the simulated time as AWS writes it in the context object: with milliseconds and Z."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def told(self) -> dict[str, str]:
        """Returns the header that tells fleet-sim the time, if fleet-sim needs to be told."""
        return {}

    def signal(self) -> Signal:
        """Returns a new signal."""
        return Signal(self)

    # ------------------------------------------------------------------------------------------------- waiting
    def wait(self, seconds: float, *signals: Signal) -> bool:
        """Waits for that many simulated seconds; returns True as soon as one of the signals has happened."""
        return self.wait_until(self.now() + timedelta(seconds=seconds), *signals)

    def wait_until(self, moment: datetime | None, *signals: Signal, is_schedule: bool = False) -> bool:
        """Waits until a simulated time (None: for ever); returns True as soon as one of the signals has happened."""
        with self.lock:
            if any(signal.is_set() for signal in signals):
                return True
            if moment is not None and moment <= self.now():
                return False
            work = _work.get()
            sleeper = _Sleeper(moment, signals, work, is_schedule, threading.Event())
            self._asleep.append(sleeper)
            self._works.discard(work)
            self._settle()
        try:
            self._sleep(sleeper)
        finally:
            with self.lock:
                self._wake(sleeper)
        return any(signal.is_set() for signal in signals)

    def wake_those_who_wait_for(self, signal: Signal) -> None:
        """Wakes the threads that wait for a signal. Only a signal calls this, and holds the lock."""
        for sleeper in [one for one in self._asleep if signal in one.signals]:
            self._wake(sleeper)

    def _wake(self, sleeper: _Sleeper) -> None:
        if sleeper in self._asleep:
            self._asleep.remove(sleeper)
            if sleeper.work is not None and sleeper.work.counted:
                self._works.add(sleeper.work)
            sleeper.awake.set()

    def _sleep(self, sleeper: _Sleeper) -> None:
        """Returns when the sleeper is woken, or when its moment has come."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------- working
    def begin(self, doing: str) -> Work:
        """Begins a work, which may end in another thread."""
        work = Work(doing)
        with self.lock:
            self._works.add(work)
        return work

    def end(self, work: Work) -> None:
        """Ends a work."""
        with self.lock:
            self._works.discard(work)
            self._settle()

    def end_own(self) -> None:
        """Ends the work of this thread."""
        work = _work.get()
        if work is not None:
            self.end(work)

    @contextmanager
    def as_work(self, work: Work) -> Iterator[None]:
        """Makes a work the one of this thread, and of those that inherit its context, for the time of the block."""
        token = _work.set(work)
        try:
            yield
        finally:
            _work.reset(token)

    @contextmanager
    def working(self, doing: str) -> Iterator[None]:
        """Works for the time of the block, unless this thread works already."""
        if _work.get() is not None:
            yield
            return
        work = self.begin(doing)
        try:
            with self.as_work(work):
                yield
        finally:
            self.end(work)

    def say(self, doing: str) -> None:
        """Notes what this thread does, for the day on which the clock is stuck."""
        work = _work.get()
        if work is not None:
            work.doing = doing

    def together(self, calls: list[Callable[[], None]], threads: int) -> None:
        """Makes the calls in so many threads and returns when all have ended; raises the first exception of a call.

        The threads work instead of the caller. The last one to end hands over to it, so that there is no moment
        between them at which nothing works.
        """
        caller = _work.get()
        left, errors, waiting = min(threads, len(calls)), [], iter(calls)
        works = [Work(caller.doing if caller else "") for _ in range(left)]

        def serve(own: Work) -> None:
            nonlocal left
            _work.set(own)
            while True:
                with self.lock:
                    call = next(waiting, None)
                    if call is None:
                        left -= 1
                        self._works.discard(own)
                        if left == 0 and caller is not None and caller.counted:
                            self._works.add(caller)
                        self._settle()
                        return
                try:
                    contextvars.copy_context().run(call)
                except BaseException as error:  # noqa: BLE001  (the caller raises it again, below)
                    errors.append(error)

        with self.lock:
            self._works.update(works)
            if works:
                self._works.discard(caller)
        started = [
            threading.Thread(target=contextvars.copy_context().run, args=(serve, work), daemon=True) for work in works
        ]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        if errors:
            raise errors[0]

    def _settle(self) -> None:
        """Is called, with the lock held, whenever a work has ended or begins to wait."""

    # -------------------------------------------------------------------------------------- what the driver asks
    def start(self) -> None:
        """Starts the clock, once everything is deployed. fleet-sim starts the running clock."""

    def hold_when(self, reached: Callable[[], bool]) -> None:
        """Stops the clock before the first step from which `reached` returns True, until `release`."""

    def hold(self) -> None:
        """Stops the clock until `release`."""

    def release(self) -> None:
        """Lets a held clock go on."""

    def await_schedule(self, is_awaited: bool) -> None:
        """Says whether time may move for a schedule alone."""

    def describe(self) -> dict[str, Any]:
        """Returns the time, and what works and waits."""
        with self.lock:
            moments = [sleeper.moment for sleeper in self._asleep if sleeper.moment is not None]
            return {
                "now": self.now_iso(),
                "nowMilliseconds": _milliseconds(self.now()),
                "works": sorted(work.doing for work in self._works),
                "waits": sorted(sleeper.work.doing for sleeper in self._asleep if sleeper.work is not None),
                "nextMoment": min(moments).isoformat() if moments else None,
            }


class RunningClock(Clock):
    """A clock that stands still until fleet-sim's clock starts, then runs `speed` times as fast as real time.

    It computes the time here, so that reading it costs no request.
    """

    def __init__(self) -> None:
        super().__init__()
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

    def _sleep(self, sleeper: _Sleeper) -> None:
        while not sleeper.awake.is_set():
            if sleeper.moment is None:
                sleeper.awake.wait()
                return
            remaining = (sleeper.moment - self.now()).total_seconds()
            if remaining <= 0:
                return
            # A thread cannot wait longer than this; it then looks again.
            pause = min(remaining / self._speed, 3600) if self._started_at is not None else 0.05
            sleeper.awake.wait(pause)


class SteppingClock(Clock):
    """A clock that stands still while anything works, and then steps to the next moment that a thread waits for.

    Without `now` it begins when fleet-sim's scenario does.
    """

    def __init__(self, now: datetime | None = None) -> None:
        super().__init__()
        self._now = now
        self._started = False
        self._reached: Callable[[], bool] | None = None
        self._held = False
        self._schedule_awaited = False
        self._stepped_at = time.monotonic()

    def now(self) -> datetime:
        """Returns the simulated time."""
        if self._now is None:
            self._now = datetime.fromisoformat(simulator.get("/_sim/clock")["start"])
        return self._now

    def told(self) -> dict[str, str]:
        """Returns the header that tells fleet-sim the time, in milliseconds since 1970."""
        return {"x-sim-now": str(_milliseconds(self.now()))}

    def start(self) -> None:
        """Starts the clock, and the thread that notices if it is stuck."""
        with self.lock:
            if self._started:
                return
            self._started, self._stepped_at = True, time.monotonic()
            self._settle()
        threading.Thread(target=self._watch, daemon=True, name="stuck-clock").start()

    def hold_when(self, reached: Callable[[], bool]) -> None:
        """Stops the clock before the first step from which `reached` returns True, until `release`."""
        with self.lock:
            self._reached = reached

    def hold(self) -> None:
        """Stops the clock until `release`."""
        with self.lock:
            self._held = True

    def release(self) -> None:
        """Lets a held clock go on."""
        with self.lock:
            self._held = False
            self._settle()

    def await_schedule(self, is_awaited: bool) -> None:
        """Says whether time may move for a schedule alone."""
        with self.lock:
            self._schedule_awaited = is_awaited
            self._settle()

    def describe(self) -> dict[str, Any]:
        """Returns the time, what works and waits, and whether the clock is held."""
        return {**super().describe(), "held": self._held}

    def _sleep(self, sleeper: _Sleeper) -> None:
        sleeper.awake.wait()

    def _settle(self) -> None:
        while self._started and not self._held and not self._works:
            moments = [sleeper.moment for sleeper in self._asleep if sleeper.moment is not None]
            only_schedules = all(sleeper.is_schedule for sleeper in self._asleep)
            if not moments or (only_schedules and not self._schedule_awaited):
                return
            if self._reached is not None and self._reached():
                self._reached, self._held = None, True
                return
            # Whole milliseconds: fleet-sim and AWS's timestamps know nothing smaller.
            self._now = max(self.now(), _rounded_up(min(moments)))
            self._stepped_at = time.monotonic()
            for sleeper in [one for one in self._asleep if one.moment is not None and one.moment <= self._now]:
                self._wake(sleeper)

    def _watch(self) -> None:
        reported = 0.0
        while True:
            time.sleep(1)
            stuck = time.monotonic() - self._stepped_at
            # An idle cloud is not stuck: then nothing works, and nothing waits except schedules.
            with self.lock:
                busy = bool(self._works) or any(not sleeper.is_schedule for sleeper in self._asleep)
            if stuck >= _STUCK_SECONDS and busy and not self._held and reported != self._stepped_at:
                reported = self._stepped_at
                _LOGGER.warning("simulated time stands still for %.0f s: %s", stuck, self.describe())


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _rounded_up(moment: datetime) -> datetime:
    return moment + timedelta(microseconds=-moment.microsecond % 1000)


CLOCK: Clock = SteppingClock() if SETTINGS.clock == "stepping" else RunningClock()
