"""Documents taken apart: links, headings, blocks of code, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .sources import ROOT

# A document that is not there is no failure here; a link to it is one.
_NAMES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "statemachine/README.md")
_PATTERNS = ("docs/**/*.md", "crates/**/README.md", "tests/**/README.md")
_IGNORED = {"node_modules", "target", "build", ".venv", ".venv-sam"}

# What stands in a command for a value of the reader's, and a value that it could have.
EXAMPLES = {
    "AccountId": "222200000001",
    "ActingRoleArns": "arn:aws:iam::111111111111:role/orgpatch-ScanRole",
    "ArtifactBucket": "artifacts-of-ours",
    "CommandId": "11111111-2222-3333-4444-555555555555",
    "ExecutionArn": "arn:aws:states:ap-northeast-1:111111111111:execution:orgpatch-patch-run:run-1",
    "ExternalId": "0123456789abcdef0123456789abcdef",
    "InstanceId": "i-0123456789abcdef0",
    "LedgerTable": "orgpatch-Ledger-1",
    "LookingRoleArns": "arn:aws:iam::111111111111:role/orgpatch-AssumeRoleRole",
    "ManifestHash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "OrganizationId": "o-a1b2c3d4e5",
    "RootId": "r-a1b2",
    "RunsBucket": "orgpatch-runs-1",
    "StartTime": "2026-11-28T02:00:00Z",
    "StateMachineArn": "arn:aws:states:ap-northeast-1:111111111111:stateMachine:orgpatch-patch-run",
    "run id": "run-1",
}
_PLACEHOLDER = re.compile(r"<([A-Za-z][A-Za-z ]*)>")


@dataclass(frozen=True)
class Place:
    """A line of a document."""

    document: Path
    line: int

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    place: Place
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command line of a `console` block, with examples in place of what the reader fills in."""

    place: Place
    text: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} {self.text}"


@dataclass(frozen=True)
class Link:
    """A link to another place in the repository."""

    place: Place
    target: str

    def __str__(self) -> str:
        return f"{self.place} {self.target}"


@cache
def documents() -> tuple[Path, ...]:
    """Every document, those at the top first."""
    found = [ROOT / name for name in _NAMES]
    for pattern in _PATTERNS:
        found += sorted(ROOT.glob(pattern))
    return tuple(path for path in found if path.is_file() and not _IGNORED & set(path.relative_to(ROOT).parts))


def user_documents() -> list[Path]:
    """README.md and the pages in docs/ that answer questions."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@cache
def blocks(document: Path) -> tuple[Block, ...]:
    """The fenced blocks of a document; inside of a list they are indented."""
    found = []
    text = document.read_text(encoding="utf-8")
    for fence in re.finditer(r"(?m)^( *)```(\w*)\n(.*?)^\1```", text, re.DOTALL):
        indent = len(fence[1])
        lines = [line[indent:] for line in fence[3].split("\n")]
        place = Place(document, text.count("\n", 0, fence.start(3)) + 1)
        found.append(Block(place, fence[2], "\n".join(lines)))
    return tuple(found)


def commands(document: Path) -> Iterator[Command]:
    """The command lines of a document's `console` blocks."""
    for block in blocks(document):
        if block.language != "console":
            continue
        for number, line in enumerate(block.text.split("\n")):
            if line.startswith("$ "):
                text = line.removeprefix("$ ")
                place = Place(document, block.place.line + number)
                yield Command(place, text, tuple(shlex.split(with_examples(text), comments=True)))


def with_examples(text: str) -> str:
    """The text with examples in place of `<Placeholder>`; one that is not known stays."""
    return _PLACEHOLDER.sub(lambda found: EXAMPLES.get(found[1], found[0]), text)


@cache
def _prose(document: Path) -> str:
    """The document without code, lines kept."""
    text = re.sub(
        r"(?m)^( *)```.*?^\1```",
        lambda found: "\n" * found[0].count("\n"),
        document.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    return re.sub(r"`[^`\n]*`", lambda found: re.sub(r"[\[\]()<>#]", "_", found[0]), text)


def links(document: Path) -> Iterator[Link]:
    """Links and pictures that point into the repository."""
    prose = _prose(document)
    found = [*re.finditer(r"\]\(([^)\s]+)(?: \"[^\"]*\")?\)", prose), *re.finditer(r"(?m)^\[[^\]]+\]: +(\S+)", prose)]
    for link in found:
        if not re.match(r"[a-z]+:", link[1]):
            yield Link(Place(document, prose.count("\n", 0, link.start()) + 1), link[1])


@cache
def anchors(document: Path) -> frozenset[str]:
    """The anchors that GitHub gives to the headings of a document."""
    seen: dict[str, int] = {}
    found = set()
    text = re.sub(r"(?m)^( *)```.*?^\1```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for heading in re.findall(r"(?m)^#{1,6} +(.*?) *#*$", text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return frozenset(found)


def named_paths(document: Path) -> Iterator[Link]:
    """Paths of this repository that stand in `code`, alone or at its beginning."""
    folders = "bench|crates|docs|examples|queries|schemas|scripts|statemachine|tests"
    text = re.sub(
        r"(?m)^( *)```.*?^\1```",
        lambda found: "\n" * found[0].count("\n"),
        document.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    for found in re.finditer(rf"`((?:{folders})/[\w./-]+)[` ]", text):
        yield Link(Place(document, text.count("\n", 0, found.start()) + 1), found[1])
