"""Makes the picture of the terminal in README.md out of a finished run: what `make demo` prints at its end.

    scripts/terminal_picture.py out/demo docs/images/terminal.svg

The commands really run, in a pseudo-terminal, and the picture is what they print. Only `make demo` itself does not run
again: its last lines are printed once more from what it left in the folder, by the same function.
"""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import struct
import sys
import termios
from fcntl import ioctl
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 122
# Readable on a light and on a dark page.
THEME = TerminalTheme(
    (24, 28, 36),
    (214, 220, 230),
    [
        (24, 28, 36),
        (240, 113, 120),
        (134, 205, 130),
        (235, 203, 120),
        (122, 170, 245),
        (199, 146, 234),
        (110, 205, 210),
        (214, 220, 230),
    ],
    [
        (110, 120, 135),
        (240, 113, 120),
        (134, 205, 130),
        (235, 203, 120),
        (122, 170, 245),
        (199, 146, 234),
        (110, 205, 210),
        (255, 255, 255),
    ],
)
FONTS = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
END_OF_DEMO = """
import json, sys
from pathlib import Path
from local_cloud.driver import summary
out = Path(sys.argv[1])
summary.show(out, json.loads((out / "execution.json").read_text()))
"""


def main() -> int:
    """Writes the picture; returns 1 with a sentence if the run or the command line is not there."""
    parser = argparse.ArgumentParser(description="Makes the picture of the terminal out of a finished run.")
    parser.add_argument("out", type=Path, help="folder that `make demo` left")
    parser.add_argument("picture", type=Path, help="SVG file to write")
    options = parser.parse_args()
    orgpatch = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug" / "orgpatch"
    for needed, advice in ((options.out / "execution.json", "make demo"), (orgpatch, "make build")):
        if not needed.is_file():
            print(f"error: there is no {needed}: run `{advice}` first", file=sys.stderr)
            return 1
    # Relative, so that the picture shows no folder of this machine.
    out = Path(os.path.relpath(options.out, ROOT))
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    _show(
        console, "orgpatch validate examples/plans/demo.yaml", [str(orgpatch), "validate", "examples/plans/demo.yaml"]
    )
    console.print()
    _show(console, "make demo", [sys.executable, "-c", END_OF_DEMO, str(out)], cut=True)
    svg = console.export_svg(title="orgpatch", theme=THEME, unique_id="orgpatch")
    # A picture in a page may load nothing, so the font is one that the reader has. Each text has its length.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", FONTS)
    svg = re.sub(r"<!-- Generated with Rich.*?-->\s*", "", svg)
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    options.picture.write_text(svg + "\n", encoding="utf-8")
    print(f"{options.picture}: {len(svg.encode()) // 1024} KB")
    return 0


def _show(console: Console, command: str, line: list[str], cut: bool = False) -> None:
    console.print(Text.assemble(("$ ", "bright_black"), (command, "bold")))
    text = _output(line)
    if cut:
        # Only the first table: with the tables about readiness the picture would be too small to read.
        text = re.sub(r"(?s)(└[─┴]+┘\n).*└[─┴]+┘\n", r"\1…\n", text)
    # Lines that are longer than the terminal go on in the next one, as there.
    console.print(Text.from_ansi(text))


def _output(line: list[str]) -> str:
    """What a command prints on a terminal of that width."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(ROOT / "tests" / "cloud"))
        os.environ.pop("NO_COLOR", None)
        # The parent may not have set the size yet.
        ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        os.execv(line[0], line)
    chunks = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    text = b"".join(chunks).decode()
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"error: {' '.join(line)} failed:\n{text}")
    return text.replace("\r\n", "\n").rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
