"""Edge cases on request (configs/defects.yaml): labelled rows before those of cohort 0, and no other change.

Every injected row is built here in full; the columns that a later asset fills are handed to that asset. What the
generator reads is freed of them first, so that it makes the same bytes with and without them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from seed_pipeline.core.cast.people import window_start
from seed_pipeline.core.cast.reference import subject_id
from seed_pipeline.core.columns import arrow_type, from_arrow, to_arrow
from seed_pipeline.core.defects.alerts import found_in
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import bits, ids, uniform, whole_between
from seed_pipeline.core.text.names import first_names, last_names
from seed_pipeline.schema import columns_made_by, metadata
from seed_pipeline.settings.defects import AUDIO, Booking, Kind

Arrow = dict[str, pa.Table]
LABELS = "truth_defects"
_MINUTE, _DAY = np.timedelta64(60, "s"), np.timedelta64(86_400, "s")
_A_DAY = 5  # places of a scene's timetable
_BETWEEN = 135  # minutes from one place to the next


def injected(world: World, cohorts: range) -> dict[str, Arrow]:
    """Asset → its injected rows and their labels (`truth_defects`); nothing unless asked for, and after cohort 0.

    The answer key gets what services find in injected sessions; those rows have no labels.
    """
    scenes = world.settings.defects.scenes() if cohorts.start == 0 else {}
    rows = _Rows()
    for name, (kind, often) in scenes.items():
        for number in range(often):
            _Scene(world, rows, name, kind, number).play()
    made = rows.by_asset()
    found = found_in(world, {asset: {t: from_arrow(d) for t, d in tables.items()} for asset, tables in made.items()})
    return made | ({"answer_key": {name: to_arrow(name, table) for name, table in found.items()}} if found else {})


def without(rows: Mapping[str, Arrow], upstream: Mapping[str, Arrow]) -> Iterator[tuple[str, Arrow]]:
    """Each upstream asset with its tables as they were before rows were injected."""
    for asset, tables in upstream.items():
        more = rows.get(asset, {})
        yield asset, {name: data.slice(more[name].num_rows if name in more else 0) for name, data in tables.items()}


def before(entity: str, rows: Mapping[str, Arrow], tables: Arrow) -> Arrow:
    """An entity's tables with its injected rows in front: after them, chunks of any size go on alike (X1, X5)."""
    own = rows.get(entity, {})
    return {**own, **{name: _stacked(own[name], data) if name in own else data for name, data in tables.items()}}


def _stacked(rows: pa.Table, data: pa.Table) -> pa.Table:
    """Both, words without dictionaries."""
    whole = pa.schema([(f.name, rows.schema.field(f.name).type) for f in data.schema])
    return pa.concat_tables([rows.select(whole.names), data.cast(whole)])


class _Rows:
    """Rows and labels, by the asset that makes them and the table."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def add(self, table: str, asset: str, row: dict[str, Any]) -> None:
        self.tables.setdefault((asset, table), []).append(row)

    def by_asset(self) -> dict[str, Arrow]:
        result: dict[str, Arrow] = {}
        for (asset, table), rows in self.tables.items():
            columns = {c.name: c for c in metadata.tables[table].columns}
            later = {c.info["asset"] for c in columns.values() if "asset" in c.info}
            for maker in (asset, *sorted(later)):
                names = columns_made_by(maker, table) or [name for name in columns if name in rows[0]]
                schema = pa.schema([(name, arrow_type(columns[name])) for name in names])
                result.setdefault(maker, {})[table] = pa.Table.from_pylist([_plain(row) for row in rows], schema)
        return result


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row with moments as Python has them."""
    return {
        name: (None if np.isnat(value) else value.item()) if isinstance(value, np.datetime64) else value
        for name, value in row.items()
    }


