"""Figures over windows of a tutor's sessions, exact: no float decides whether a rule holds (P3).

How the platform's words are read is in docs/decisions/2026-11-25-platform-alerts-read.md.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from seed_pipeline.core.columns import Column, Table, Tables, Words
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.sampling.randomness import ranks
from seed_pipeline.schema import decimals, metadata
from seed_pipeline.settings.alerts import Window
from seed_pipeline.settings.conditions import OPERATORS, Condition, Conditions

_MEASURED = (
    ("metrics", "session_audio_metrics"),
    ("metrics", "session_video_metrics"),
    ("metrics", "session_screen_metrics"),
    ("feedback", "session_feedback"),
)
DECIMALS = {
    c.name: decimals(c)
    for table in ("sessions", *(name for _, name in _MEASURED))
    for c in metadata.tables[table].columns
}
_DAY = 86_400
_LARGEST = 2.0**62


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
        top, bottom = self.top, self.bottom
        if max(_most(top) * limit.denominator, _most(bottom) * abs(limit.numerator)) > _LARGEST:
            top, bottom = top.astype(object), bottom.astype(object)  # whole numbers of any size
        found = OPERATORS[condition.operator](top * limit.denominator, bottom * limit.numerator)
        return self.known & found.astype(bool)


class Observed(Facts):
    """Some tutors' sessions as the platform's tables show them; a stored value is read when first asked for."""

    def __init__(self, tutors: Words, tutor: np.ndarray, rows: Mapping[str, Tables], end: np.datetime64) -> None:
        """`tutor`: each session's row in `tutors`; `rows`: asset → its tables, those of `sessions`, `metrics`,
        `feedback`; windows close at `end`."""
        self.sessions = rows["sessions"]["sessions"]
        super().__init__({}, self.sessions.rows)
        self.tutors, self.tutor, self.end, self._tables = tutors, tutor, end, rows
        self.ids = self.sessions.words("id")
        self.age = (end - self.sessions.number("scheduled_start")).astype(np.int64)  # seconds before the end
        self._place = _order(tutor, self.age, self.ids)
        self._rows_of: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> Any:
        """A stored value of every session; NaN or no word where it was not measured."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> Column:
        if name == "minutes_late":
            wait = self.sessions.number("actual_start") - self.sessions.number("scheduled_start")
            return np.where(np.isnat(wait), np.nan, wait.astype("timedelta64[s]").astype(np.float64) / 60)
        for table in (self.sessions, self._tables["metrics"]["sessions"]):
            if name in table:
                return _values(table[name])
        result = np.full(self.rows, np.nan)
        for asset, kind in _MEASURED:
            measured = self._tables.get(asset, {}).get(kind)
            if measured is not None and name in measured:
                at = self._at(kind, measured)
                result[at[at >= 0]] = measured.number(name).astype(np.float64)[at >= 0]
        return result

    def _at(self, kind: str, table: Table) -> np.ndarray:
        """The session of each row of a table; -1 where it is none of these."""
        if kind not in self._rows_of:
            self._rows_of[kind] = table.words("session_id").among_rows(self.ids)
        return self._rows_of[kind]

    def within(self, days: int | None, back: int = 0) -> np.ndarray:
        """Sessions of the last `days` (of all time), or of as many days, `back` times earlier."""
        if days is None:
            return self.age > 0
        return (self.age > back * days * _DAY) & (self.age <= (back + 1) * days * _DAY)

    def chosen(self, window: Window, back: int = 0) -> np.ndarray:
        """One boolean per session: it is in the window."""
        found = self.within(window.days, back) & self.all_hold(window.where)
        for name in window.measured:
            found &= self.measured(name)
        if window.last is None:
            return found
        at = np.flatnonzero(found)
        later, _ = ranks(self.tutor[at], -self._place[at])
        found[at[later >= window.last]] = False
        return found

    def measured(self, name: str) -> np.ndarray:
        """One boolean per session: it has this value."""
        column = self[name]
        return column.codes >= 0 if isinstance(column, Words) else ~np.isnan(column)

    def count(self, rows: np.ndarray) -> np.ndarray:
        """How many of these sessions each tutor has."""
        return np.bincount(self.tutor[rows], minlength=len(self.tutors))

    def total(self, rows: np.ndarray, name: str) -> np.ndarray:
        """The sum of a stored number over these sessions, in units of its last decimal."""
        units = np.rint(np.asarray(self[name])[rows] * 10 ** DECIMALS[name])
        return np.bincount(self.tutor[rows], units, len(self.tutors)).astype(np.int64)

    def _thousandths(self, rows: np.ndarray, name: str) -> np.ndarray:
        return self.total(rows, name) * 10 ** (3 - DECIMALS[name])

    def mean(self, rows: np.ndarray, name: str) -> Exact:
        """The mean of a stored number over those of these sessions that have it."""
        rows = rows & self.measured(name)
        return Exact(self.total(rows, name), self.count(rows) * 10 ** DECIMALS[name])

    def latest(self, rows: np.ndarray) -> np.ndarray:
        """For each tutor the row of the latest of these sessions; -1 without one."""
        result = np.full(len(self.tutors), -1)
        at = np.flatnonzero(rows)[np.argsort(self._place[rows])]
        result[self.tutor[at]] = at
        return result

    def figures(self, window: Window) -> dict[str, Exact]:
        """The figures of a window by name: sessions, share, mean or ratio, what they were before, and the change."""
        rows = self.chosen(window)
        found = {"sessions": Exact(self.count(rows), np.ones(len(self.tutors), np.int64))}
        if window.form:
            now = found[window.form] = self._measure(window, rows)
            if window.days:
                before = found["before"] = self._measure(window, self.chosen(window, 1))
                found["change"] = _change(now, before)
        return found

    def _measure(self, window: Window, rows: np.ndarray) -> Exact:
        if window.mean:
            return self.mean(rows, window.mean)
        if window.ratio:
            parts = np.array([self._thousandths(rows, name) for name in window.ratio.to])
            return Exact(self._thousandths(rows, window.ratio.of), parts.sum(axis=0))
        return Exact(self.count(rows & self.all_hold(window.share)), self.count(rows))


def _most(values: np.ndarray) -> float:
    return float(np.abs(values).max(initial=0))


def _order(tutor: np.ndarray, age: np.ndarray, ids: Words) -> np.ndarray:
    """The place of each session among its tutor's, in time; at one start the greater ID is the later one."""
    order = np.lexsort((-age, tutor))
    same = (np.diff(tutor[order]) == 0) & (np.diff(age[order]) == 0)
    if same.any():
        order = np.lexsort((ids.texts().astype(str), -age, tutor))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _values(column: Column) -> Column:
    """Numbers and flags as floats, words as they are."""
    return column if isinstance(column, Words) else column.astype(np.float64)


def _change(now: Exact, before: Exact) -> Exact:
    """now / before - 1; unknown where one of them is, or before is 0."""
    top, bottom = now.top * before.bottom, now.bottom * before.top
    return Exact(top - bottom, np.where(now.known & before.known, bottom, 0))


def meets_all(figures: Mapping[str, Exact], conditions: Conditions, n: int) -> np.ndarray:
    """One boolean per tutor: every condition holds."""
    return np.logical_and.reduce([np.ones(n, bool), *(figures[c.fact].meets(c) for c in conditions)])
