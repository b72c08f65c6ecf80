"""Starts fleet-sim and asks it for its results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import http, paths
from .errors import DriverError
from .processes import Child


class Simulator:
    """A running fleet-sim."""

    def __init__(self, scenario: Path, directory: Path) -> None:
        command = [str(paths.fleet_sim()), "--scenario", str(scenario), "--port", "0"]
        environment = {"PATH": "/usr/bin:/bin", "RUST_LOG": "warn"}
        self.child = Child("fleet-sim", command, environment, directory, directory / "fleet-sim.log")
        self.address = ""

    def wait(self) -> None:
        """Waits until fleet-sim has printed its address."""
        line = self.child.stdout.readline()
        try:
            self.address = json.loads(line)["listening"]
        except (ValueError, KeyError):
            raise DriverError(f"fleet-sim did not start: {self.child.log_tail() or line.decode()}") from None
        http.request(self.address, "/_sim/health")

    def organization(self) -> dict[str, Any]:
        """Returns the simulated organization."""
        return http.get_json(self.address, "/_sim/organization")

    def start_clock(self) -> None:
        """Starts the simulated time, once everything is deployed."""
        http.request(self.address, "/_sim/clock/start", "POST")

    def tell(self, now_milliseconds: int) -> None:
        """Tells fleet-sim the simulated time."""
        body = json.dumps({"now": now_milliseconds}).encode()
        http.request(self.address, "/_sim/clock/told", "POST", body=body)

    def ground_truth(self) -> bytes:
        """Returns what really happened to each instance, as JSON."""
        return http.request(self.address, "/_sim/truth")

    def calls(self) -> bytes:
        """Returns every call that fleet-sim answered, as JSON Lines."""
        return http.request(self.address, "/_sim/calls")
