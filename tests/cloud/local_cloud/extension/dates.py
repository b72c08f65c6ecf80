"""Writes simulated time into the `Date` header of every answer, because orgpatch's functions take it as their clock.

Natively it is real time. The SDK notices that the header differs from its own clock, and signs its next requests with
the header's time; natively these are refused as expired. Here a signature may have any age.
Patches `app.formatdate` and `sigv4.request_time_failure`.
"""

from __future__ import annotations

from email.utils import formatdate

from ministack import app
from ministack.core import sigv4

from .clock import CLOCK


def install() -> None:
    """Replaces the names."""
    app.formatdate = lambda usegmt: formatdate(CLOCK.now().timestamp(), usegmt=usegmt)
    sigv4.request_time_failure = lambda *_, **__: None
