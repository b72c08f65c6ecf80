"""Writes what each function's binary is made of as a CycloneDX 1.6 document: <to>/<function>.cdx.json.

A document lists the crates that are linked into the binary, with version, license, checksum and what they depend on. It
says nothing about crates of tests, build scripts, macros or other systems. It comes from `cargo metadata`, so the same
commit gives the same bytes.

Usage: python scripts/sbom.py [--to build/package] [--architecture arm64]
"""

import argparse
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from place_binaries import NAMES

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}


def metadata(architecture: str) -> dict[str, Any]:
    """Returns the resolved crates for a processor."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGETS[architecture]]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)


def linked(crates: dict[str, Any], root: str) -> dict[str, list[str]]:
    """Returns id → ids of what it depends on, of everything that is linked into a crate's binary."""
    nodes = {node["id"]: node for node in crates["resolve"]["nodes"]}
    macros = {
        package["id"]
        for package in crates["packages"]
        if any("proc-macro" in target["kind"] for target in package["targets"])
    }
    graph: dict[str, list[str]] = {}
    waiting = [root]
    while waiting:
        crate = waiting.pop()
        if crate not in graph:
            graph[crate] = sorted(
                edge["pkg"]
                for edge in nodes[crate]["deps"]
                if edge["pkg"] not in macros and any(kind["kind"] is None for kind in edge["dep_kinds"])
            )
            waiting += graph[crate]
    return graph


def component(package: dict[str, Any], checksums: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Returns a crate as CycloneDX names it."""
    name, version = package["name"], package["version"]
    purl = f"pkg:cargo/{name}@{version}"
    found: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version}
    if package["license"]:
        # Older crates write "MIT/Apache-2.0" for "MIT OR Apache-2.0".
        expression = " OR ".join(part.strip() for part in package["license"].split("/"))
        found["licenses"] = [{"expression": expression}]
    if checksum := checksums.get((name, version)):
        found |= {"purl": purl, "hashes": [{"alg": "SHA-256", "content": checksum}]}
    return found


def document(crates: dict[str, Any], function: str, checksums: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Returns the SBOM of a function."""
    packages = {package["id"]: package for package in crates["packages"]}
    # A crate of the workspace has the name of its binary with a prefix.
    [root] = [key for key in crates["workspace_members"] if packages[key]["name"] == f"orgpatch-{function}"]
    graph = linked(crates, root)
    parts = {key: component(packages[key], checksums) for key in graph}
    own = parts.pop(root) | {"type": "application"}
    edges = {key: {"ref": (parts.get(key) or own)["bom-ref"]} for key in graph}
    for key, needed in graph.items():
        if needed:
            edges[key]["dependsOn"] = sorted({parts[other]["bom-ref"] for other in needed})
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": sorted(parts.values(), key=lambda part: part["bom-ref"]),
        "dependencies": sorted(edges.values(), key=lambda edge: edge["ref"]),
    }


def main() -> None:
    """Writes the SBOM of every function."""
    parser = argparse.ArgumentParser(description="Writes a CycloneDX document for each function.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "package", help="folder to write to (%(default)s)")
    parser.add_argument("--architecture", choices=sorted(TARGETS), default="arm64", help="processor (%(default)s)")
    options = parser.parse_args()
    crates = metadata(options.architecture)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
    options.to.mkdir(parents=True, exist_ok=True)
    for function in NAMES:
        text = json.dumps(document(crates, function, checksums), indent=1)
        (options.to / f"{function}.cdx.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
