"""Writes a new end-to-end case, tests/scenarios/<topic>/<name>.yaml, from tests/scenarios/template.yaml.

The new case runs and passes before it is edited. Existing files are never overwritten.

Usage: python scripts/new_scenario.py <topic>/<name>   (exit code 0 written, 2 refused)
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A case with one run names its plan, and the name of a plan has 63 characters at most.
LONGEST_NAME = 63
WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class RefusedError(Exception):
    """The case is not written; the text says why and what to do."""


def case_name(path: Path, scenarios: Path) -> str:
    """Returns the name that the tests give a case: its topic and its file, joined by a hyphen."""
    return "-".join(path.relative_to(scenarios).with_suffix("").parts)


def write(name: str, root: Path = ROOT) -> Path:
    """Writes the case and returns its path."""
    if not name:
        raise RefusedError(
            "NAME is missing; write make new-scenario NAME=<topic>/<name>, such as NAME=stages/two-waves"
        )
    parts = name.split("/")
    if len(parts) != 2:
        raise RefusedError(f'"{name}" must be <topic>/<name> with one slash, for example stages/two-waves')
    for part in parts:
        if not WORD.fullmatch(part):
            raise RefusedError(
                f'"{part}" in "{name}" may contain only lower-case letters, digits and single hyphens between them'
            )
    scenarios = root / "tests" / "scenarios"
    path = scenarios / parts[0] / f"{parts[1]}.yaml"
    flat = case_name(path, scenarios)
    if len(flat) > LONGEST_NAME:
        raise RefusedError(f'"{flat}" has {len(flat)} characters, and the name of a case has {LONGEST_NAME} at most')
    for other in sorted(scenarios.rglob("*.yaml")):
        if case_name(other, scenarios) == flat:
            raise RefusedError(f"{other.relative_to(root)} exists; edit that case, or choose another name")
    template = (scenarios / "template.yaml").read_text()
    # The comment about the template ends where the case begins.
    case = template[template.index("\nabout:") + 1 :]
    _, rest = case.split("\n", 1)
    schema = "# yaml-language-server: $schema=../../../schemas/end-to-end-case.schema.json"
    about = f"about: Say in one sentence what {flat} shows."
    path.parent.mkdir(exist_ok=True)
    with path.open("x") as file:
        file.write(f"{schema}\n{about}\n{rest}")
    return path


def main(arguments: list[str] | None = None) -> int:
    """Writes the case and says what to do next."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", nargs="?", default="", help="<topic>/<name>, for example stages/two-waves")
    name = parser.parse_args(arguments).name
    try:
        path = write(name)
    except RefusedError as refused:
        print(f"new-scenario: {refused}", file=sys.stderr)
        return 2
    print(
        f"Wrote {path.relative_to(ROOT)}. It runs and passes as it is. Next:\n"
        "  1. Edit about, scenario, plan, run and expect. Editors complete fields from the schema in the first line.\n"
        "     Fields of a scenario: crates/fleet-sim/README.md. Fields of an expectation: tests/src/expect.rs.\n"
        f"  2. Run it: make build && cargo test --workspace --test end_to_end -- {name}\n"
        f"  3. Look at what it left behind: build/e2e/{case_name(path, ROOT / 'tests' / 'scenarios')}/"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
