"""README.md, docs/ and the other documents: links lead somewhere, programs take the commands, plans are valid.

Commands that work offline are run: `orgpatch validate`, `orgpatch … --help`, the DuckDB query. The others are parsed by
the program that they belong to (orgpatch, AWS CLI, `tests/cloud/run`) or compared with its help (SAM).
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import awscli.clidriver  # type: ignore[import-untyped]
import duckdb
import pytest
import yaml
from awscli.customizations.commands import BasicCommand  # type: ignore[import-untyped]
from botocore.validate import validate_parameters
from local_cloud.driver import options

from . import documents, sources
from .documents import Command, Link
from .sources import ROOT

DOCUMENTS = documents.documents()
COMMANDS = [command for document in DOCUMENTS for command in documents.commands(document)]
LINKS = [link for document in DOCUMENTS for link in documents.links(document)]
LONGEST_README = 120
LARGEST_PICTURE = 300_000
# Fields of the input of a run; see RunInput.
RUN_INPUT = {"operation", "plan", "stages", "readinessOnly", "toPlan", "comment", "scheduledTime"}


# ------------------------------------------------------------------------------------------------------------- links
@pytest.mark.parametrize("link", LINKS, ids=str)
def test_a_link_leads_to_a_file_and_to_a_heading_in_it(link: Link) -> None:
    path, _, anchor = link.target.partition("#")
    target = (link.place.document.parent / path).resolve() if path else link.place.document
    assert target.exists(), f"{link.place}: there is no {path}"
    assert target.is_relative_to(ROOT), f"{link.place}: {path} is outside of the repository"
    if anchor:
        assert anchor in documents.anchors(target), f"{link.place}: {path or 'this document'} has no heading #{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_paths_in_code_exist(document: Path) -> None:
    places = (ROOT, document.parent)
    absent = [
        link for link in documents.named_paths(document) if not any((place / link.target).exists() for place in places)
    ]
    assert [str(link) for link in absent] == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.target.partition("#")[0]).resolve() for link in documents.links(index)}
    assert set(documents.user_documents()) - linked == {ROOT / "README.md", index}


def test_a_picture_is_small_and_shown() -> None:
    pictures = {path for path in (ROOT / "docs" / "images").iterdir() if path.is_file()}
    shown = {(link.place.document.parent / link.target).resolve() for link in LINKS}
    assert pictures
    assert pictures <= shown
    assert [path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE] == []


def test_readme_stays_short() -> None:
    lines = (ROOT / "README.md").read_text().count("\n")
    assert lines <= LONGEST_README


# ---------------------------------------------------------------------------------------------------------- commands
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_is_one_that_its_program_takes(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = list(command.words)
    unknown = [word for word in words if re.search(r"<\w+>", word)]
    assert unknown == [], f"{command.place}: add an example of {unknown} to documents.EXAMPLES"
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    assert words and words[0] in PROGRAMS, f"{command.place}: add a check of this program to PROGRAMS"
    PROGRAMS[words[0]](words, command, tmp_path, monkeypatch)


def _make(words: list[str], command: Command, *_: Any) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?m)^([a-z0-9-]+):", makefile))
    # Those that the Makefile sets, and those that it only uses.
    variables = set(re.findall(r"(?m)^([A-Z0-9_]+) \?=|\$\((?:if \$\()?([A-Z]+)\b", makefile))
    for word in words[1:]:
        name, is_variable, _value = word.partition("=")
        known = {variable for pair in variables for variable in pair} if is_variable else targets
        assert name in known, f"{command.place}: the Makefile knows no {name}"


def _orgpatch(words: list[str], command: Command, folder: Path, *_: Any) -> None:
    binary = orgpatch_binary()
    # Commands of the documents are given in a folder with a plan of that name.
    for name in ("monthly.yaml", "emergency.yaml"):
        shutil.copy(ROOT / "examples" / "plans" / name, folder / name)
    environment = {
        **os.environ,
        "ORGPATCH_BUCKET": "b",
        "ORGPATCH_STATE_MACHINE": documents.EXAMPLES["StateMachineArn"],
    }
    runs_offline = words[1] == "validate" or "--help" in words
    # With --help behind it nothing runs, but every word before it is parsed.
    line = [str(binary), *words[1:], *([] if runs_offline else ["--help"])]
    ended = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"


def _aws(words: list[str], command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    driver = aws_driver()
    parsed: list[set[str]] = []

    def only_parsed(custom: BasicCommand, args: list[str], parsed_globals: Any) -> int:
        # Commands that are not one call of an API, such as `aws s3 cp`.
        def instead(*_: Any) -> int:
            parsed.append(set(custom.arg_table))
            return 0

        monkeypatch.setattr(custom, "_run_main", instead, raising=False)
        return parse(custom, args, parsed_globals)

    def only_checked(call_parameters: dict[str, Any], **_: Any) -> int:
        # Private names; the AWS CLI is pinned.
        operation = driver._get_command_table()[words[1]]._get_command_table()[words[2]]  # noqa: SLF001
        if (shape := operation._operation_model.input_shape) is not None:  # noqa: SLF001
            validate_parameters(call_parameters, shape)
        parsed.append(set(operation.arg_table))
        return 0

    parse = BasicCommand.__call__
    monkeypatch.setattr(BasicCommand, "__call__", only_parsed)
    driver.session.register("calling-command.*.*", only_checked)
    logging.disable(logging.CRITICAL)
    try:
        code = driver.main(words[1:])
    except SystemExit as end:
        code = end.code
    finally:
        logging.disable(logging.NOTSET)
        driver.session.unregister("calling-command.*.*", only_checked)
    assert (code, len(parsed)) == (0, 1), f"{command}: the AWS CLI refuses this; see its output"
    # Version 1 takes abbreviated options, version 2 does not.
    options_of = {f"--{name}" for name in parsed[0] | set(driver._get_argument_table())}  # noqa: SLF001
    unknown = [word for word in words if word.startswith("--") and word not in options_of]
    assert unknown == [], f"{command.place}: the AWS CLI has no {unknown}"
    if words[1:3] == ["stepfunctions", "start-execution"]:
        given = json.loads(words[words.index("--input") + 1])
        if given.get("operation") == "close":
            assert set(given) == {"operation", "run"}, f"{command.place}: closing names the run and nothing else"
            return
        assert set(given) <= RUN_INPUT, f"{command.place}: the input of a run has no such field"
        assert {"operation", "plan"} <= set(given), f"{command.place}: a run needs operation and plan"


def _sam(words: list[str], command: Command, *_: Any) -> None:
    known = sam_options(words[1])
    unknown = [word for word in words[2:] if word.startswith("--") and word not in known]
    assert unknown == [], f"{command.place}: sam {words[1]} has no {unknown}"


def _cargo(words: list[str], command: Command, *_: Any) -> None:
    manifests = [
        tomllib.loads(path.read_text()) for path in (*ROOT.glob("crates/*/Cargo.toml"), ROOT / "tests/Cargo.toml")
    ]
    packages = {manifest["package"]["name"] for manifest in manifests}
    assert words[1] in {"build", "run", "test"}, f"{command.place}: cargo {words[1]} is not checked"
    named = [words[place + 1] for place, word in enumerate(words) if word in ("-p", "--package")]
    assert named and set(named) <= packages, f"{command.place}: there is no package {named}"


def _local_cloud(words: list[str], command: Command, _folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    try:
        options.parse(words[1:])
    except SystemExit as end:
        pytest.fail(f"{command}: exit status {end.code}")


def _duckdb(words: list[str], command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert words[1] == "-c" and len(words) == 3, f"{command.place}: only `duckdb -c QUERY` is checked"
    day = folder / "results" / "instances" / "date=2026-11-10"
    day.mkdir(parents=True)
    with gzip.open(day / "run-1.jsonl.gz", "wt") as lines:
        lines.write('{"stage": "test", "outcome": "patched"}\n')
    monkeypatch.chdir(folder)
    assert duckdb.execute(words[2]).fetchall() == [("test", "patched", 1)]


def _node(words: list[str], command: Command, *_: Any) -> None:
    script = command.place.document.parent / words[1]
    assert script.is_file(), f"{command.place}: there is no {words[1]}"


def _openssl(words: list[str], command: Command, *_: Any) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    pattern = sources.template()["Parameters"]["ExternalId"]["AllowedPattern"]
    assert re.fullmatch(pattern, ended.stdout.strip()), f"{command.place}: this is no external id"


def _nothing_to_run(*_: Any) -> None:
    """`export NAME=value`: what it names is checked where it is used."""


PROGRAMS: dict[str, Callable[[list[str], Command, Path, pytest.MonkeyPatch], None]] = {
    "aws": _aws,
    "cargo": _cargo,
    "duckdb": _duckdb,
    "export": _nothing_to_run,
    "make": _make,
    "node": _node,
    "openssl": _openssl,
    "orgpatch": _orgpatch,
    "sam": _sam,
    "tests/cloud/run": _local_cloud,
}


@cache
def aws_driver() -> awscli.clidriver.CLIDriver:
    """The AWS CLI; what it knows of commands is read once."""
    return awscli.clidriver.create_clidriver()


@cache
def orgpatch_binary() -> Path:
    """The command line that `make build` makes; skips the test where it has not been built."""
    binary = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug" / "orgpatch"
    if not binary.is_file():
        pytest.skip("orgpatch is not built: run `make build`")
    return binary


@cache
def sam_options(subcommand: str) -> set[str]:
    """The options that `sam <subcommand> --help` lists."""
    sam = ROOT / ".venv-sam" / "bin" / "sam"
    if not sam.exists():
        pytest.skip("SAM CLI is not installed: run `make tools`")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SAM_CLI_TELEMETRY": "0", "COLUMNS": "200"}
    line = [str(sam), subcommand, "--help"]
    ended = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"sam has no command {subcommand}"
    return set(re.findall(r"--[a-z][a-z0-9-]+", ended.stdout))


# ------------------------------------------------------------------------------------------------------------- plans
YAML_BLOCKS = [
    block for document in documents.user_documents() for block in documents.blocks(document) if block.language == "yaml"
]


@pytest.mark.parametrize("block", YAML_BLOCKS, ids=lambda block: str(block.place))
def test_yaml_is_a_plan_or_a_part_of_one_that_orgpatch_accepts(block: documents.Block, tmp_path: Path) -> None:
    said = yaml.safe_load(block.text)
    text = block.text
    for field, least in {"schemaVersion": "1", "name": "part", "regions": "[ap-northeast-1]"}.items():
        if field not in said:
            text += f"\n{field}: {least}"
    plan = tmp_path / "plan.yaml"
    plan.write_text(text)
    ended = subprocess.run([orgpatch_binary(), "validate", plan], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{block.place}\n{ended.stdout}{ended.stderr}"


# ---------------------------------------------------------------------------------------------------- nothing forgotten
def page(name: str) -> Path:
    """A page in docs/."""
    return ROOT / "docs" / name


def first_column(document: Path, heading: str) -> set[str]:
    """What stands as code in the first column of the tables below a heading."""
    [section] = re.findall(rf"(?ms)^#+ {re.escape(heading)}$(.*?)(?=^## |\Z)", document.read_text())
    rows = re.findall(r"(?m)^\| *(\[?`[^|]*?) *\|", section)
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def test_every_error_of_a_run_is_explained() -> None:
    source = (ROOT / "crates" / "model" / "src" / "error.rs").read_text()
    [names] = re.findall(r"const NAMES: \[&str; \d+\] = \[(.*?)\];", source, re.DOTALL)
    constants = re.findall(r'pub const \w+: &str = "(\w+)";', source)
    assert "Halted" in constants
    expected = {*re.findall(r'"(\w+)"', names), *constants}
    text = page("troubleshooting.md").read_text()
    assert set(re.findall(r"(?m)^### (\w+)$", text)) == expected
    for part in re.split(r"(?m)^### ", text)[1:]:
        assert "- **Cause**: " in part and "- **Fix**: " in part, part.split("\n")[0]


def test_every_outcome_and_check_is_explained() -> None:
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text())
    for definition, name, heading in (
        ("Outcome", "results.md", "Outcomes of an instance"),
        ("TargetOutcome", "results.md", "Outcomes of a target"),
        ("Check", "readiness.md", "Checks"),
        ("Status", "readiness.md", "Statuses"),
    ):
        values = {value["const"] for value in schema["$defs"][definition]["oneOf"]}
        assert first_column(page(name), heading) == values, definition


def test_every_parameter_and_output_of_the_template_is_explained() -> None:
    template = sources.template()
    assert first_column(page("deploy.md"), "Parameters") == set(template["Parameters"])
    assert first_column(page("deploy.md"), "Outputs") == set(template["Outputs"])


def test_every_saved_query_is_explained() -> None:
    queries = {path.stem for path in (ROOT / "queries").glob("*.sql")}
    assert first_column(page("history.md"), "Saved queries") == queries


def test_every_field_of_a_plan_is_explained() -> None:
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())
    definitions = schema["definitions"]
    of_plan = {field.split(".")[0] for field in first_column(page("plan.md"), "Fields of a plan")}
    assert of_plan == set(schema["properties"])
    for definition, heading in (("Stage", "Fields of a stage"), ("Gate", "Gates")):
        assert first_column(page("plan.md"), heading) == set(definitions[definition]["properties"]), definition
    fields = set(definitions["PlannedBaseline"]["properties"]) | set(definitions["PlannedRule"]["properties"])
    explained = first_column(page("plan.md"), "Baselines")
    assert fields <= explained, fields - explained


def test_reason_codes_in_troubleshooting_exist() -> None:
    if not page("reason-codes.md").is_file():
        pytest.skip("docs/reason-codes.md does not exist yet")
    known = set(re.findall(r"(?m)^\| *`([^`]+)`", page("reason-codes.md").read_text()))
    for section in re.findall(r"(?m)^## (.*)$", page("troubleshooting.md").read_text()):
        for code in first_column(page("troubleshooting.md"), section):
            entry = "exit-code-<n>" if code.startswith("exit-code-") else code
            assert entry in known or code.endswith("…"), f"{code} is not in reason-codes.md"


def test_a_word_of_the_glossary_stands_once_and_refers_to_others() -> None:
    text = page("glossary.md").read_text()
    rows = re.findall(r"(?m)^\| ([^|]+?) \| ([^|]+) \|$", text)
    words = [word for word, _ in rows if word != "word" and not word.startswith("-")]
    assert sorted(words) == sorted(set(words))
    known = {word.lower() for word in words}
    for word, meaning in rows:
        for other in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", meaning):
            assert {other.lower(), other.lower().removesuffix("s")} & known, f"{word}: {other} is not in the glossary"
