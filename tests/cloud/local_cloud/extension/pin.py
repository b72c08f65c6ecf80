"""Refuses to run with another version of ministack, because the patches replace private names of exactly one."""

from __future__ import annotations

from importlib.metadata import version

MINISTACK = "1.5.33"


def check() -> None:
    """Ends the process if another version is installed: it may have renamed or fixed what the patches replace."""
    found = version("ministack")
    if found != MINISTACK:
        raise SystemExit(
            f"the local cloud needs ministack {MINISTACK}, found {found}: install tests/cloud/requirements.txt, "
            "or check every patch in local_cloud/extension against the new version and change pin.py"
        )
