"""What `make new-scenario` writes, and what it refuses.

The end-to-end tests run the template like every case, which shows that it passes.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import sources

sys.path.insert(0, str(sources.ROOT / "scripts"))

import new_scenario


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but the cases."""
    shutil.copytree(sources.ROOT / "tests" / "scenarios", tmp_path / "tests" / "scenarios")
    return tmp_path


def test_a_new_case_is_the_template_with_another_sentence(checkout: Path) -> None:
    path = new_scenario.write("stages/two-waves", checkout)
    assert path == checkout / "tests" / "scenarios" / "stages" / "two-waves.yaml"
    written = path.read_text().splitlines()
    template = (checkout / "tests" / "scenarios" / "template.yaml").read_text().splitlines()
    assert written[0] == "# yaml-language-server: $schema=../../../schemas/end-to-end-case.schema.json"
    assert written[1] == "about: Say in one sentence what stages-two-waves shows."
    assert written[2:] == template[template.index("scenario:") :]


def test_a_new_topic_gets_its_folder(checkout: Path) -> None:
    assert new_scenario.write("tags/two-keys", checkout).exists()


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "NAME is missing"),
        ("waves", "must be <topic>/<name>"),
        ("a/b/c", "must be <topic>/<name>"),
        ("../waves", '".." in "../waves" may contain only'),
        ("stages/", '"" in "stages/" may contain only'),
        ("stages/Two Waves", "may contain only lower-case letters"),
        ("stages/two--waves", "may contain only lower-case letters"),
        ("stages/waves.yaml", "may contain only lower-case letters"),
        ("stages/" + "x" * 57, "has 64 characters"),
        ("stages/waves", "tests/scenarios/stages/waves.yaml exists"),
    ],
)
def test_bad_names_are_refused_with_a_reason(checkout: Path, name: str, part: str) -> None:
    before = sorted(checkout.rglob("*"))
    with pytest.raises(new_scenario.RefusedError) as refused:
        new_scenario.write(name, checkout)
    assert part in str(refused.value)
    assert sorted(checkout.rglob("*")) == before


def test_two_cases_never_share_a_name(checkout: Path) -> None:
    new_scenario.write("a-b/c", checkout)
    with pytest.raises(new_scenario.RefusedError, match=r"tests/scenarios/a-b/c\.yaml exists"):
        new_scenario.write("a/b-c", checkout)


def test_make_passes_the_name_on_as_it_is() -> None:
    for arguments, part in (
        ([], "NAME is missing"),
        (["NAME=stages/waves; echo"], "may contain only"),
        (["NAME=stages/waves"], "exists"),
    ):
        made = subprocess.run(
            ["make", "--no-print-directory", "new-scenario", *arguments],
            cwd=sources.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode != 0 and "new-scenario: " in made.stderr and part in made.stderr, made
