"""Checks the English of texts that people read: documents, doc comments, messages, docstrings, descriptions.

    scripts/check_prose.py README.md docs/*.md     prints findings; exit status 1 if there is one
    scripts/check_prose.py --count                 prints how many findings each folder of the repository has

Only rules that need no judgement are here; the full list of rules is in CONTRIBUTING.md. Text in `code` is never
checked, so a document may name a word that it must not use.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IGNORED_FOLDERS = {".git", ".venv", ".venv-sam", "node_modules", "target", "build", "out", "__pycache__", ".aws-sam"}
# Generated: page.html from the page's sources, the types of the page from the report's schema.
# The check and its tests name what they forbid.
IGNORED_FILES = {
    "crates/report/page.html",
    "crates/report/page/src/schema.d.ts",
    "scripts/check_prose.py",
    "tests/cloud/checks/test_prose.py",
}
# The reason code `somebody` is a public value, which these files have to spell.
FILES_WITH_THE_CODE = {"crates/engine/src/competing/tests.rs", "crates/model/src/reason/catalogue.rs"}
QUESTION_HEADINGS: set[str] = set()
LONGEST_SENTENCE = 40

VAGUE_WORDS = re.compile(r"\b(somebody|someone|nobody|anybody|everybody|whoever|whomever|whosoever)\b", re.IGNORECASE)
VAGUE_PHRASES = re.compile(
    r"\b(what of which|what becomes? of|what became of|whatever becomes? of|whatever became of|so long it|as ever)\b",
    re.IGNORECASE,
)
OLD_NAMES = re.compile(r"(?<![-\w/])(house|doors?|errands?|verdicts?)(?![-\w])", re.IGNORECASE)
DOUBLED = re.compile(r"\b(the|a|an|is|are|of|to|and|in|on|for|it|that)\s+\1\b(?!-)", re.IGNORECASE)
CLAUSE = re.compile(r"(What|Who|Whose|Whom|Where|When|How|Why|Whether|Which|If|So many|So long)\b")


@dataclass(frozen=True)
class Piece:
    """A text and its place. `kind` says which rules apply to it."""

    path: str
    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Finding:
    """A place that breaks a rule."""

    path: str
    line: int
    rule: str
    message: str


# ---------------------------------------------------------------------------------------------------- rules


def _vague(piece: Piece) -> str | None:
    found = VAGUE_WORDS.search(piece.text) or VAGUE_PHRASES.search(piece.text)
    return f"{found[0]!r}: name who or what it is (an operator, another tool, orgpatch)" if found else None


def _old_name(piece: Piece) -> str | None:
    found = OLD_NAMES.search(piece.text)
    return f"{found[0]!r} is a name that orgpatch no longer uses" if found else None


def _doubled(piece: Piece) -> str | None:
    found = DOUBLED.search(piece.text)
    return f"{found[0]!r}: a word stands there twice" if found else None


def _question(piece: Piece) -> str | None:
    if piece.kind == "heading":
        asks = piece.text.rstrip().endswith("?") and piece.text.strip() not in QUESTION_HEADINGS
        return "a heading is not a question" if asks else None
    if piece.kind in ("doc", "doc of a function", "docstring") and _first_sentence(piece.text).endswith("?"):
        return "a doc comment does not begin with a question: say what it does (Returns …, Sends …)"
    return None


def _clause(piece: Piece) -> str | None:
    if piece.kind not in ("doc of a function", "description"):
        return None
    found = CLAUSE.match(piece.text.lstrip())
    return f"begins with {found[0]!r}: say what it does (Returns …, Sends …)" if found else None


def _long(piece: Piece) -> str | None:
    if piece.kind != "markdown":
        return None
    for sentence in re.split(r"(?<=[.!?:;])[)*_]*\s+", piece.text):
        words = re.findall(r"[\w'’`…-]*\w[\w'’`…-]*", sentence)
        if len(words) > LONGEST_SENTENCE:
            return f"a sentence of {len(words)} words (at most {LONGEST_SENTENCE}): {' '.join(words[:6])} …"
    return None


RULES: dict[str, Callable[[Piece], str | None]] = {
    "vague": _vague,
    "old-name": _old_name,
    "doubled": _doubled,
    "question": _question,
    "clause": _clause,
    "long": _long,
}


def _first_sentence(text: str) -> str:
    paragraph = text.strip().split("\n\n")[0]
    return re.split(r"(?<=[.!?])\s", " ".join(paragraph.split()))[0]


# ---------------------------------------------------------------------------------------------------- texts

_INLINE_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


def _without_code(text: str) -> str:
    """The text with a sign in place of code, so that lines and columns of words stay."""
    return _INLINE_CODE.sub(lambda found: "`code`" + "\n" * found[0].count("\n"), text)


def _markdown(path: str, source: str) -> Iterator[Piece]:
    source = re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), source, flags=re.DOTALL)
    source = re.sub(
        r"(?m)^( *)(```|~~~).*?^\1\2[^\n]*", lambda found: "\n" * found[0].count("\n"), source, flags=re.DOTALL
    )
    source = re.sub(r"\]\([^)\s]*\)", "]", _without_code(source))
    paragraph: list[str] = []
    begin = 1

    def flush() -> Iterator[Piece]:
        if paragraph:
            yield Piece(path, begin, "markdown", " ".join(paragraph))
            paragraph.clear()

    for number, line in enumerate(source.split("\n"), 1):
        if heading := re.match(r"#{1,6} (.*)", line):
            yield from flush()
            yield Piece(path, number, "heading", heading[1])
        elif line.lstrip().startswith("|"):
            yield from flush()
            yield from (Piece(path, number, "markdown", cell) for cell in line.split("|") if cell.strip())
        elif not line.strip():
            yield from flush()
        else:
            if re.match(r"\s*([-*+]|\d+\.)\s", line):
                yield from flush()
            if not paragraph:
                begin = number
            paragraph.append(line.strip())
    yield from flush()


_RUST = re.compile(
    r"""(?P<doc>(?:///(?!/)|//!)[^\n]*)
    |(?P<comment>//[^\n]*|/\*.*?\*/)
    |b?r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes)
    |b?"(?P<string>(?:[^"\\]|\\.)*)"
    |'(?:\\[^\n]+?|[^'\\\n])'""",
    re.DOTALL | re.VERBOSE,
)
_RUST_FUNCTION = re.compile(r"\s*(?:#\[[^\n]*\]\s*)*(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe )*fn ")


