"""Writes the files that the tests read after a run.

They contain every authorization, every issued session, every log line of a Lambda, every fault that struck, and the
memory of each Lambda worker.
"""

from __future__ import annotations

import json
import threading
from typing import Any, TextIO

from .settings import SETTINGS


class JsonLines:
    """A file with a JSON document per line. Writes nothing if the driver wants no evidence."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        if SETTINGS.evidence is not None:
            SETTINGS.evidence.mkdir(parents=True, exist_ok=True)
            # Open until the process ends.
            self._file = (SETTINGS.evidence / name).open("a", encoding="utf-8", buffering=1)

    def write(self, **fields: Any) -> None:
        """Appends a line."""
        if self._file is not None:
            with self._lock:
                self._file.write(json.dumps(fields) + "\n")


AUTHORIZED = JsonLines("authorized.jsonl")
SECRETS = JsonLines("secrets.jsonl")
LOGS = JsonLines("logs.jsonl")
STRUCK = JsonLines("struck.jsonl")
MEMORY = JsonLines("memory.jsonl")
