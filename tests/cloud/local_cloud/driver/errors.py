"""Errors that the driver reports as one message instead of a traceback."""

from __future__ import annotations


class DriverError(Exception):
    """An error whose message is for the person at the terminal."""


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. It is not an Exception, so that no `except Exception` swallows it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number
