"""The end of the commands that check the folders of end-to-end runs: their messages and exit codes."""

import sys
from collections.abc import Sequence


def nothing_to_read(what: str, folders: Sequence[str]) -> int:
    """Says that the folders have no such file; returns exit code 2."""
    where = ", ".join(folders) or "(no folder given)"
    print(f"error: nothing to check: {what} below {where}; `make test-e2e` writes build/e2e", file=sys.stderr)
    return 2


def finish(complaints: Sequence[str], checked: str) -> int:
    """Prints the complaints and what was checked; returns exit code 1 if there are complaints, else 0."""
    print("\n".join([*complaints, f"{checked}, complaints: {len(complaints)}"]))
    return 1 if complaints else 0
