"""Child processes that never outlive the driver. Each has a process group of its own, which the driver ends as a whole.

Lambda workers are children of ministack and belong to its group, so they end with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

_GRACE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class Child:
    """A child process and its process group."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], directory: Path, log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                # Safe, because the driver has no other threads when it starts a child.
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the group."""
        return self._process.pid

    @property
    def stdout(self) -> IO[bytes]:
        """The standard output of the process."""
        assert self._process.stdout is not None
        return self._process.stdout

    def has_ended(self) -> bool:
        """Returns whether the leader of the group has ended."""
        return self._process.poll() is not None

    def log_tail(self) -> str:
        """Returns the end of the log, for an error message."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def stop(self, politely: bool = True) -> None:
        """Ends the whole group and waits for the end of its leader."""
        deadline = time.monotonic()
        if politely:
            _signal_group(self.pid, signal.SIGTERM)
            deadline += _GRACE_SECONDS
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.01)
        # Even if the leader has ended in time, because another process of its group may still run.
        _signal_group(self.pid, signal.SIGKILL)
        self._process.wait()
        self.stdout.close()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _die_with_parent() -> None:
    """Lets the kernel end the child when the driver is killed, the only end that no handler of ours sees."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
