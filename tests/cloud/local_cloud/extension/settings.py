"""What the extension reads from the environment, once, at start-up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where the simulator listens and where evidence goes."""

    simulator_host: str
    simulator_port: int
    evidence: Path | None
    # Names of modules in `extension` not to install: lets a self-test show what happens without a patch.
    without: frozenset[str]


def from_environment() -> Settings:
    """FLEET_SIM_ADDRESS is required, EVIDENCE_DIR and WITHOUT are optional."""
    # Taken out of the environment as they are read: whatever stays in it reaches the Lambdas.
    os.environ.pop("PYTHONPATH", None)
    address = os.environ.pop("FLEET_SIM_ADDRESS", "")
    host, _, port = address.partition(":")
    if not port.isdigit():
        raise SystemExit("FLEET_SIM_ADDRESS must be host:port of a running fleet-sim")
    evidence = os.environ.pop("EVIDENCE_DIR", None)
    without = frozenset(filter(None, os.environ.pop("WITHOUT", "").split(",")))
    return Settings(host, int(port), Path(evidence) if evidence else None, without)


SETTINGS = from_environment()