class _Scene:
    """One scene of a kind: its people, its sessions, what was stored of them, and a label for each row."""

    def __init__(self, world: World, rows: _Rows, name: str, kind: Kind, number: int) -> None:
        self.world, self.rows, self.name, self.kind, self.number = world, rows, name, kind, number
        self.opened = window_start(world)
        self.since = self.opened - 60 * _DAY
        subjects = world.settings.text.subjects.subjects
        self.subject = subject_id(world, subjects[int(self._draw("subject", 0, len(subjects) - 1))].name)
        self.counts: dict[str, int] = {}

    def play(self) -> None:
        """Add all its rows."""
        for i in range(self.kind.tutors):
            self._person("tutor", i, {"member_since": self.since, **_empty("tutors"), "hourly_rate": 40.0})
        for i in range(self.kind.students):
            late = self.kind.wrong == ("students", i)
            profile = {**_empty("students"), "enrolled_since": self._as_of - _DAY if late else self.since}
            self._person("student", i, {**profile, "grade_level": "10th", "status": "active"})
        for i, booking in enumerate(self.kind.bookings):
            self._session(f"{i}", booking)
        if self.kind.wrong == ("session_feedback", 0) and not self.kind.bookings:
            self._feedback(self._id("session"), Booking(rating=4), self._as_of - _DAY)

    @property
    def _as_of(self) -> np.datetime64:
        return np.datetime64(self.world.settings.main.as_of, "s")

    def _draw(self, what: str, low: int, high: int) -> int:
        return int(whole_between(uniform(self.world.seed, f"defect/{self.name}/{what}", self.number), low, high)[0])

    def _id(self, what: str) -> str:
        return str(ids(self.world.seed, f"defect/{self.name}/{what}", self.number).texts()[0])

    def _user(self, role: str, i: int) -> str:
        return self._id(f"{role}/{i}")

    def _add(self, table: str, asset: str, row: dict[str, Any]) -> None:
        """A row and its label."""
        wrong = (table, self.counts.setdefault(table, 0)) == self.kind.wrong
        self.counts[table] += 1
        key = "/".join(str(row[c.name]) for c in metadata.tables[table].primary_key)
        label = {"table_name": table, "row_key": key, "defect": self.name, "valid": not wrong}
        statement = self.kind.statement if wrong else None
        self.rows.add(table, asset, row)
        self.rows.add(LABELS, asset, {**label, "statement": statement, "because": self.kind.because})

    def _person(self, role: str, i: int, profile: dict[str, Any]) -> None:
        user, address = self._user(role, i), 0 if self.kind.wrong == ("users", i) else i
        self._add(
            "users", f"{role}s",
            {
                "id": user, "name": self._name(role, i), "preferred_name": None, "avatar_url": None, "role": role,
                "email": f"{self.name}.{self.number + 1}.{role}{address + 1}@example.com",
                "created_at": self.since + 720 * _MINUTE,
            },
        )  # fmt: skip
        self._add(f"{role}s", f"{role}s", {"user_id": user, **profile})
        self._add(f"{role}_subjects", f"{role}s", {f"{role}_id": user, "subject_id": self.subject})

    def _name(self, role: str, i: int) -> str:
        if self.name == "extreme_name":
            return list(self.world.settings.defects.names.values())[i]
        drawn = bits(self.world.seed, f"defect/{self.name}/{role}/{i}/name", self.number)[0]
        first, last = first_names(), last_names()
        return (
            f"{first[int(drawn % np.uint64(len(first)))]} {last[int((drawn >> np.uint64(32)) % np.uint64(len(last)))]}"
        )

    def _start(self, booking: Booking) -> np.datetime64:
        """By the zone's clocks, but inside the window."""
        opens, closes = self.world.window
        start: np.datetime64 = self.world.zone.utc(np.array([self._wish(booking)]))[0]
        return min(max(start, opens), closes - booking.minutes * _MINUTE)

    def _wish(self, booking: Booking) -> np.datetime64:
        if booking.at is not None:
            day, minute = booking.at
            return (self.opened if day >= 0 else self._as_of) + day * _DAY + minute * _MINUTE
        first = self._draw("day", 1, self.world.settings.main.days - 10)
        minute = 8 * 60 + 15 * self._draw("hour", 0, 3) + booking.place % _A_DAY * _BETWEEN + booking.later
        return self.opened + (first + booking.place // _A_DAY) * _DAY + minute * _MINUTE

    def _session(self, place: str, booking: Booking) -> None:
        session, start, done = self._id(f"session/{place}"), self._start(booking), booking.done
        end = start + booking.minutes * _MINUTE
        none = np.datetime64("NaT", "s")
        self._add(
            "sessions", "sessions",
            {
                **_empty("sessions"), "id": session, "tutor_id": self._user("tutor", 0),
                "student_id": self._user("student", booking.student), "scheduled_start": start,
                "actual_start": start if done else none, "scheduled_duration": booking.minutes,
                "actual_duration": booking.minutes if done else None, "subject_id": self.subject,
                "session_number": booking.number, "status": booking.status,
                "tutor_showed_up": booking.status != "no_show_tutor",
                "student_showed_up": booking.status != "no_show_student", "technical_issues": False,
                "has_audio_analysis": done, "has_video_analysis": booking.video_flag, "has_screen_monitoring": False,
                "homework_assigned": False, "follow_up_booked": False, "ai_summary": booking.text,
                "overall_session_score": booking.score if done else None, "completed_at": end if done else none,
                "created_at": self.since + 2 * _DAY,
            },
        )  # fmt: skip
        if done:
            measured = {"session_id": session, **AUDIO, **booking.audio, "created_at": end}
            self._add("session_audio_metrics", "metrics", measured)
        if booking.rating is not None:
            self._feedback(session, booking, end)
        if booking.text is not None:
            self._highlight(session, place, booking.text)

    def _feedback(self, session: str, booking: Booking, end: np.datetime64) -> None:
        row = {"session_id": session, "student_satisfaction_rating": booking.rating, "feedback_text": booking.text}
        latest = self.world.window[1] - np.timedelta64(1, "s")
        self._add("session_feedback", "feedback", {**row, "submitted_at": max(end, min(end + 30 * _MINUTE, latest))})

    def _highlight(self, session: str, place: str, text: str) -> None:
        kind, entry = next(iter(self.world.settings.text.highlights.types.items()))
        row = {"id": self._id(f"highlight/{place}"), "session_id": session, "timestamp_seconds": 600, "text": text}
        speaker = next(who for who, share in entry.speakers.items() if share > 0)
        self._add("session_transcript_highlights", "highlights", {**row, "speaker": speaker, "highlight_type": kind})


def _empty(table: str) -> dict[str, Any]:
    """Nothing in each column that may be empty."""
    return {c.name: None for c in metadata.tables[table].columns if c.nullable}
