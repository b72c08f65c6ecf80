"""Entry point: parses the command line, runs the command, and turns every end into an exit code."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from . import options, series, session
from .errors import DriverError, Interrupted


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 if the run advanced, 3 if a gate halted it, 1 after an error, 128 + n after signal n."""
    chosen = options.parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _too_late)
    try:
        command = {"run": session.run, "series": series.run, "up": session.up}[chosen.command]
        return command(chosen)
    except (DriverError, BotoCoreError, ClientError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print("interrupted: all processes are stopped", file=sys.stderr)
        return interrupted.exit_code


def _too_late(_number: int, _frame: FrameType | None) -> None:
    raise DriverError("the command took much longer than --timeout allows; all processes are stopped")


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # Only the first signal counts: a second Ctrl-C must not interrupt the clean-up.
    for every in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(every, signal.SIG_IGN)
    raise Interrupted(number)
