"""Where an application wrote what is graded: tables and columns, as a user names them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seed_pipeline.store.errors import StoreError

_PART = r"[^\s:=]+"
_COLUMN = re.compile(rf"(?P<table>{_PART})\.(?P<column>[^\s:=.]+)(?::(?P<key>{_PART}))?")
_FIGURE = re.compile(rf"(?P<metric>[^\s=.@]+)(?:@(?P<period>current|previous))?=(?P<rest>{_PART}(?::{_PART})?)")


@dataclass(frozen=True)
class Column:
    """One value for each of many: `key` is the column that says whose it is; None where its usual name is meant.

    `table` may carry a schema (`analytics.churn`) or be a CSV file with a line of names (`out/churn.csv`).
    """

    option: str
    table: str
    column: str
    key: str | None = None

    @property
    def text(self) -> str:
        """As it is written on the command line."""
        return f"{self.table}.{self.column}" + (f":{self.key}" if self.key else "")


@dataclass(frozen=True)
class Figure:
    """A dashboard's figure in a column: one row for the platform, or with a key one for each tutor."""

    metric: str
    period: str
    column: Column


def column(option: str, text: str | None) -> Column | None:
    """`TABLE.COLUMN[:KEY]` as a column; None for nothing. Raises StoreError."""
    return None if text is None else _column(option, text)


def _column(option: str, text: str) -> Column:
    found = _COLUMN.fullmatch(text.strip())
    if found is None:
        remedy = "write TABLE.COLUMN or TABLE.COLUMN:KEY, for example churn_predictions.risk:student_id"
        raise StoreError(option, text, "this names no column", remedy)
    return Column(option, found["table"], found["column"], found["key"])


def figures(texts: Sequence[str]) -> tuple[str | Figure, ...]:
    """`TABLE` or `METRIC[@PERIOD]=TABLE.COLUMN[:KEY]` each. Raises StoreError."""
    return tuple(_figure(text.strip()) for text in texts)


def _figure(text: str) -> str | Figure:
    if "=" not in text:
        return text
    found = _FIGURE.fullmatch(text)
    if found is None:
        remedy = (
            "write TABLE, or METRIC=TABLE.COLUMN, for example mean_score=dashboard_cache.avg_score, with @previous "
        )
        remedy += "behind METRIC for the 30 days before and :KEY behind COLUMN for a figure of each tutor"
        raise StoreError("--dashboard", text, "this names no figure", remedy)
    return Figure(found["metric"], found["period"] or "current", _column("--dashboard", found["rest"]))
