"""Known vulnerabilities of the crates in Cargo.lock, from a dated snapshot of RustSec's database: no network is needed.

Usage: python -m checks.rustsec <clone of https://github.com/rustsec/advisory-db>
writes the snapshot, checks/rustsec.json: of the crates in Cargo.lock only.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from . import sources

SNAPSHOT = Path(__file__).with_suffix(".json")
_ADVISORY = re.compile(r"```toml\n(.*?)```\s*# ([^\n]*)", re.DOTALL)
_COMPARISON = re.compile(r"(\^|>=|<=|>|<|=|)\s*([0-9][0-9A-Za-z.+-]*)$")

Version = tuple[int, int, int, bool]


def locked() -> set[tuple[str, str]]:
    """Returns name and version of every crate in Cargo.lock that comes from a registry."""
    lock = tomllib.loads((sources.ROOT / "Cargo.lock").read_text())
    return {(package["name"], package["version"]) for package in lock["package"] if "source" in package}


def version(text: str) -> Version:
    """Returns a version in its order: a pre-release (the last part is False) comes before its release."""
    core, _, pre = text.partition("+")[0].partition("-")
    parts = [int(part) for part in core.split(".")]
    major, minor, patch = parts + [0] * (3 - len(parts))
    return major, minor, patch, not pre


def in_range(found: str, wanted: str) -> bool:
    """Returns whether a version is in a range such as `>= 1.2.3, < 2` or `^0.3.1`."""
    return all(_compare(version(found), part.strip()) for part in wanted.split(","))


def _compare(found: Version, comparison: str) -> bool:
    match = _COMPARISON.match(comparison)
    if match is None:
        raise ValueError(f"{comparison!r} is no comparison of versions")
    operator, bound = match[1], version(match[2])
    match operator:
        case ">=":
            return found >= bound
        case ">":
            return found > bound
        case "<=":
            return found <= bound
        case "<":
            return found < bound
        case "=":
            return found == bound
        case _:  # Caret: up to the next change of the leftmost part that is not 0.
            major, minor, patch, _ = bound
            end = (major + 1, 0, 0) if major else (0, minor + 1, 0) if minor else (0, 0, patch + 1)
            return bound <= found < (*end, False)


def concerns(advisory: dict[str, Any], name: str, found: str) -> bool:
    """Returns whether a version of a crate is neither patched nor unaffected."""
    safe = advisory["patched"] + advisory["unaffected"]
    return advisory["package"] == name and not any(in_range(found, wanted) for wanted in safe)


def read(clone: Path, names: set[str]) -> dict[str, Any]:
    """Returns the snapshot of some crates. `clone` may be a repository without a work tree."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, text=True, check=True).stdout

    advisories = []
    for path in git("ls-tree", "-r", "--name-only", "HEAD", "crates").splitlines():
        if path.split("/")[1] not in names:
            continue
        match = _ADVISORY.search(git("show", f"HEAD:{path}"))
        if match is None:
            raise ValueError(f"{path} is no advisory")
        front = tomllib.loads(match[1])
        about = front["advisory"]
        if "withdrawn" not in about:
            advisories.append(
                {
                    "id": about["id"],
                    "package": about["package"],
                    "title": match[2].strip(),
                    "informational": about.get("informational"),
                    "patched": front["versions"]["patched"],
                    "unaffected": front["versions"].get("unaffected", []),
                }
            )
    return {
        "source": "https://github.com/rustsec/advisory-db",
        "commit": git("rev-parse", "HEAD").strip(),
        "date": git("log", "-1", "--format=%cs").strip(),
        "crates": sorted(names),
        "advisories": sorted(advisories, key=lambda advisory: advisory["id"]),
    }


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(read(Path(sys.argv[1]), {name for name, _ in locked()}), indent=1) + "\n")
