"""Starts and stops the extended ministack."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import http, paths
from .errors import DriverError
from .processes import Child

_ATTEMPTS = 5
_START_SECONDS = 300


class Cloud:
    """A local cloud for one organization."""

    def __init__(
        self,
        simulator: str,
        account: str,
        region: str,
        directory: Path,
        evidence: Path | None,
        without: str = "",
        clock: str = "running",
        new_principal_seconds: float = 15,
    ) -> None:
        self.account = account
        self.region = region
        self.child: Child | None = None
        self.address = ""
        self._directory = directory
        self._simulator = simulator
        self._evidence = evidence
        self._without = without
        self._clock = clock
        self._new_principal_seconds = new_principal_seconds

    @property
    def endpoint(self) -> str:
        """The value of AWS_ENDPOINT_URL."""
        return f"http://{self.address}"

    def start(self) -> None:
        """Starts ministack on a free port; tries another port if a different program takes that one first."""
        for _ in range(_ATTEMPTS):
            port = _free_port()
            self.address = f"127.0.0.1:{port}"
            self.child = Child(
                "ministack",
                [sys.executable, "-m", "local_cloud.extension"],
                self._environment(port),
                self._directory,
                self._directory / "ministack.log",
            )
            if self._is_up():
                return
            log = self.child.log_tail()
            self.child.stop()
            if "address already in use" not in log.lower():
                raise DriverError(f"ministack did not start:\n{log}")
        raise DriverError(f"ministack did not start: no free port in {_ATTEMPTS} attempts")

    def stop(self) -> None:
        """Stops ministack and all Lambda workers."""
        if self.child is not None:
            # There is nothing to save, and SIGTERM would wait for every connection that is kept alive.
            self.child.stop(politely=False)

    def executions(self) -> list[dict[str, Any]]:
        """Returns every execution with its events."""
        return http.get_json(self.address, "/_local_cloud/executions")

    def clock(self) -> dict[str, Any]:
        """Returns the simulated time, what works and what waits."""
        return http.get_json(self.address, "/_local_cloud/clock")

    def start_clock(self) -> None:
        """Starts the stepping clock; the running clock is fleet-sim's."""
        http.request(self.address, "/_local_cloud/clock/start", "POST")

    def hold_clock_when(self, bucket: str, key: str) -> None:
        """Stops the stepping clock before its first step after the object exists."""
        http.request(self.address, f"/_local_cloud/clock/hold?bucket={quote(bucket)}&key={quote(key)}", "POST")

    def release_clock(self) -> None:
        """Lets a held clock go on."""
        http.request(self.address, "/_local_cloud/clock/release", "POST")

    def deliveries(self) -> list[dict[str, Any]]:
        """Returns what the schedules have delivered so far."""
        return http.get_json(self.address, "/_local_cloud/schedules")

    def await_delivery(self, schedule: str) -> None:
        """Releases the clock, lets time move until the schedule is due, even for nothing else, and holds the clock."""
        http.request(self.address, f"/_local_cloud/schedules/await?name={quote(schedule)}", "POST")

    def _environment(self, port: int) -> dict[str, str]:
        # Nothing from the environment of this machine, because ministack passes all of it on to the Lambdas.
        home = str(self._directory)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "TMPDIR": home,
            "PYTHONPATH": str(paths.PYTHON_PATH),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.account,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AUTH": "true",
            "LOG_LEVEL": "WARNING",
            "FLEET_SIM_ADDRESS": self._simulator,
            "WITHOUT": self._without,
            "CLOCK": self._clock,
            "NEW_PRINCIPAL_SECONDS": str(self._new_principal_seconds),
        }
        if self._evidence is not None:
            environment["EVIDENCE_DIR"] = str(self._evidence)
        return environment

    def _is_up(self) -> bool:
        assert self.child is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and not self.child.has_ended():
            try:
                # The process id tells our server from another program on the same port.
                return http.get_json(self.address, "/_local_cloud/identity")["pid"] == self.child.pid
            except (OSError, ValueError, KeyError):
                time.sleep(0.02)
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
