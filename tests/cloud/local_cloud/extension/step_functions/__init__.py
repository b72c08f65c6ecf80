"""Step Functions as AWS runs it: one file per replaced part of the interpreter."""

from __future__ import annotations

from . import api, distributed_map, executions, expressions, inline_map, nested, parallel, role, tasks, walker


def install() -> None:
    """Installs every part. `role` comes before `tasks`, which call what it wraps."""
    for part in (expressions, role, walker, tasks, nested, parallel, inline_map, distributed_map, executions, api):
        part.install()
