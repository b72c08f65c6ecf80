"""A measured figure and its limit."""

from __future__ import annotations

from dataclasses import dataclass


class BenchError(Exception):
    """A figure could not be measured. The message is for the person at the terminal."""


@dataclass(frozen=True)
class Figure:
    """A line of the table. No limit: for information only. No value: this system cannot measure it."""

    name: str
    value: float | None
    unit: str = ""
    limit: float | None = None
    digits: int = 0
    note: str = ""

    @property
    def over(self) -> bool:
        """Whether the value is over its limit."""
        return self.value is not None and self.limit is not None and self.value > self.limit

    @property
    def measured(self) -> str:
        """The value as text."""
        return "not measured here" if self.value is None else self._text(self.value, self.digits)

    @property
    def allowed(self) -> str:
        """The limit as text."""
        if self.limit is None:
            return ""
        # 1.25 shows its digits; a limit in bytes is no round number of megabytes, and is rounded as the value is.
        return f"≤ {self._text(self.limit, 0 if self.limit % 1 == 0 else self.digits)}"

    def _text(self, value: float, digits: int) -> str:
        return f"{value:,.{digits}f} {self.unit}".rstrip()


@dataclass(frozen=True)
class Section:
    """Figures that one command measured together."""

    title: str
    command: str
    figures: list[Figure]
