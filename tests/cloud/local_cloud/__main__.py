"""`python -m local_cloud run …` and `python -m local_cloud up …`."""

from __future__ import annotations

import sys

from .driver.cli import main

if __name__ == "__main__":
    sys.exit(main())
