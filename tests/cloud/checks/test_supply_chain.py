"""What orgpatch is built from: licenses, sources, duplicates and known vulnerabilities of crates; locks with hashes.

The rules are those of deny.toml, which cargo-deny also reads (`make deny`). These checks need neither it nor a network.
"""

import datetime
import json
import re
import subprocess
import sys
import tomllib
import warnings
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from . import rustsec, sources

DENY = tomllib.loads((sources.ROOT / "deny.toml").read_text())
SNAPSHOT = json.loads(rustsec.SNAPSHOT.read_text())
TESTS = sources.ROOT / "tests" / "cloud"
LOCKS = sorted(TESTS.glob("requirements*.txt"))


@cache
def packages() -> list[dict[str, Any]]:
    """Returns every crate in Cargo.lock with its license."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    result = subprocess.run(command, cwd=sources.ROOT, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)["packages"]


# --------------------------------------------------------------------------------------------------------- licenses
def is_allowed(expression: str, allowed: set[str]) -> bool:
    """Returns whether a license expression (SPDX, or the older form with a slash) can be met with these licenses."""
    tokens = re.findall(r"[()]|[^\s()/]+|/", expression)
    python = {"AND": "and", "OR": "or", "/": "or", "(": "(", ")": ")"}
    words: list[str] = []
    for token in tokens:
        if token == "WITH" or (words and words[-1] == "WITH"):
            # An exception only permits more; what it belongs to has to be allowed.
            words.append(token) if token == "WITH" else words.pop()
        else:
            words.append(python.get(token) or str(token in allowed))
    # Nothing but and, or, parentheses, True and False.
    return bool(eval(" ".join(words), {"__builtins__": {}}))


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT OR GPL-3.0", True),
        ("Unlicense/MIT", True),
        ("(MIT OR GPL-3.0) AND ISC", True),
        ("MIT AND GPL-3.0", False),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", True),
        ("GPL-2.0 WITH Classpath-exception-2.0", False),
        ("__import__", False),
    ],
)
def test_license_expressions(expression: str, allowed: bool) -> None:
    assert is_allowed(expression, {"MIT", "ISC", "Apache-2.0"}) is allowed


def test_every_crate_has_an_allowed_license() -> None:
    allowed = set(DENY["licenses"]["allow"])
    refused = {
        f"{package['name']} {package['version']}": package["license"]
        for package in packages()
        if package["source"] and not is_allowed(package["license"] or "none", allowed)
    }
    assert refused == {}


# ---------------------------------------------------------------------------------------------- sources and versions
def test_every_crate_comes_from_crates_io() -> None:
    lock = tomllib.loads((sources.ROOT / "Cargo.lock").read_text())
    allowed = {f"registry+{registry}" for registry in DENY["sources"]["allow-registry"]}
    own = {package["name"] for package in packages() if package["source"] is None}
    for package in lock["package"]:
        if package["name"] not in own:
            assert package["source"] in allowed, package
            assert re.fullmatch("[0-9a-f]{64}", package["checksum"]), package
    assert allowed == {"registry+https://github.com/rust-lang/crates.io-index"}


def test_a_second_version_of_a_crate_has_its_reason() -> None:
    versions = defaultdict(set)
    for name, version in rustsec.locked():
        versions[name].add(version)
    skipped = {entry["crate"].partition("@")[0] for entry in DENY["bans"]["skip"]}
    assert {name for name, found in versions.items() if len(found) > 1} == skipped
    assert all(entry["reason"] for entry in DENY["bans"]["skip"])


def test_no_banned_crate() -> None:
    assert not {entry["crate"] for entry in DENY["bans"]["deny"]} & {name for name, _ in rustsec.locked()}


# ------------------------------------------------------------------------------------------------------- advisories
def test_the_snapshot_of_advisories_is_about_every_crate() -> None:
    names = {name for name, _ in rustsec.locked()}
    missing = names - set(SNAPSHOT["crates"])
    assert missing == set(), "write the snapshot again: python -m checks.rustsec <clone of advisory-db>"
    # Not a failure, because a commit that passed must pass later too.
    age = (datetime.datetime.now(datetime.UTC).date() - datetime.date.fromisoformat(SNAPSHOT["date"])).days
    warnings.warn(f"the snapshot of RustSec's advisories is {age} days old ({SNAPSHOT['date']})", stacklevel=1)


def test_no_crate_has_a_known_vulnerability() -> None:
    ignored = set(DENY["advisories"]["ignore"])
    direct = {
        dependency["name"]
        for package in packages()
        if package["source"] is None
        for dependency in package["dependencies"]
    }
    concerned = {
        f"{advisory['id']} {name} {version}: {advisory['title']}"
        for name, version in rustsec.locked()
        for advisory in SNAPSHOT["advisories"]
        if rustsec.concerns(advisory, name, version)
        # As in deny.toml: of crates that are no longer maintained, only those that orgpatch itself asks for.
        if advisory["informational"] != "unmaintained" or name in direct
        if advisory["id"] not in ignored
    }
    assert concerned == set()


@pytest.mark.parametrize(
    ("version", "wanted", "inside"),
    [
        ("1.2.3", ">= 1.2.3", True),
        ("1.2.3-rc.1", ">= 1.2.3", False),
        ("1.5.0", ">= 1.2, < 1.5", False),
        ("0.3.9", "^0.3.1", True),
        ("0.4.0", "^0.3.1", False),
        ("2.0.0", "^1", False),
        ("1.0.0", "1.0", True),
        ("1.0.1", "= 1.0.0", False),
    ],
)
def test_ranges_of_versions(version: str, wanted: str, inside: bool) -> None:
    assert rustsec.in_range(version, wanted) is inside


@pytest.mark.parametrize(("name", "old"), [("tokio", "1.18.0"), ("time", "0.2.7"), ("rustls", "0.23.0")])
def test_a_known_old_version_is_found(name: str, old: str) -> None:
    about = [advisory for advisory in SNAPSHOT["advisories"] if advisory["package"] == name]
    if name in SNAPSHOT["crates"]:
        assert any(rustsec.concerns(advisory, name, old) for advisory in about)


# ------------------------------------------------------------------------------------------------------------ locks
def pins(path: Path) -> dict[str, str]:
    """Returns name → version of every pin in a requirements file."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", path.read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_python_package_is_locked_with_hashes(path: Path) -> None:
    lock = path.with_suffix(".lock")
    locked = pins(lock)
    assert pins(path).items() <= locked.items(), "write the locks again: make lock"
    entries = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(), flags=re.MULTILINE)[1:]
    # A package may have two versions, each for other versions of Python.
    assert len(entries) >= len(locked) > len(pins(path)) / 2
    assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_is_installed_is_what_the_locks_say() -> None:
    makefile = (sources.ROOT / "Makefile").read_text()
    pip = re.findall(r"pip (?:install|\$\(PIP_INSTALL\)).*", makefile)
    # The tool that writes the locks is the only one that is not in one.
    assert [line for line in pip if "PIP_INSTALL" not in line] == [
        "pip install --quiet --disable-pip-version-check uv==0.13.9"
    ]
    assert "--no-deps --require-hashes -r\n" in makefile
    assert re.findall(r"npm ci .*", makefile) == ["npm ci --silent --no-audit --no-fund --ignore-scripts"]


