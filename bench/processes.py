"""What the kernel tells of a process, under /proc; nothing on systems without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int | None:
    """Most memory that the process ever held (VmHWM)."""
    try:
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def cpu_seconds(pid: int) -> float:
    """What it has used so far."""
    try:
        # Behind the name of the program, which may contain blanks: fields 14 and 15 are user and system time.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except OSError:
        return 0.0


def environment(pid: int) -> dict[str, str]:
    """What it was started with."""
    try:
        entries = (_PROC / str(pid) / "environ").read_text(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def below(directory: Path) -> Iterator[int]:
    """Processes whose program lies below the directory."""
    for entry in _PROC.glob("[0-9]*"):
        try:
            program = (entry / "exe").readlink()
        except OSError:
            continue
        if program.is_relative_to(directory):
            yield int(entry.name)
