"""Refuses a subject that SNS refuses: 100 characters or more, outside of ASCII, or with control characters.

Natively every subject is taken. By the API reference of Publish a subject is ASCII text that begins with a letter,
number or punctuation mark, has no line breaks or control characters, and is less than 100 characters long. Patches
`sns._publish`, which the state machine's integration calls too.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import sns

_SUBJECT = re.compile(r"[!-~][ -~]{0,98}")


def install() -> None:
    """Wraps the name."""
    native = sns._publish

    def publish(params: dict[str, Any]) -> Any:
        given = params.get("Subject")
        subject = given[0] if isinstance(given, list) else given
        if subject and not _SUBJECT.fullmatch(str(subject)):
            return sns._error("InvalidParameter", "Invalid parameter: Subject", 400)
        return native(params)

    sns._publish = publish
