"""Writes crates/facts/data/regions.json again, from the partitions.json of the pinned botocore.

    .venv/bin/python scripts/regions.py <date on which botocore was read, YYYY-MM-DD>

A check (tests/cloud/checks/test_facts.py) compares the file with botocore.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

# The installed distribution: other tools carry copies of botocore under the same name.
BOTOCORE = distribution("botocore")
FILE = Path(__file__).parents[1] / "crates/facts/data/regions.json"


def partitions() -> list[dict[str, Any]]:
    """Returns botocore's partitions with their Regions, both sorted."""
    document = json.loads(Path(str(BOTOCORE.locate_file("botocore/data/partitions.json"))).read_text())
    return sorted(
        (
            {
                "id": partition["id"],
                "dnsSuffix": partition["outputs"]["dnsSuffix"],
                # `aws-global` and the like stand for services without Regions.
                "regions": sorted(code for code in partition["regions"] if not code.endswith("-global")),
            }
            for partition in document["partitions"]
        ),
        key=lambda partition: str(partition["id"]),
    )


def document(date: str) -> dict[str, Any]:
    """Returns the content of the file."""
    return {
        "about": "The partitions of AWS and their Regions. Written by scripts/regions.py; do not edit.",
        "source": f"botocore {BOTOCORE.version}, data/partitions.json",
        "date": date,
        "partitions": partitions(),
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} <date on which botocore was read, YYYY-MM-DD>")
    FILE.write_text(json.dumps(document(sys.argv[1]), indent=2) + "\n")
