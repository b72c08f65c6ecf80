"""The records in docs/decisions: short, complete, in the index, and enforced by what exists.

The invariants of ARCHITECTURE.md name what enforces them, too.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from . import sources

DECISIONS = sources.ROOT / "docs" / "decisions"
RECORDS = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Consequences", "Enforced by"]
MAX_LINES = 40
NOT_ENFORCED = "Not enforced; by review"


@cache
def functions() -> frozenset[str]:
    """Returns the name of every function of the Rust and Python sources; tests are among them."""
    names: set[str] = set()
    for folder in ("crates", "tests", "bench", "scripts"):
        for suffix, pattern in ((".rs", r"\bfn (\w+)"), (".py", r"\bdef (\w+)")):
            for path in (sources.ROOT / folder).rglob(f"*{suffix}"):
                if "node_modules" not in path.parts:
                    names.update(re.findall(pattern, path.read_text()))
    return frozenset(names)


@cache
def scenarios() -> frozenset[str]:
    """Returns the name of every end-to-end scenario: its path below tests/scenarios, and its file name alone."""
    folder = sources.ROOT / "tests" / "scenarios"
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.yaml")]
    return frozenset({path.as_posix() for path in paths} | {path.name for path in paths})


def exists(name: str) -> bool:
    """Tells whether a name of "Enforced by" is a file, a scenario or a test."""
    return (sources.ROOT / name).exists() or name in scenarios() or name in functions()


def section(text: str, heading: str) -> str:
    """Returns the text below a heading."""
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0].strip()


def enforcers(text: str) -> list[str]:
    """Returns the names in "Enforced by".

    A bullet is `name`, `name`: explanation. What the explanation quotes is not a name.
    """
    bullets = re.split(r"^- ", section(text, "Enforced by"), flags=re.MULTILINE)[1:]
    return [
        name for bullet in bullets for name in re.findall(r"`([^`]+)`", re.split(r"`: ", bullet, maxsplit=1)[0] + "`")
    ]


def complaints(name: str, text: str) -> list[str]:
    """Returns what is wrong with one record."""
    found = []
    lines = text.splitlines()
    number = name[:4]
    if not re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", name):
        found.append("the file name must be NNNN-some-words.md")
    if not lines or not re.fullmatch(rf"# {number}\. \S.*", lines[0]):
        found.append(f"the first line must be '# {number}. Title'")
    if len(lines) > MAX_LINES:
        found.append(f"{len(lines)} lines; at most {MAX_LINES} are allowed")
    if not re.search(r"^- Status: (accepted|superseded by \d{4})$", text, re.MULTILINE):
        found.append("'- Status: accepted' or '- Status: superseded by NNNN' is missing")
    if not re.search(r"^- Date: \d{4}-\d{2}(-\d{2})?$", text, re.MULTILINE):
        found.append("'- Date: YYYY-MM-DD' is missing")
    if re.findall(r"^## (.*)$", text, re.MULTILINE) != SECTIONS:
        return [*found, f"the sections must be {', '.join(SECTIONS)}, in this order"]
    found += [f"the section {heading!r} is empty" for heading in SECTIONS if not section(text, heading)]
    names = enforcers(text)
    superseded = re.search(r"^- Status: superseded by (\d{4})$", text, re.MULTILINE)
    if superseded is None:
        found += [f"there is no file, scenario or test {name!r}" for name in names if not exists(name)]
    # What a superseded record names may be gone with it; the record behind it names what holds now.
    elif superseded[1] <= number or not any(path.name.startswith(superseded[1]) for path in RECORDS):
        found.append(f"there is no later record {superseded[1]}")
    if not names and NOT_ENFORCED not in section(text, "Enforced by"):
        found.append(f"'Enforced by' names nothing and does not say {NOT_ENFORCED!r}")
    return found


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_short_complete_and_enforced_by_what_exists(path: Path) -> None:
    assert complaints(path.name, path.read_text()) == []


def test_numbers_are_unique_and_without_gaps() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_the_index_lists_every_record_once_under_its_title() -> None:
    listed = re.findall(r"^- \[(\d{4})\]\(([^)]+)\) (.*)$", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    titles = [(path.name[:4], path.name, path.read_text().splitlines()[0][len("# NNNN. ") :]) for path in RECORDS]
    assert sorted(listed) == titles


def test_links_of_records_lead_to_files() -> None:
    for path in [*RECORDS, DECISIONS / "README.md"]:
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_each_invariant_of_the_architecture_names_what_enforces_it() -> None:
    table = section((sources.ROOT / "ARCHITECTURE.md").read_text(), "What always holds")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        enforced_by = row.strip("|").split("|")[-1]
        names = re.findall(r"`([^`]+)`", enforced_by)
        assert names or NOT_ENFORCED.lower() in enforced_by, row
        assert [name for name in names if not exists(name)] == [], row


GOOD = """# 0007. A title

- Status: accepted
- Date: 2026-11-23

## Context

Something.

## Decision

Something.

## Consequences

- Something.

## Enforced by

- `test_a_complaint_is_raised_where_a_record_is`: it `quotes` what it likes
- `deny.toml`, `stages/three-stages`
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- Status: accepted", "- Status: maybe"),
        ("- Date: 2026-11-23", "- Date: soon"),
        ("## Consequences", "## Outlook"),
        ("# 0007. A title", "# 0008. A title"),
        ("`deny.toml`", "`denied.toml`"),
        ("`stages/three-stages`", "`stages/no-such-case`"),
        ("`test_a_complaint_is_raised_where_a_record_is`", "`test_nothing_of_that_name`"),
        ("- Something.\n", "- Something.\n" * 40),
        ("## Decision\n\nSomething.", "## Decision\n"),
    ],
)
def test_a_complaint_is_raised_where_a_record_is(before: str, after: str) -> None:
    assert complaints("0007-a-title.md", GOOD) == []
    assert complaints("0007-a-title.md", GOOD.replace(before, after, 1)) != []


@pytest.mark.parametrize(("by", "complains"), [("0008", False), ("0007", True), ("0001", True), ("9999", True)])
def test_a_superseded_record_names_a_later_one_and_may_name_what_is_gone(by: str, complains: bool) -> None:
    text = GOOD.replace("- Status: accepted", f"- Status: superseded by {by}").replace("`deny.toml`", "`denied.toml`")
    assert bool(complaints("0007-a-title.md", text)) is complains


def test_the_architecture_refers_to_no_superseded_record() -> None:
    replaced = [path.name[:4] for path in RECORDS if "\n- Status: superseded by " in path.read_text()]
    assert replaced, "some decisions have been replaced"
    architecture = (sources.ROOT / "ARCHITECTURE.md").read_text()
    assert [number for number in replaced if number in architecture] == []
