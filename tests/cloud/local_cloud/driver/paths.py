"""Where things lie in the checkout."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import DriverError

PYTHON_PATH = Path(__file__).resolve().parents[2]
ROOT = PYTHON_PATH.parents[1]
BUILD = ROOT / "build"
TEMPLATE = BUILD / "template.yaml"
# Working directories of sessions; each is removed with its session.
SESSIONS = Path(os.environ.get("LOCAL_CLOUD_SESSIONS") or BUILD)


def fleet_sim() -> Path:
    """The simulator's binary: FLEET_SIM, or what `make build` made."""
    binary = Path(os.environ.get("FLEET_SIM") or ROOT / "target" / "debug" / "fleet-sim")
    if not os.access(binary, os.X_OK):
        raise DriverError(f"{binary} is not there: build it (make build) or set FLEET_SIM")
    return binary
