"""Runs the local cloud's command: `python -m local_cloud run …`, `… up …`, `… series …`."""

from __future__ import annotations

import sys

from .driver.cli import main

if __name__ == "__main__":
    sys.exit(main())