def _rust(path: str, source: str) -> Iterator[Piece]:
    doc: list[str] = []
    begin = end = 0

    def flush() -> Iterator[Piece]:
        if doc:
            text = re.sub(r"(?m)^ ?```.*?^ ?```", "", "\n".join(doc), flags=re.DOTALL)
            kind = "doc of a function" if _RUST_FUNCTION.match(source, end) else "doc"
            yield Piece(path, begin, kind, _without_code(text))
            doc.clear()

    for found in _RUST.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        if (text := found["doc"]) is not None:
            if doc and source[end : found.start()].strip():
                yield from flush()
            if not doc:
                begin = line
            doc.append(text[3:].removeprefix(" "))
            end = found.end()
            continue
        yield from flush()
        if (text := found["string"] if found["string"] is not None else found["raw"]) is not None:
            yield Piece(path, line, "string", _without_code(re.sub(r"\\\n\s*", "", text)))
        elif found["comment"] is not None:
            yield Piece(path, line, "comment", _without_code(found["comment"]))
    yield from flush()


def _python(path: str, source: str) -> Iterator[Piece]:
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                docstrings.add(first.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            kind = "docstring" if node in docstrings else "string"
            yield Piece(path, node.lineno, kind, _without_code(node.value))
    yield from _comments(path, source, "#")


def _yaml(path: str, source: str) -> Iterator[Piece]:
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        found = re.match(r"(\s*)(?:AlarmDescription|Description|ConstraintDescription|about): *(.*)", line)
        if not found:
            continue
        text = found[2]
        if re.fullmatch(r"[>|][-+]?", text):
            inner = list(_indented(lines[number:], len(found[1])))
            text = " ".join(inner)
        yield Piece(path, number, "description", _without_code(text.removeprefix("!Sub ").strip("\"'")))
    yield from _comments(path, source, "#")


def _indented(lines: list[str], than: int) -> Iterator[str]:
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= than:
            return
        yield line.strip()


def _source(path: str, source: str) -> Iterator[Piece]:
    """Texts and comments of a language that is not taken apart: every line is one text."""
    for number, line in enumerate(source.split("\n"), 1):
        yield Piece(path, number, "source", line)


def _comments(path: str, source: str, sign: str) -> Iterator[Piece]:
    for number, line in enumerate(source.split("\n"), 1):
        if found := re.search(rf"(?:^|\s){sign} (.*)", line):
            yield Piece(path, number, "comment", _without_code(found[1]))


READERS: dict[str, Callable[[str, str], Iterator[Piece]]] = {
    ".md": _markdown,
    ".rs": _rust,
    ".py": _python,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".ts": _source,
    ".tsx": _source,
    ".mjs": _source,
    ".sql": _source,
    ".asl.json": _source,
}


# ---------------------------------------------------------------------------------------------------- command


def findings(path: Path) -> Iterator[Finding]:
    """Every finding in a file, in the order of its lines."""
    name = path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else path.as_posix()
    reader = next((READERS[ending] for ending in READERS if name.endswith(ending)), None)
    if reader is None or name in IGNORED_FILES:
        return
    found = []
    for piece in reader(name, path.read_text(encoding="utf-8")):
        for rule, check in RULES.items():
            message = check(piece)
            if message and not (name in FILES_WITH_THE_CODE and "'somebody'" in message):
                found.append(Finding(name, piece.line, rule, message))
    yield from sorted(found, key=lambda one: (one.line, one.rule))


def files(paths: list[Path]) -> Iterator[Path]:
    """The files of those paths, folders with everything below them."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(set(folders) - IGNORED_FOLDERS)
            yield from (Path(folder) / name for name in sorted(names))


def main() -> int:
    """Returns 0 if there is no finding, 1 if there is one, and 0 with --count."""
    parser = argparse.ArgumentParser(description="Checks the English of texts that people read.")
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders; the whole repository by default")
    parser.add_argument(
        "--count", action="store_true", help="print the number of findings per folder instead of each one"
    )
    parser.add_argument("--rules", default=",".join(RULES), help="only these rules (default: %(default)s)")
    options = parser.parse_args()
    chosen = set(options.rules.split(","))
    if unknown := chosen - set(RULES):
        parser.error(f"unknown rule {', '.join(sorted(unknown))}; the rules are {', '.join(RULES)}")
    paths = options.paths or [ROOT]
    if absent := [str(path) for path in paths if not path.exists()]:
        parser.error(f"{absent[0]} does not exist")
    found = [one for path in files(paths) for one in findings(path) if one.rule in chosen]
    if options.count:
        _show_counts(found)
        return 0
    for one in found:
        print(f"{one.path}:{one.line}: {one.rule}: {one.message}")
    if found:
        print(f"{len(found)} findings", file=sys.stderr)
    return 1 if found else 0


def _show_counts(found: list[Finding]) -> None:
    counts = Counter((_folder(one.path), one.rule) for one in found)
    folders = sorted({folder for folder, _ in counts})
    rows = [["folder", *RULES, "all"]]
    for folder in folders:
        row = [counts[folder, rule] for rule in RULES]
        rows.append([folder, *[str(n or "") for n in row], str(sum(row))])
    of_rules = [sum(counts[folder, rule] for folder in folders) for rule in RULES]
    rows.append(["all", *map(str, of_rules), str(len(found))])
    width = max(len(row[0]) for row in rows)
    for name, *numbers in rows:
        print(f"{name:<{width}}", *(f"{number:>9}" for number in numbers))


def _folder(path: str) -> str:
    """The room that a file is in: a crate, or a folder at the top."""
    parts = path.split("/")
    if len(parts) == 1:
        return "."
    return "/".join(parts[:2]) if parts[0] in ("crates", "tests") and len(parts) > 2 else parts[0]


if __name__ == "__main__":
    sys.exit(main())
