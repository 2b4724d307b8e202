"""Figures over windows of a tutor's sessions, exact: no float decides whether a rule holds (P3).

How the platform's words are read is in docs/decisions/2026-11-25-platform-alerts-read.md.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd

from seed_pipeline.core.randomness import ranks
from seed_pipeline.schema import decimals, metadata
from seed_pipeline.settings.alerts import Window
from seed_pipeline.settings.conditions import OPERATORS, Condition, Conditions, all_hold

Rows = Mapping[str, Mapping[str, pd.DataFrame]]
_MEASURED = (
    ("metrics", "session_audio_metrics"),
    ("metrics", "session_video_metrics"),
    ("metrics", "session_screen_metrics"),
    ("feedback", "session_feedback"),
)
_DECIMALS = {
    c.name: decimals(c)
    for table in ("sessions", *(name for _, name in _MEASURED))
    for c in metadata.tables[table].columns
}
_DAY = 86_400


class Exact(NamedTuple):
    """One fraction per tutor, in whole numbers; unknown where `bottom` is 0, and never below it."""

    top: np.ndarray
    bottom: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether there is a figure."""
        return self.bottom > 0

    @property
    def value(self) -> np.ndarray:
        """The nearest floats; NaN where unknown."""
        return np.divide(self.top, self.bottom, out=np.full(len(self.top), np.nan), where=self.known)

    def meets(self, condition: Condition) -> np.ndarray:
        """One boolean per tutor, exactly; the condition's number means the decimal that was written."""
        limit = Fraction(repr(condition.value))
        top, bottom = self.top.astype(object), self.bottom.astype(object)  # whole numbers of any size
        found = OPERATORS[condition.operator](top * limit.denominator, bottom * limit.numerator)
        return self.known & found.astype(bool)


