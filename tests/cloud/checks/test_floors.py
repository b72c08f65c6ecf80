"""The floors of the code: a crate uses lower floors only, and the pure ones have neither clock nor network."""

import tomllib
from typing import Any

import pytest

from . import sources

CRATES = sources.ROOT / "crates"
# Floor by floor, the lowest first. A crate may use crates of lower floors, and none beside it.
FLOORS = [
    ["facts"],
    ["model"],
    ["plan"],
    ["engine"],
    ["records"],
    ["aws"],
    ["assume-role", "collect-results", "gate", "install", "list-accounts", "report", "scan"],
    ["cli"],
]
PURE = ["facts", "model", "plan", "engine", "records"]
# The simulator stands beside the floors. It reads the same facts about AWS; what follows from them it must not learn
# from the rules that it tests.
BESIDE = ["fleet-sim"]
# Crates that bring clocks, threads or a network with them. `jiff` is a type for moments; clippy.toml bans its clock.
IMPURE = ("aws-", "tokio", "lambda_runtime", "futures", "tempfile", "open", "rand", "tracing")


def manifest(crate: str) -> dict[str, Any]:
    """Returns a crate's Cargo.toml."""
    return tomllib.loads((CRATES / crate / "Cargo.toml").read_text())


def own_crates(crate: str) -> list[str]:
    """Returns the folders of the workspace's crates that a crate uses outside its tests."""
    names = {manifest(path.name)["package"]["name"]: path.name for path in CRATES.iterdir() if path.is_dir()}
    return [names[name] for name in manifest(crate).get("dependencies", {}) if name in names]


def test_every_crate_has_a_floor() -> None:
    placed = [crate for floor in FLOORS for crate in floor] + BESIDE
    assert sorted(placed) == sorted(path.name for path in CRATES.iterdir() if (path / "Cargo.toml").exists())


@pytest.mark.parametrize("crate", [crate for floor in FLOORS for crate in floor])
def test_a_crate_uses_lower_floors_only(crate: str) -> None:
    place = next(place for place, floor in enumerate(FLOORS) if crate in floor)
    lower = {below for floor in FLOORS[:place] for below in floor}
    assert set(own_crates(crate)) <= lower


def test_the_simulator_shares_facts_with_the_rules_and_nothing_else() -> None:
    assert own_crates("fleet-sim") == ["facts"]


@pytest.mark.parametrize("crate", PURE)
def test_pure_crates_have_no_clock_no_network_and_no_printing(crate: str) -> None:
    used = manifest(crate)["dependencies"]
    assert [name for name in used if name.startswith(IMPURE)] == []
    # What the standard library offers of these is banned by clippy, in the same words for each crate.
    assert (CRATES / crate / "clippy.toml").read_text() == (CRATES / PURE[0] / "clippy.toml").read_text()
