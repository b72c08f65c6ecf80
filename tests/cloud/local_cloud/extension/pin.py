"""Refuses to run with any other ministack than the one whose private names the patches replace."""

from __future__ import annotations

from importlib.metadata import version

MINISTACK = "1.5.33"


def check() -> None:
    """A different version may have renamed or fixed what is patched: look before it runs."""
    found = version("ministack")
    if found != MINISTACK:
        raise SystemExit(f"the local cloud is written for ministack {MINISTACK}, found {found}: re-check every patch")
