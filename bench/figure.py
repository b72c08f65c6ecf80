"""One measured figure, and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass


class BenchError(Exception):
    """Something could not be measured; a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Figure:
    """A line of the table. Without a limit it informs; without a value it could not be measured on this system."""

    name: str
    value: float | None
    unit: str = ""
    limit: float | None = None
    digits: int = 0
    note: str = ""

    @property
    def over(self) -> bool:
        """True if the limit does not hold."""
        return self.value is not None and self.limit is not None and self.value > self.limit

    @property
    def measured(self) -> str:
        """The value, for people."""
        return "not measured here" if self.value is None else self._text(self.value, self.digits)

    @property
    def allowed(self) -> str:
        """The limit, for people."""
        return "" if self.limit is None else f"≤ {self._text(self.limit, 0)}"

    def _text(self, value: float, digits: int) -> str:
        return f"{value:,.{digits}f} {self.unit}".rstrip()


@dataclass(frozen=True)
class Section:
    """Figures that one command measured together."""

    title: str
    command: str
    figures: list[Figure]
