"""Prints the table of figures, and writes it as Markdown."""

from __future__ import annotations

import os
import platform
import sys

from rich.console import Console
from rich.table import Table

from . import places
from .figure import Figure, Section


def show(sections: list[Section]) -> None:
    """Prints the table and writes the same as Markdown."""
    table = Table(title=f"Measured on {machine()}")
    for column in ("figure", "measured", "limit", "", ""):
        table.add_column(column, justify="right" if column in ("measured", "limit") else "left")
    for section in sections:
        table.add_section()
        table.add_row(f"[bold]{section.title}[/bold]")
        for figure in section.figures:
            table.add_row(f"  {figure.name}", figure.measured, figure.allowed, _mark(figure), figure.note)
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
    places.MARKDOWN.parent.mkdir(parents=True, exist_ok=True)
    places.MARKDOWN.write_text(_markdown(sections))
    console.print(f"The same as Markdown: {places.MARKDOWN}", highlight=False)


def machine() -> str:
    """Describes the machine of the measurement."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"


def _mark(figure: Figure) -> str:
    if figure.limit is None or figure.value is None:
        return ""
    return "[red]over[/red]" if figure.over else "[green]ok[/green]"


def _markdown(sections: list[Section]) -> str:
    lines = [f"Measured on {machine()}.", ""]
    for section in sections:
        lines += [
            f"**{section.title}** (`{section.command}`)",
            "",
            "| figure | measured | limit | |",
            "|---|--:|--:|---|",
        ]
        lines += [f"| {one.name} | {one.measured} | {one.allowed} | {one.note} |" for one in section.figures]
        lines.append("")
    return "\n".join(lines)
