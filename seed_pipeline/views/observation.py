"""What is seen of one chunk: facts of its sessions, students and tutors, worked out when first asked for.

Everything comes from stored columns; nothing is asked of the generator. Broken data must be seen, not stumbled over:
missing columns read as missing values, keys that match nothing as no row, the first of two rows with one key counts.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import cached_property

import numpy as np
import pandas as pd
from sqlalchemy import Boolean, Date, DateTime, Double, Integer, Numeric

from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.facts import METRICS
from seed_pipeline.settings.targets import conditions
from seed_pipeline.settings.zones import zone_info

Tables = Mapping[str, pd.DataFrame]

_HOME = {
    c.name: table
    for table in ("session_audio_metrics", "session_video_metrics", "session_screen_metrics")
    for c in metadata.tables[table].columns
    if c.name in METRICS
}
_HOME["student_satisfaction_rating"] = "session_feedback"
_ROWS = {
    "has_audio": "session_audio_metrics",
    "has_video": "session_video_metrics",
    "has_screen": "session_screen_metrics",
    "has_feedback": "session_feedback",
}


class Chunk:
    """One chunk of tables and the facts in it."""

    def __init__(self, tables: Tables, settings: Settings) -> None:
        self.tables, self.settings = tables, settings
        self._columns: dict[tuple[str, str], np.ndarray] = {}
        self._positions: dict[tuple[str, str, str, str], np.ndarray] = {}

    def has(self, table: str) -> bool:
        """Whether the table is there at all."""
        return table in self.tables

    def column(self, table: str, name: str) -> np.ndarray:
        """A column: numbers and flags as float64, times as datetime64[s], words as object; NaN or NaT where missing."""
        if (table, name) not in self._columns:
            self._columns[table, name] = self._read(table, name)
        return self._columns[table, name]

    def local(self, table: str, name: str) -> np.ndarray:
        """A time as the clocks of `main.time_zone` showed it: what is stored is UTC (P10)."""
        return (stored := self.column(table, name)) + self.ahead(stored)

    def ahead(self, utc: np.ndarray) -> np.ndarray:
        """How far (timedelta64[s]) the clocks of `main.time_zone` were ahead of UTC at these times."""
        info, (times, place) = zone_info(self.settings.main.time_zone), np.unique(utc, return_inverse=True)
        offsets = [None if np.isnat(t) else t.item().replace(tzinfo=UTC).astimezone(info).utcoffset() for t in times]
        return np.array(offsets, dtype="timedelta64[s]")[place]

    def _read(self, table: str, name: str) -> np.ndarray:
        frame = self.tables.get(table, pd.DataFrame())
        kind = metadata.tables[table].columns[name].type
        series = frame[name] if name in frame else pd.Series(np.nan, index=frame.index, dtype=object)
        if isinstance(kind, Date | DateTime):
            return pd.to_datetime(series, errors="coerce").to_numpy("datetime64[s]")
        if isinstance(kind, Boolean | Integer | Numeric | Double):
            return pd.to_numeric(series, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        return series.to_numpy(object, na_value=np.nan)

    def position(self, table: str, column: str, parent: str, key: str) -> np.ndarray:
        """For each row of `table` the row of `parent` whose `key` it names; -1 where there is none."""
        place = (table, column, parent, key)
        if place not in self._positions:
            self._positions[place] = positions(self.column(table, column), self.column(parent, key))
        return self._positions[place]

    def rows(self, table: str) -> int:
        """How many rows the table has in this chunk."""
        return len(self.tables[table]) if table in self.tables else 0

    @cached_property
    def sessions(self) -> "Facts":
        """Facts of the sessions."""
        return SessionFacts(self)

    @cached_property
    def students(self) -> "Facts":
        """Facts of the students."""
        from seed_pipeline.views.people import StudentFacts

        return StudentFacts(self)

    @cached_property
    def tutors(self) -> "Facts":
        """Facts of the tutors."""
        from seed_pipeline.views.people import TutorFacts

        return TutorFacts(self)

    def of(self, kind: str) -> "Facts":
        """Facts of sessions, students or tutors."""
        facts: Facts = getattr(self, kind)
        return facts

    def persona(self, table: str, column: str) -> np.ndarray:
        """The persona of the person a column names, by the answer key."""
        where = self.position(table, column, "truth_personas", "user_id")
        return taken(self.column("truth_personas", "persona"), where)


class Facts(Mapping[str, np.ndarray]):
    """Named facts, one value per row, cached."""

    table: str
    key: str

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self._known: dict[str, np.ndarray] = {}
        self._met: dict[Condition, np.ndarray] = {}

    @cached_property
    def ids(self) -> np.ndarray:
        """The key of each row."""
        return self.chunk.column(self.table, self.key)

    def __len__(self) -> int:
        return self.chunk.rows(self.table)

    def __iter__(self):
        return iter(self._known)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._known:
            self._known[name] = self.work_out(name)
        return self._known[name]

    def work_out(self, name: str) -> np.ndarray:
        """The fact's values; KeyError for an unknown one."""
        raise NotImplementedError

    def meet(self, texts: Sequence[str] | str | None) -> np.ndarray:
        """One boolean per row: all conditions hold (with `{path}` for settings)."""
        return self.hold(
            conditions(texts if isinstance(texts, str) or texts is None else tuple(texts), self.chunk.settings)
        )

    def hold(self, wanted: Sequence[Condition]) -> np.ndarray:
        """One boolean per row: all conditions hold."""
        result = np.ones(len(self), dtype=bool)
        for condition in wanted:
            if condition not in self._met:
                self._met[condition] = condition.holds(self)
            result &= self._met[condition]
        return result

    def counted(self, table: str, column: str, which: np.ndarray | None = None) -> np.ndarray:
        """How many rows of a table (of those in `which`) name each of ours."""
        where = self.chunk.position(table, column, self.table, self.key)
        where = where[(where >= 0) if which is None else (where >= 0) & which]
        return np.bincount(where, minlength=len(self)).astype(float)


