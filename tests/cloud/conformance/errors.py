"""What can prevent an answer."""

from __future__ import annotations


class CannotStart(Exception):
    """Nothing can be asked. The text says why, and what to do."""


class CannotTell(Exception):
    """A question has no answer here. The text says why, and what to do."""


class Forbidden(Exception):
    """A question tried a call that was not permitted. It was not sent. This is a mistake in the question."""
