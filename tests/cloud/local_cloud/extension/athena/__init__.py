"""Athena as far as the saved queries need it. ministack runs them in DuckDB, which stands in for Athena's engine.

Each file closes one gap: where tables have their data (`tables`), how queries are written (`queries`), and which
permissions they need (`authorization`).
"""

from __future__ import annotations

from . import authorization, queries, tables


def install() -> None:
    """Installs every part. `authorization` comes last, so that it checks permissions before the others act."""
    for part in (tables, queries, authorization):
        part.install()
