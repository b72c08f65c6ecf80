"""Paths in the checkout."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import DriverError

PYTHON_PATH = Path(__file__).resolve().parents[2]
ROOT = PYTHON_PATH.parents[1]
BUILD = ROOT / "build"
TEMPLATE = BUILD / "template.yaml"
# Working directories of sessions. The driver removes each at the end of its session.
SESSIONS = Path(os.environ.get("LOCAL_CLOUD_SESSIONS") or BUILD)


def fleet_sim() -> Path:
    """Returns the simulator's binary: FLEET_SIM, or the one that `make build` makes."""
    binary = Path(os.environ.get("FLEET_SIM") or ROOT / "target" / "debug" / "fleet-sim")
    if not os.access(binary, os.X_OK):
        raise DriverError(f"{binary} is no program: run `make build`, or set FLEET_SIM to the simulator's path")
    return binary
