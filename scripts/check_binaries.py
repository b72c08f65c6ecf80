"""Refuses binaries that Lambda could not run, before anything is uploaded.

Each function's `bootstrap` must be a Linux program for the processor that the deployment names, and must need no
glibc newer than that of Amazon Linux 2023, on which `provided.al2023` runs. Lambda takes other binaries, and then
every call fails (`exec format error`, `version GLIBC_2.39 not found`).

With --pin, the parameter Architecture of that template then allows this processor only, so that CloudFormation refuses
an answer that does not fit the binaries.

Usage: python scripts/check_binaries.py --architecture arm64|x86_64 FOLDER [--pin TEMPLATE]
FOLDER has <function>/bootstrap, by the name of the crate (cargo-lambda) or of the resource (SAM).
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import yaml
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from place_binaries import NAMES
from render_template import pin_architecture

# e_machine of each value of the parameter Architecture.
MACHINES = {"arm64": "EM_AARCH64", "x86_64": "EM_X86_64"}
# "Amazon Linux 2023 … glibc 2.34" (Comparing AL2 and AL2023, 2026-11).
NEWEST_GLIBC = (2, 34)
_NUMBERED = re.compile(r"GLIBC_(\d+(?:\.\d+)*)")


def complaints(folder: Path, architecture: str) -> list[str]:
    """Returns what is wrong with the binaries of a folder, one sentence each."""
    found = []
    for name in NAMES:
        resource = name.title().replace("-", "")
        paths = [path for path in (folder / name / "bootstrap", folder / resource / "bootstrap") if path.is_file()]
        found += complaints_about(paths[0], architecture) if paths else [f"{folder} has no binary of {name}"]
    return found


def complaints_about(path: Path, architecture: str) -> list[str]:
    """Returns what is wrong with one binary."""
    with path.open("rb") as file:
        try:
            binary = ELFFile(file)
        except ELFError:
            return [f"{path} is no Linux program; {_how_to_build(architecture)}"]
        machine = binary["e_machine"]
        if machine != MACHINES[architecture]:
            names = {value: name for name, value in MACHINES.items()}
            return [
                f"{path} is for {names.get(machine, machine)}, and the deployment is for {architecture}; "
                f"{_how_to_build(architecture)}"
            ]
        newest, unnumbered = newest_glibc(binary), unnumbered_glibc(binary)
    has = ".".join(map(str, NEWEST_GLIBC))
    if unnumbered:
        return [
            f"{path} needs {', '.join(unnumbered)}, which is of another glibc than the {has} of Lambda's Amazon Linux "
            f"2023; {_how_to_build(architecture)}"
        ]
    if newest > NEWEST_GLIBC:
        needs = ".".join(map(str, newest))
        return [f"{path} needs glibc {needs}, and Lambda's Amazon Linux 2023 has {has}; {_how_to_build(architecture)}"]
    return []


def newest_glibc(binary: ELFFile) -> tuple[int, ...]:
    """Returns the newest version of glibc of which a program needs a symbol; (0,) if it needs none."""
    found = [_NUMBERED.fullmatch(version) for version in _versions(binary)]
    return max([(0,), *(tuple(map(int, number[1].split("."))) for number in found if number)])


def unnumbered_glibc(binary: ELFFile) -> list[str]:
    """Returns the versions of glibc without a number that a program needs.

    A linker adds GLIBC_ABI_DT_RELR for packed relocations, which glibc reads since 2.36. No symbol has that version, so
    the numbers alone do not tell. A program of 2.34 that is to run elsewhere needs no name of this kind.
    """
    found = {version for version in _versions(binary) if version.startswith("GLIBC_")}
    return sorted(version for version in found if not _NUMBERED.fullmatch(version))


def _versions(binary: ELFFile) -> list[str]:
    sections = [section for section in binary.iter_sections() if isinstance(section, GNUVerNeedSection)]
    return [one.name for section in sections for _, versions in section.iter_versions() for one in versions]


def _how_to_build(architecture: str) -> str:
    return (
        f"build it with cargo-lambda: `make package ARCHITECTURE={architecture}`, or `make deploy "
        f"ARCHITECTURE={architecture}` with SAM"
    )


def main() -> int:
    """Checks a folder; returns 1 if a binary is refused."""
    parser = argparse.ArgumentParser(description="Refuses binaries that Lambda could not run.")
    parser.add_argument("folder", type=Path, help="folder with <function>/bootstrap")
    parser.add_argument("--architecture", choices=MACHINES, required=True, help="value of the parameter Architecture")
    parser.add_argument("--pin", type=Path, help="template of these binaries, with intrinsics in their long form")
    options = parser.parse_args()
    found = complaints(options.folder, options.architecture)
    for complaint in found:
        print(complaint, file=sys.stderr)
    if options.pin and not found:
        template = yaml.safe_load(options.pin.read_text())
        pin_architecture(template, options.architecture)
        options.pin.write_text(yaml.safe_dump(template, sort_keys=False, width=120))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
