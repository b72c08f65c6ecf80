"""Reads the extension's settings from the environment, once, at start-up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The simulator's address, the kind of clock, the folder for evidence, switches, and the patches to leave out."""

    simulator_host: str
    simulator_port: int
    # "stepping" or "running"; see clock.py.
    clock: str
    evidence: Path | None
    # Modules of `extension` to leave out, so that a test can show what happens without a patch.
    without: frozenset[str]
    # How long IAM refuses a new role as a principal in a stack set. It happens, and no document says for how long.
    new_principal_seconds: float
    # How long CloudTrail's event history does not know a call yet; see cloudtrail.py.
    cloudtrail_seconds: float


def from_environment() -> Settings:
    """Reads FLEET_SIM_ADDRESS (required), CLOCK, EVIDENCE_DIR, WITHOUT, … (optional)."""
    # Each variable is removed when it is read, because ministack passes the whole environment on to the Lambdas.
    os.environ.pop("PYTHONPATH", None)
    address = os.environ.pop("FLEET_SIM_ADDRESS", "")
    host, _, port = address.partition(":")
    if not port.isdigit():
        raise SystemExit(f"FLEET_SIM_ADDRESS is {address!r}: set it to host:port of a running fleet-sim")
    clock = os.environ.pop("CLOCK", "running")
    evidence = os.environ.pop("EVIDENCE_DIR", None)
    without = frozenset(filter(None, os.environ.pop("WITHOUT", "").split(",")))
    new_principal = float(os.environ.pop("NEW_PRINCIPAL_SECONDS", "15"))
    cloudtrail = float(os.environ.pop("CLOUDTRAIL_SECONDS", "300"))
    return Settings(host, int(port), clock, Path(evidence) if evidence else None, without, new_principal, cloudtrail)


SETTINGS = from_environment()
