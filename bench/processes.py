"""Reads what the kernel reports about a process under /proc; returns nothing on systems without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int | None:
    """Returns the most memory that the process has held so far (VmHWM)."""
    try:
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def cpu_seconds(pid: int) -> float:
    """Returns the processor time that the process has used so far, 0 if it is gone."""
    try:
        # The name of the program may contain blanks, so we split after it. Fields 14 and 15: user and system time.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except OSError:
        return 0.0


def environment(pid: int) -> dict[str, str]:
    """Returns the environment that the process was started with."""
    try:
        entries = (_PROC / str(pid) / "environ").read_text(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def below(directory: Path) -> Iterator[int]:
    """Yields the processes whose program is in the directory or below it."""
    for entry in _PROC.glob("[0-9]*"):
        try:
            program = (entry / "exe").readlink()
        except OSError:
            continue
        if program.is_relative_to(directory):
            yield int(entry.name)
