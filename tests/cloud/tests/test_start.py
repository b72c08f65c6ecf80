"""The extension refuses to start with a wrong ministack or without a simulator."""

from __future__ import annotations

import os
import subprocess
import sys

from conftest import HERE


def _start(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(HERE.parent), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_another_ministack_is_refused() -> None:
    code = "import importlib.metadata as m; m.version = lambda _: '1.5.34'; import local_cloud.extension.__main__"
    done = _start(code, FLEET_SIM_ADDRESS="127.0.0.1:1")
    assert done.returncode != 0
    assert "1.5.33, found 1.5.34" in done.stderr


def test_no_simulator_is_refused() -> None:
    done = _start("import local_cloud.extension.settings", FLEET_SIM_ADDRESS="")
    assert done.returncode != 0
    assert "FLEET_SIM_ADDRESS" in done.stderr
