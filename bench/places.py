"""Paths in the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
# Files of the run, kept for a closer look.
WORK = BUILD / "bench"
MARKDOWN = BUILD / "bench.md"
TEMPLATE = ROOT / "template.yaml"
LOCAL_CLOUD = ROOT / "tests" / "cloud" / "run"


def release_binary(function: str) -> Path:
    """Returns the binary that `cargo build --release` makes for this machine, if it did."""
    return ROOT / "target" / "release" / function


def local_binary(function: str) -> Path:
    """Returns the binary that `make build` makes and the local cloud runs."""
    return BUILD / "lambda" / function / "bootstrap"
