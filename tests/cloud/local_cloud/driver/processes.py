"""Child processes that never outlive the driver: each in a process group of its own, ended as a group.

Lambda workers are children of ministack and share its group, so ending the group ends them too.
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
    """One process group."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], directory: Path, log: Path) -> None:
        self.name = name
        self.log = log
        with open(log, "wb") as stderr:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    @property
    def pid(self) -> int:
        """Process id, and id of the group."""
        return self._process.pid

    @property
    def stdout(self) -> IO[bytes]:
        """What the process says on stdout."""
        assert self._process.stdout is not None
        return self._process.stdout

    def has_ended(self) -> bool:
        """Whether the leader of the group is gone."""
        return self._process.poll() is not None

    def said(self) -> str:
        """The end of its log, for an error message."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def stop(self, politely: bool = True) -> None:
        """Ends the whole group; does not return before the leader is gone."""
        deadline = time.monotonic()
        if politely:
            _signal_group(self.pid, signal.SIGTERM)
            deadline += _GRACE_SECONDS
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.01)
        # Also when the leader has ended in time: a member of its group may not have.
        _signal_group(self.pid, signal.SIGKILL)
        self._process.wait()
        self.stdout.close()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _die_with_parent() -> None:
    """Covers the one end that no handler sees: the driver itself being killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
