"""Where things lie in the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
# Results of the run, kept for people who want to look closer.
WORK = BUILD / "bench"
MARKDOWN = BUILD / "bench.md"
TEMPLATE = ROOT / "template.yaml"
LOCAL_CLOUD = ROOT / "tests" / "cloud" / "run"


def release_binary(function: str) -> Path:
    """What `make package` uploads, where it was built for this machine."""
    return ROOT / "target" / "release" / function


def local_binary(function: str) -> Path:
    """What `make build` made, and what the local cloud runs."""
    return BUILD / "lambda" / function / "bootstrap"
