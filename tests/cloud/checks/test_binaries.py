"""What is uploaded runs on Lambda: one place names the processor, and binaries are checked before an upload."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from . import sources
from .test_template import kebab, sam

sys.path.insert(0, str(sources.ROOT / "scripts"))

import check_binaries
from place_binaries import NAMES

# e_machine, two bytes at offset 18 of an ELF file (elf.h).
AT_MACHINE, X86_64, AARCH64 = 18, 62, 183


@pytest.fixture(scope="module")
def program() -> bytes:
    """A program of this machine as x86_64."""
    found = Path(sys.executable).resolve().read_bytes()
    if found[:4] != b"\x7fELF":
        pytest.skip("this machine's programs are not those of Linux")
    return machine(found, X86_64)


def machine(program: bytes, number: int) -> bytes:
    """Returns a program with another processor in its header."""
    return program[:AT_MACHINE] + number.to_bytes(2, "little") + program[AT_MACHINE + 2 :]


def folder(root: Path, program: bytes, *, by_resource: bool = False, without: str = "") -> Path:
    """Lays the program down as every function's binary, as cargo-lambda does or as SAM does."""
    resources = {kebab(logical_id): logical_id for logical_id in sources.functions()}
    for name in NAMES:
        if name != without:
            path = root / (resources[name] if by_resource else name) / "bootstrap"
            path.parent.mkdir(parents=True)
            path.write_bytes(program)
    return root


def checked(folder: Path, architecture: str, *more: str | Path) -> tuple[int, str]:
    """Runs the script as the Makefile does; returns its exit status and what it says."""
    script = sources.ROOT / "scripts" / "check_binaries.py"
    line = [sys.executable, script, "--architecture", architecture, folder, *more]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


# ------------------------------------------------------------------------------------------------------ the binaries
@pytest.mark.parametrize("by_resource", [False, True])
def test_binaries_of_the_processor_are_taken_and_others_refused(
    program: bytes, tmp_path: Path, by_resource: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_binaries, "NEWEST_GLIBC", (99,))
    folder(tmp_path, program, by_resource=by_resource)
    assert check_binaries.complaints(tmp_path, "x86_64") == []
    found = check_binaries.complaints(tmp_path, "arm64")
    assert len(found) == len(NAMES)
    for complaint in found:
        assert "is for x86_64, and the deployment is for arm64" in complaint
        assert "make package ARCHITECTURE=arm64" in complaint


def test_a_binary_of_another_system_or_none_is_refused(program: bytes, tmp_path: Path) -> None:
    # The first bytes of a Mach-O file, which a build on macOS makes.
    folder(tmp_path, b"\xcf\xfa\xed\xfe" + program[4:], without="gate")
    code, said = checked(tmp_path, "x86_64")
    assert code == 1
    assert said.count("is no Linux program") == len(NAMES) - 1
    assert said.count("has no binary of gate") == 1


