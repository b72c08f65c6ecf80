"""Athena as far as the saved queries need it; DuckDB, which ministack runs them in, stands in for the engine itself.

One file per gap: what stands where (`tables`), how a query is written (`queries`), who may ask (`authorization`).
"""

from __future__ import annotations

from . import authorization, queries, tables


def install() -> None:
    """Installs every part; `authorization` last, for it asks before the others act."""
    for part in (tables, queries, authorization):
        part.install()
