"""What an explanation is, and how its figures are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd


class ExplainError(Exception):
    """Something that cannot be explained, for the person who asked: where, the value, why, what to do."""

    def __init__(self, where: str, value: Any, why: str, remedy: str) -> None:
        self.where, self.value, self.why, self.remedy = where, value, why, remedy
        shown = "" if value is None else f" = {value!r}"
        super().__init__(f"{where}{shown}: {why}. What to do: {remedy}.")

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Errors cross to another process and back."""
        return type(self), (self.where, self.value, self.why, self.remedy)


@dataclass(frozen=True)
class Explanation:
    """Why one session, student or tutor came out as it did: `text` for a terminal, `facts` for a program."""

    kind: str
    id: str
    text: str
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; what is missing is null."""
        return {"kind": self.kind, "id": self.id, **plain(self.facts)}


def plain(value: Any) -> Any:
    """The value as JSON can say it: moments as text, numpy's numbers as plain ones, no NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, np.datetime64 | pd.Timestamp):
        return None if pd.isna(value) else pd.Timestamp(value).isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not isfinite(value) else value


def figure(value: float) -> str:
    """A number with as many digits as help: four, and all of a large count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.3g} %"


def span(low_high: Sequence[float]) -> str:
    """A range: `0.35 to 0.45`."""
    return f"{figure(low_high[0])} to {figure(low_high[1])}"


def counted(n: int, what: str) -> str:
    """`1 session`, `2 sessions`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def moment(value: Any) -> str:
    """A moment to the minute with its weekday and zone: `Fri 2026-02-27 16:15 UTC`."""
    return f"{value:%a %Y-%m-%d %H:%M %Z}"


def day(value: Any) -> str:
    """A date with its weekday."""
    return f"{pd.Timestamp(value):%a %Y-%m-%d}"


def laid_out(title: str, sections: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A title and headed paragraphs of indented lines; empty ones are left out."""
    parts = [title]
    for heading, lines in sections:
        if lines:
            parts += ["", heading, *(f"  {line}" for line in lines)]
    return "\n".join(parts)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, the cells below each other."""
    if not rows:
        return []
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]


def alert_lines(alerts: Sequence[Mapping[str, str]]) -> list[str]:
    """Alerts (`Found.alerts`) as lines: whose rule, which, how severe, why."""
    return columns([tuple(a[name] for name in ("source", "alert_type", "severity", "because")) for a in alerts])