def test_a_binary_that_needs_a_newer_glibc_is_refused(
    program: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bootstrap"
    path.write_bytes(program)
    with path.open("rb") as file:
        newest = check_binaries.newest_glibc(ELFFile(file))
    assert newest >= (2, 2), "a dynamic program of glibc needs symbols with versions"
    monkeypatch.setattr(check_binaries, "NEWEST_GLIBC", newest)
    assert check_binaries.complaints_about(path, "x86_64") == []
    monkeypatch.setattr(check_binaries, "NEWEST_GLIBC", (newest[0], newest[1] - 1))
    [complaint] = check_binaries.complaints_about(path, "x86_64")
    assert f"needs glibc {newest[0]}.{newest[1]}, and Lambda's Amazon Linux 2023 has" in complaint


def test_a_binary_that_needs_a_glibc_without_a_number_is_refused(
    program: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bootstrap"
    path.write_bytes(program)
    monkeypatch.setattr(check_binaries, "NEWEST_GLIBC", (99,))
    assert check_binaries.complaints_about(path, "x86_64") == []
    path.write_bytes(needing(program, b"GLIBC_ABI_DT_RELR"))
    [complaint] = check_binaries.complaints_about(path, "x86_64")
    assert "needs GLIBC_ABI_DT_RELR, which is of another glibc than the 99 of Lambda's Amazon Linux 2023" in complaint
    assert "make package ARCHITECTURE=x86_64" in complaint
    # Versions of other libraries are none of glibc.
    path.write_bytes(needing(program, b"GCC_ABI_DT_RELR"))
    assert check_binaries.complaints_about(path, "x86_64") == []


def needing(program: bytes, version: bytes) -> bytes:
    """Returns a program that needs this version instead of its first one; the name takes the place of a longer one."""
    binary = ELFFile(io.BytesIO(program))
    needs = next(section for section in binary.iter_sections() if isinstance(section, GNUVerNeedSection))
    names = needs.stringtable
    long = next(name for name in names.data().split(b"\0") if len(name) >= len(version))
    place = names.data().index(b"\0" + long + b"\0") + 1
    spoiled = bytearray(program)
    at_name = names["sh_offset"] + place
    spoiled[at_name : at_name + len(version) + 1] = version + b"\0"
    # vn_aux, the third word of the first Elf64_Verneed; vna_name, the third word of an Elf64_Vernaux (elf.h).
    (first,) = struct.unpack_from("<I", program, needs["sh_offset"] + 8)
    struct.pack_into("<I", spoiled, needs["sh_offset"] + first + 8, place)
    return bytes(spoiled)


def test_lambda_has_the_glibc_of_amazon_linux_2023() -> None:
    assert check_binaries.NEWEST_GLIBC == (2, 34)
    assert sources.template()["Globals"]["Function"]["Runtime"] == "provided.al2023"


def test_a_checked_template_allows_no_other_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "template.yaml"
    parameter = sources.template()["Parameters"]["Architecture"]
    assert sorted(parameter["AllowedValues"]) == sorted(check_binaries.MACHINES)
    for wrong in (True, False):
        template.write_text(yaml.safe_dump({"Parameters": {"Architecture": parameter}}))
        monkeypatch.setattr(check_binaries, "complaints", lambda *_: ["wrong"] if wrong else [])  # noqa: B023
        monkeypatch.setattr(sys, "argv", ["", str(tmp_path), "--architecture", "x86_64", "--pin", str(template)])
        assert check_binaries.main() == int(wrong)
        pinned = yaml.safe_load(template.read_text())["Parameters"]["Architecture"]
        assert pinned == (parameter if wrong else parameter | {"AllowedValues": ["x86_64"], "Default": "x86_64"})


# --------------------------------------------------------------------------------------------------- the one place
def test_samconfig_names_the_processor_of_the_template() -> None:
    config = tomllib.loads((sources.ROOT / "samconfig.toml").read_text())["default"]
    default = sources.template()["Parameters"]["Architecture"]["Default"]
    assert config["global"]["parameters"]["parameter_overrides"] == f"Architecture={default}"
    # A section of a command would win over the one for all.
    assert [name for name in config if "parameter_overrides" in config[name]["parameters"]] == ["global"]


def recipe(*words: str) -> list[str]:
    """Returns the commands that make would run for a target."""
    line = ["make", "--dry-run", "--no-print-directory", *words]
    ended = subprocess.run(line, cwd=sources.ROOT, capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()


def index(commands: list[str], *parts: str) -> int:
    """Returns the place of the only command that has all the parts."""
    [place] = [number for number, command in enumerate(commands) if all(part in command for part in parts)]
    return place


@pytest.mark.parametrize(
    ("given", "architecture", "flag"),
    [([], "arm64", "--arm64"), (["ARCHITECTURE=x86_64"], "x86_64", "--x86-64")],
)
def test_make_builds_checks_and_uploads_in_this_order_for_one_processor(
    given: list[str], architecture: str, flag: str
) -> None:
    package = recipe("package", "BUCKET=artifacts", *given)
    order = [
        index(package, "cargo lambda build", flag, *(f"--bin {name}" for name in NAMES)),
        index(package, "scripts/check_binaries.py", f"--architecture {architecture}", "target/lambda"),
        index(package, "scripts/place_binaries.py", "--from target/lambda"),
        index(package, "scripts/render_template.py", f"--architecture {architecture}"),
        index(package, "cloudformation package", "--s3-bucket artifacts"),
    ]
    assert order == sorted(order)
    deploy = recipe("deploy", *given)
    order = [
        index(deploy, "sam build", f"Architecture={architecture}"),
        index(deploy, "check_binaries.py", f"--architecture {architecture}", "--pin .aws-sam/build/template.yaml"),
        # Without an override, which would hide the last answers. The pinned template refuses another processor.
        index(deploy, "sam deploy --guided"),
    ]
    assert order == sorted(order)


CARGO = """#!/bin/sh
case "$1" in
  metadata) echo "{\\"target_directory\\": \\"FOLDER/target\\"}" ;;
  lambda)
    echo "$*" >> FOLDER/cargo.log
    for last in "$@"; do :; done
    mkdir -p "FOLDER/target/lambda/$last"
    cp FOLDER/program "FOLDER/target/lambda/$last/bootstrap" ;;
esac
"""


def test_sam_builds_for_the_processor_of_samconfig_and_the_check_reads_what_it_built(
    program: bytes, tmp_path: Path
) -> None:
    """The real SAM CLI with a cargo that only writes down how it is called."""
    for name in ("template.yaml", "samconfig.toml", "member-role.yaml"):
        shutil.copy(sources.ROOT / name, tmp_path / name)
    shutil.copytree(sources.ROOT / "statemachine", tmp_path / "statemachine")
    for name in NAMES:
        (tmp_path / "crates" / name).mkdir(parents=True)
        shutil.copy(sources.ROOT / "crates" / name / "Cargo.toml", tmp_path / "crates" / name)
    (tmp_path / "program").write_bytes(machine(program, AARCH64))
    (tmp_path / "bin").mkdir()
    for name in ("cargo", "cargo-lambda"):
        (tmp_path / "bin" / name).write_text(CARGO.replace("FOLDER", str(tmp_path)))
        (tmp_path / "bin" / name).chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    ended = subprocess.run([sam(), "build"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    calls = (tmp_path / "cargo.log").read_text().splitlines()
    assert len(calls) == len(NAMES)
    assert all("--release --arm64" in call for call in calls)
    built = tmp_path / ".aws-sam" / "build"
    # The program is x86_64 with another processor in its header, so only its glibc may be complained about.
    assert "is for" not in checked(built, "arm64")[1]
    code, said = checked(built, "x86_64")
    assert code == 1 and said.count("is for arm64, and the deployment is for x86_64") == len(NAMES)


# ------------------------------------------------------------------------------------------------- size of templates
# Quotas of CloudFormation: the body of a template in a request, and the template in a bucket.
IN_A_REQUEST, IN_A_BUCKET = 51_200, 1_000_000


def test_templates_keep_the_limits_of_cloudformation(tmp_path: Path) -> None:
    # The StackSet of the rendered template has member-role.yaml as its body; an operator deploys it without a bucket.
    assert len(sources.MEMBER_ROLE.read_bytes()) <= IN_A_REQUEST
    rendered = tmp_path / "template.yaml"
    script = sources.ROOT / "scripts" / "render_template.py"
    subprocess.run([sys.executable, script, "--output", rendered], check=True, capture_output=True)
    # Packaging replaces paths by places in a bucket, and includes the state machine by reference.
    assert IN_A_REQUEST < len(rendered.read_bytes()) < IN_A_BUCKET / 2, "then the documents need no --s3-bucket"
