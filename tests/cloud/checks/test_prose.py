"""scripts/check_prose.py: each of its rules finds what it is there for, and lets good English pass."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .sources import ROOT


def load() -> ModuleType:
    """The script as a module; it is in no package."""
    spec = importlib.util.spec_from_file_location("check_prose", ROOT / "scripts" / "check_prose.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check_prose = load()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.md", "Somebody patches it.", [(1, "vague")]),
        ("a.md", "One.\n\n- Two, and\n  nobody says\n", [(3, "vague")]),
        ("a.md", "| what | whoever reads |", [(1, "vague")]),
        ("a.md", "The word `somebody` may stand as code.\n\n```\nnobody\n```\n", []),
        ("a.md", "<!-- nobody\nreads this -->\n[text](nobody.md)", []),
        ("a.md", "# What is it?\n\nIs it good?", [(1, "question")]),
        ("a.md", "The the door opens.", [(1, "doubled"), (1, "old-name")]),
        ("a.md", "In a warehouse and outdoors.", []),
        ("a.md", " ".join(["word"] * 41) + ".", [(1, "long")]),
        ("a.md", " ".join(["word"] * 30) + ". " + " ".join(["word"] * 30) + ".", []),
        ("a.rs", "/// Does it open?\nfn opens() {}", [(1, "question")]),
        ("a.rs", "//! Is it there? Yes.\nuse x;", [(1, "question")]),
        ("a.rs", "/// Returns it.\n///\n/// Is it there? Yes.\nfn f() {}", []),
        ("a.rs", "/// What it returns.\n#[must_use]\npub(crate) async fn f() {}", [(1, "clause")]),
        ("a.rs", "struct S {\n    /// How many there are.\n    n: u32,\n}", []),
        ("a.rs", 'fn f() {\n    g("nobody \\\n        said \\"yes\\"");\n}', [(2, "vague")]),
        (
            "a.rs",
            'fn f<\'a>(c: char) -> &\'a str {\n    if c == \'"\' { r#"somebody"# } else { "" }\n}',
            [(2, "vague")],
        ),
        ("a.rs", "// whoever reads this\nlet nobody_else = 1;", [(1, "vague")]),
        ("a.rs", "/// Runs `somebody`.\n///\n/// ```\n/// nobody();\n/// ```\nfn f() {}", []),
        ("a.py", '"""Does somebody ask?"""\n', [(1, "question"), (1, "vague")]),
        ("a.py", 'X = 1\nprint("nobody")  # whoever\n', [(2, "vague"), (2, "vague")]),
        ("a.yaml", "A:\n  Description: >-\n    One line,\n    nobody else.\n  B: 1\n", [(2, "vague")]),
        ("a.yaml", "A:\n  Description: !Sub What ${X} may do.\n", [(2, "clause")]),
        ("a.tsx", 'const a = <p title="x">nobody</p>;', [(1, "vague")]),
        ("a.txt", "Somebody patches it.", []),
    ],
)
def test_a_text_has_these_findings(name: str, text: str, expected: list[tuple[int, str]], tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text)
    assert [(one.line, one.rule) for one in check_prose.findings(file)] == expected
