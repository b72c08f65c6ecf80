"""Files that the tests read after a run: every authorization, every session issued, every log line of a Lambda,
and every fault that struck.
"""

from __future__ import annotations

import json
import threading
from typing import Any, TextIO

from .settings import SETTINGS


class JsonLines:
    """An append-only file of one JSON document a line; writes nothing when no evidence is wanted."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        if SETTINGS.evidence is not None:
            SETTINGS.evidence.mkdir(parents=True, exist_ok=True)
            self._file = open(SETTINGS.evidence / name, "a", encoding="utf-8", buffering=1)

    def write(self, **fields: Any) -> None:
        """Appends one line."""
        if self._file is not None:
            with self._lock:
                self._file.write(json.dumps(fields) + "\n")


AUTHORIZED = JsonLines("authorized.jsonl")
SECRETS = JsonLines("secrets.jsonl")
LOGS = JsonLines("logs.jsonl")
STRUCK = JsonLines("struck.jsonl")