class SessionFacts(Facts):
    """Facts of sessions, by the names of settings.facts and settings.targets."""

    table, key = "sessions", "id"

    def work_out(self, name: str) -> np.ndarray:
        chunk = self.chunk
        if name in _HOME:
            return self._from(_HOME[name], name)
        if name in _ROWS:
            return (chunk.position("sessions", "id", _ROWS[name], "session_id") >= 0).astype(float)
        if name in ("off_day", "story"):
            return self._from("truth_sessions", name)
        if name in ("tutor_persona", "student_persona"):
            return chunk.persona("sessions", name.replace("persona", "id"))
        method = getattr(self, f"_{name}", None)
        return method() if method else chunk.column("sessions", name)

    def _from(self, table: str, column: str) -> np.ndarray:
        return taken(self.chunk.column(table, column), self.chunk.position("sessions", "id", table, "session_id"))

    def _hour(self) -> np.ndarray:
        start = self.chunk.local("sessions", "scheduled_start")
        return _part(start, (start - start.astype("datetime64[D]")) // np.timedelta64(1, "h"))

    def _weekday(self) -> np.ndarray:
        start = self.chunk.local("sessions", "scheduled_start")
        return _part(start, (start.astype("datetime64[D]").astype(np.int64) + 3) % 7)

    def _minutes_late(self) -> np.ndarray:
        late = self.chunk.column("sessions", "actual_start") - self.chunk.column("sessions", "scheduled_start")
        return _part(late, late / np.timedelta64(1, "m"))

    def _highlights(self) -> np.ndarray:
        return self.counted("session_transcript_highlights", "session_id")

    @cached_property
    def pair(self) -> np.ndarray:
        """A number for each tutor-student pair."""
        tutor, _ = pd.factorize(self.chunk.column("sessions", "tutor_id"))
        student, _ = pd.factorize(self.chunk.column("sessions", "student_id"))
        return tutor.astype(np.int64) * (len(self) + 1) + student

    def _earlier_tutor_no_shows(self) -> np.ndarray:
        number = self["session_number"]
        order = np.lexsort((number, self.pair))
        missed = (self["status"] == "no_show_tutor")[order].astype(np.int64)
        before = np.cumsum(missed) - missed
        begins = np.r_[True, np.diff(self.pair[order]) != 0]
        result = np.empty(len(self))
        result[order] = (
            before - before[np.maximum.accumulate(np.where(begins, np.arange(len(self)), 0))] if len(self) else 0
        )
        return result

    def _frustration_before_rules(self) -> np.ndarray:
        chunk, stored = self.chunk, self["student_frustration_count"].copy()
        first = (chunk.column("truth_effects", "metric") == "student_frustration_count") & (
            chunk.column("truth_effects", "seq") == 1
        )
        where = chunk.position("truth_effects", "session_id", "sessions", "id")[first]
        stored[where[where >= 0]] = chunk.column("truth_effects", "before")[first][where >= 0]
        return stored

    def _rules_on_questions(self) -> np.ndarray:
        return self.counted(
            "truth_effects", "session_id", self.chunk.column("truth_effects", "metric") == "student_initiated_questions"
        )


def _part(start: np.ndarray, value: np.ndarray) -> np.ndarray:
    return np.where(np.isnat(start), np.nan, value.astype(float))


def positions(children: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """The first place in `parents` of each of `children`; -1 where it is nowhere or missing."""
    known = pd.notna(parents)
    codes, names = pd.factorize(parents[known])
    first = np.full(len(names), -1, dtype=np.int64)
    places = np.flatnonzero(known)[::-1]
    first[codes[::-1]] = places
    found = pd.Index(names).get_indexer(pd.Index(children, dtype=object)) if len(names) else np.full(len(children), -1)
    return np.where(found >= 0, np.append(first, -1)[found], -1)


def taken(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`values[where]`, missing where the position is -1."""
    missing = (
        np.array([np.nan], dtype=values.dtype)
        if values.dtype != np.dtype("datetime64[s]")
        else np.array(["NaT"], "datetime64[s]")
    )
    return np.append(values, missing)[where]
