"""checkov and cfn-lint find nothing in the two templates but what is suppressed, and every suppression is needed.

A suppression of checkov is a comment beside the resource: `# checkov:skip=CKV_AWS_18: <why>`. checkov has a virtual
environment of its own (tests/cloud/requirements-checkov.txt). It reads the files and asks no network.
"""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import sources

SUPPRESSION = re.compile(r"checkov:skip=(\w+)(.*)")
TEMPLATES = (sources.TEMPLATE, sources.MEMBER_ROLE)


@cache
def checked(directory: Path) -> dict[str, Any]:
    """Returns what checkov says about both templates in a folder."""
    program = Path(os.environ.get("ORGPATCH_CHECKOV", sources.ROOT / ".venv-checkov/bin/checkov"))
    if not program.exists():
        pytest.fail("checkov not found: `make tools` installs it into .venv-checkov, or set ORGPATCH_CHECKOV")
    files = [argument for path in TEMPLATES for argument in ("--file", str(directory / path.name))]
    result = subprocess.run(
        [program, *files, "--framework", "cloudformation", "--skip-download", "--compact", "-o", "json"],
        capture_output=True,
        text=True,
        # Without credentials, home folder and network, because it has to work offline.
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "HTTPS_PROXY": "http://127.0.0.1:9"},
        check=False,
    )
    answer: dict[str, Any] = json.loads(result.stdout)
    assert answer["summary"]["parsing_errors"] == 0, result.stderr
    return answer["results"]


def found(kind: str, directory: Path) -> set[tuple[str, str]]:
    """Returns check and resource of all results of a kind."""
    return {(result["check_id"], result["resource"].split(".")[-1]) for result in checked(directory)[kind]}


def suppressions() -> dict[tuple[str, str], str]:
    """Returns check and resource → reason of every comment in the templates."""
    listed = {}
    for path in TEMPLATES:
        text = path.read_text()
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        assert root is not None, f"{path} is empty"
        resources = next(value for key, value in root.value if key.value == "Resources").value
        starts = [(key.start_mark.line, key.value) for key, _ in resources]
        for number, line in enumerate(text.splitlines()):
            if match := SUPPRESSION.search(line):
                owner = [name for start, name in starts if start < number][-1]
                listed[match[1], owner] = match[2].removeprefix(":").strip()
    return listed


def test_checkov_finds_nothing() -> None:
    assert found("failed_checks", sources.ROOT) == set()
    # It looked: 122 checks had passed when it came here.
    assert len(checked(sources.ROOT)["passed_checks"]) > 100


def test_every_suppression_of_checkov_has_a_reason_and_something_to_suppress(tmp_path: Path) -> None:
    listed = suppressions()
    assert {key for key, reason in listed.items() if len(reason) < len("this is why it is so")} == set()
    assert found("skipped_checks", sources.ROOT) == set(listed)
    for path in TEMPLATES:
        (tmp_path / path.name).write_text(SUPPRESSION.sub("", path.read_text()))
    assert found("failed_checks", tmp_path) == set(listed)


def test_every_suppression_of_cfn_lint_has_something_to_suppress(tmp_path: Path) -> None:
    # test_template.py runs cfn-lint. Its reasons are comments beside `ignore_checks`.
    template = json.loads(json.dumps(sources.template()))
    ignored = template["Metadata"].pop("cfn-lint")["config"]["ignore_checks"]
    assert "cfn-lint" not in sources.member_role().get("Metadata", {})
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert {finding["Rule"]["Id"] for finding in json.loads(result.stdout)} == set(ignored)
