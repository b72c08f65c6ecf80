"""ministack, extended, as the driver sees it."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Any

from . import http, paths
from .errors import DriverError
from .processes import Child

_ATTEMPTS = 5
_START_SECONDS = 60


class Cloud:
    """A running local cloud of one organization."""

    def __init__(
        self, simulator: str, account: str, region: str, directory: Path, evidence: Path | None, without: str = ""
    ) -> None:
        self.account = account
        self.region = region
        self.child: Child | None = None
        self.address = ""
        self._directory = directory
        self._simulator = simulator
        self._evidence = evidence
        self._without = without

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is set to."""
        return f"http://{self.address}"

    def start(self) -> None:
        """On a free port; when somebody else takes that port first, on another one."""
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
            if self._answers():
                return
            said = self.child.said()
            self.child.stop()
            if "address already in use" not in said.lower():
                raise DriverError(f"ministack does not start:\n{said}")
        raise DriverError("no free port for ministack")

    def stop(self) -> None:
        """Ends it with all Lambda workers."""
        if self.child is not None:
            # Nothing to save, and a polite end would wait for every kept-alive connection.
            self.child.stop(politely=False)

    def executions(self) -> list[dict[str, Any]]:
        """Every execution and its events."""
        return http.get_json(self.address, "/_local_cloud/executions")

    def _environment(self, port: int) -> dict[str, str]:
        # Nothing of the host's environment: all of it would reach the Lambdas.
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
        }
        if self._evidence is not None:
            environment["EVIDENCE_DIR"] = str(self._evidence)
        return environment

    def _answers(self) -> bool:
        assert self.child is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and not self.child.has_ended():
            try:
                # The process id tells our server from somebody else's on the same port.
                return http.get_json(self.address, "/_local_cloud/identity")["pid"] == self.child.pid
            except (OSError, ValueError, KeyError):
                time.sleep(0.02)
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
