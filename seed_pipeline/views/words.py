"""How values are written, in every view alike: figures, shares, ranges, moments, tables of a terminal."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

NOTHING = "–"


def plain(value: Any, between: str = "T") -> Any:
    """The value as JSON can say it: moments as text (with `between` date and time), decimals as numbers, no NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(item, between) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, between) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(between)
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def figure(value: Any) -> str:
    """A value for people: numbers with as many digits as help (four, and all of a large count), nothing as a dash."""
    value = plain(value, " ")
    if value is None:
        return NOTHING
    if isinstance(value, float):
        value = round(value, 9)  # SQLite adds floats, PostgreSQL decimals: their last digits differ
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if type(value) is int and abs(value) >= 1000 else str(value)


def cell(value: Any, share: bool = False) -> str:
    """A value in a table: whole numbers with commas, others to two decimals, shares in per cent, nothing as a dash."""
    value = plain(value, " ")
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1%}" if share else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.3g} %"


def span(declared: Any, share: bool = False) -> str:
    """A declared range (`0.35 to 0.45`), share or number."""
    if isinstance(declared, list | tuple):
        return f"{figure(float(declared[0]))} to {figure(float(declared[1]))}"
    return "none" if declared is None else f"{declared:.0%}" if share else f"{declared:g}"


def counted(n: int, what: str) -> str:
    """`1 session`, `2 sessions`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def word(name: Any) -> str:
    """A name of the settings in plain words."""
    return "unknown persona" if name is None else str(name).replace("_", " ")


def moment(value: datetime) -> str:
    """A moment to the minute with its weekday and zone: `Fri 2026-02-27 16:15 UTC`."""
    return f"{value:%a %Y-%m-%d %H:%M %Z}"


def day(value: date) -> str:
    """A date with its weekday."""
    return f"{value:%a %Y-%m-%d}"


def laid_out(title: str, sections: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A title and headed paragraphs of indented lines; empty ones are left out."""
    parts = [title]
    for heading, lines in sections:
        if heading and lines:
            parts += ["", heading, *(f"  {line}" for line in lines)]
    return "\n".join(parts)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, the cells below each other."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]