class Observed:
    """Some tutors' sessions as the platform's tables show them; facts are read when first asked for."""

    def __init__(self, tutors: Sequence[str] | np.ndarray, rows: Rows, end: np.datetime64) -> None:
        """`rows`: asset → its tables, those of `sessions`, `metrics`, `feedback`; windows close at `end`."""
        self.tutors, self.end, self._rows = np.asarray(tutors, dtype=object), end, rows
        self.sessions = rows["sessions"]["sessions"]
        self.ids = self.sessions["id"].to_numpy(object)
        self.tutor = pd.Index(self.tutors).get_indexer(self.sessions["tutor_id"].to_numpy(object))
        start = self.sessions["scheduled_start"].to_numpy("datetime64[s]")
        self.age = (end - start).astype(np.int64)  # seconds before the end
        self._place = np.lexsort((pd.factorize(self.ids, sort=True)[0], -self.age)).argsort()
        self._facts: dict[str, np.ndarray] = {}
        self._rows_of: dict[str, np.ndarray] = {}

    def fact(self, name: str) -> np.ndarray:
        """A stored value of every session; NaN or None where it was not measured."""
        if name not in self._facts:
            self._facts[name] = self._read(name)
        return self._facts[name]

    def _read(self, name: str) -> np.ndarray:
        if name == "minutes_late":
            seconds = self.sessions["actual_start"] - self.sessions["scheduled_start"]
            return seconds.dt.total_seconds().to_numpy(np.float64) / 60
        if name in self.sessions:
            return _values(self.sessions[name])
        scored = self._rows["metrics"]["sessions"]
        if name in scored:
            return _values(scored[name])
        result = np.full(len(self.sessions), np.nan)
        for asset, table in _MEASURED:
            frame = self._rows.get(asset, {}).get(table)
            if frame is not None and name in frame:
                at = self._at(table, frame)
                result[at[at >= 0]] = _values(frame[name])[at >= 0]
        return result

    def _at(self, table: str, frame: pd.DataFrame) -> np.ndarray:
        """The session of each row of a table; -1 where it is none of these."""
        if table not in self._rows_of:
            self._rows_of[table] = pd.Index(self.ids).get_indexer(frame["session_id"].to_numpy(object))
        return self._rows_of[table]

    def meet(self, conditions: Conditions) -> np.ndarray:
        """One boolean per session: all conditions hold."""
        return all_hold(conditions, {c.fact: self.fact(c.fact) for c in conditions}, len(self.ids))

    def within(self, days: int | None, back: int = 0) -> np.ndarray:
        """Sessions of the last `days` (of all time), or of as many days, `back` times earlier."""
        if days is None:
            return self.age > 0
        return (self.age > back * days * _DAY) & (self.age <= (back + 1) * days * _DAY)

    def rows(self, window: Window, back: int = 0) -> np.ndarray:
        """One boolean per session: it is in the window."""
        found = self.within(window.days, back) & self.meet(window.where)
        for name in window.measured:
            values = self.fact(name)
            found &= values == values
        if window.last is None:
            return found
        at = np.flatnonzero(found)
        later, _ = ranks(self.tutor[at], -self._place[at])
        found[at[later >= window.last]] = False
        return found

    def count(self, rows: np.ndarray) -> np.ndarray:
        """How many of these sessions each tutor has."""
        return np.bincount(self.tutor[rows], minlength=len(self.tutors))

    def total(self, rows: np.ndarray, name: str) -> np.ndarray:
        """The sum of a stored number over these sessions, in units of its last decimal."""
        units = np.rint(self.fact(name)[rows].astype(np.float64) * 10 ** _DECIMALS[name])
        return np.bincount(self.tutor[rows], units, len(self.tutors)).astype(np.int64)

    def _thousandths(self, rows: np.ndarray, name: str) -> np.ndarray:
        return self.total(rows, name) * 10 ** (3 - _DECIMALS[name])

    def mean(self, rows: np.ndarray, name: str) -> Exact:
        """The mean of a stored number over those of these sessions that have it."""
        rows = rows & (self.fact(name) == self.fact(name))
        return Exact(self.total(rows, name), self.count(rows) * 10 ** _DECIMALS[name])

    def latest(self, rows: np.ndarray) -> np.ndarray:
        """For each tutor the row of the latest of these sessions; -1 without one."""
        result = np.full(len(self.tutors), -1)
        at = np.flatnonzero(rows)[np.argsort(self._place[rows])]
        result[self.tutor[at]] = at
        return result

    def figures(self, window: Window) -> dict[str, Exact]:
        """The figures of a window by name: sessions, share, mean or ratio, what they were before, and the change."""
        rows = self.rows(window)
        found = {"sessions": Exact(self.count(rows), np.ones(len(self.tutors), np.int64))}
        if window.form:
            now = found[window.form] = self._measure(window, rows)
            if window.days:
                before = found["before"] = self._measure(window, self.rows(window, 1))
                found["change"] = _change(now, before)
        return found

    def _measure(self, window: Window, rows: np.ndarray) -> Exact:
        if window.mean:
            return self.mean(rows, window.mean)
        if window.ratio:
            parts = np.array([self._thousandths(rows, name) for name in window.ratio.to])
            return Exact(self._thousandths(rows, window.ratio.of), parts.sum(axis=0))
        return Exact(self.count(rows & self.meet(window.share)), self.count(rows))


def _values(column: pd.Series) -> np.ndarray:
    """Numbers and flags as floats, words as they are."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    return column.to_numpy(object)


def _change(now: Exact, before: Exact) -> Exact:
    """now / before - 1; unknown where one of them is, or before is 0."""
    top, bottom = now.top * before.bottom, now.bottom * before.top
    return Exact(top - bottom, np.where(now.known & before.known, bottom, 0))


def meets_all(figures: Mapping[str, Exact], conditions: Conditions, n: int) -> np.ndarray:
    """One boolean per tutor: every condition holds."""
    return np.logical_and.reduce([np.ones(n, bool), *(figures[c.fact].meets(c) for c in conditions)])
