"""A row of a table of figures, and how it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADER = ("work", "sessions", "seconds", "CPU", "rows/s", "cells/s", "MiB", "ratio", "to", "wanted")
NUMBER = "<>>>>>>><<"
"""How each column is aligned."""


@dataclass(frozen=True)
class Figure:
    """What a piece of work took; `cells` are values, nulls included.

    `cpu` is the seconds of all its cores, which others' work on the machine hardly moves; `megabytes` is the largest
    process's peak memory; `ratio` and `to` say how it compares, `wanted` what was hoped for.
    """

    work: str
    seconds: float
    sessions: int | None = None
    rows: int | None = None
    cells: int | None = None
    megabytes: float | None = None
    ratio: float | None = None
    to: str = ""
    wanted: str = ""
    cpu: float | None = None

    @property
    def pace(self) -> float:
        """Rows per second; 0 where no rows were counted."""
        return (self.rows or 0) / self.seconds

    def shown(self) -> tuple[str, ...]:
        """The cells of the row, in the order of `HEADER`."""
        return (
            self.work,
            _number(self.sessions),
            f"{self.seconds:,.2f}",
            "" if self.cpu is None else f"{self.cpu:,.2f}",
            _number(self.rows and self.rows / self.seconds),
            _number(self.cells and self.cells / self.seconds),
            _number(self.megabytes),
            "" if self.ratio is None else f"{self.ratio:.2f} ×",
            self.to,
            self.wanted,
        )


def markdown(figures: Iterable[Figure]) -> str:
    """The figures as a table, numbers to the right."""
    rows = [HEADER, *(figure.shown() for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(f"{cell:{NUMBER[i]}{widths[i]}}" for i, cell in enumerate(row)) + " |" for row in rows]
    rule = "|" + "|".join("-" * (w + 1) + (":" if NUMBER[i] == ">" else "-") for i, w in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