# ------------------------------------------------------------------------------------------------------------- SBOM
def test_the_sbom_of_a_function_is_cyclonedx_and_names_what_is_linked(tmp_path: Path) -> None:
    script = sources.ROOT / "scripts" / "sbom.py"
    subprocess.run([sys.executable, script, "--to", tmp_path, "--architecture", "arm64"], check=True)
    # checkov brings the schemas.
    [schemas] = sources.ROOT.glob(".venv-checkov/lib/python3*/site-packages/cyclonedx/schema/_res")
    by_id = {
        schema["$id"]: referencing.Resource.from_contents(schema)
        for path in ("bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
        for schema in [json.loads((schemas / path).read_text())]
    }
    registry = referencing.Registry().with_resources(by_id.items())
    bom_schema = json.loads((schemas / "bom-1.6.SNAPSHOT.schema.json").read_text())
    validator = jsonschema.Draft7Validator(bom_schema, registry=registry)
    names = {path.name.removesuffix(".cdx.json") for path in tmp_path.iterdir()}
    assert names == {"list-accounts", "assume-role", "scan", "install", "collect-results", "gate", "report"}
    locked = rustsec.locked()
    for name in names:
        bom = json.loads((tmp_path / f"{name}.cdx.json").read_text())
        assert list(validator.iter_errors(bom)) == []
        found = {(part["name"], part["version"]) for part in bom["components"]}
        crates = {pair for pair in found if not pair[0].startswith("orgpatch-")}
        assert crates <= locked
        assert {"tokio", "rustls", "ring"} <= {part for part, _ in crates}
        # Of tests, of builds and of other systems: not in the binary.
        assert not {"insta", "proptest", "windows-sys", "syn"} & {part for part, _ in crates}
        graph = {edge["ref"]: edge.get("dependsOn", []) for edge in bom["dependencies"]}
        assert len(graph) == len(bom["components"]) + 1


def test_packages_have_their_sbom_beside_them() -> None:
    makefile = (sources.ROOT / "Makefile").read_text()
    recipe = makefile.partition("\npackage:")[2].partition("\n\n")[0]
    assert "scripts/sbom.py --architecture $(ARCHITECTURE) --to build/package\n" in recipe
