"""What the driver tells people when something is wrong, instead of a traceback."""

from __future__ import annotations


class DriverError(Exception):
    """A sentence for the person at the terminal."""


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM: not an Exception, so that nothing on the way swallows it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number
