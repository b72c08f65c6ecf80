"""Writes simulated time into the `Date` header of every answer, because orgpatch's functions take it as their clock.

Natively it is real time. Patches `app.formatdate`.
"""

from __future__ import annotations

from email.utils import formatdate

from ministack import app

from .clock import CLOCK


def install() -> None:
    """Replaces the name."""
    app.formatdate = lambda usegmt: formatdate(CLOCK.now().timestamp(), usegmt=usegmt)
