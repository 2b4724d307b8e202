"""Finding whom an ID means, and the rows that concern it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from seed_pipeline.schema import ANSWER_KEY
from seed_pipeline.settings import Settings
from seed_pipeline.settings.personas import StudentPersona, TutorPersona
from seed_pipeline.settings.zones import zone_info
from seed_pipeline.views.explanation import ExplainError
from seed_pipeline.views.observation import Chunk, Facts

Tables = Mapping[str, pd.DataFrame]
_KEYS = (("session", "sessions", "id"), ("student", "students", "user_id"), ("tutor", "tutors", "user_id"))
_SHOWN = 5
_TAKE = "take an ID from sessions.id, students.user_id or tutors.user_id of the same data"


@dataclass(frozen=True)
class Found:
    """What an ID means, the tables it lies in, and the settings."""

    kind: str
    id: str
    tables: Tables
    settings: Settings

    def row(self, table: str, key: str, value: str) -> pd.Series | None:
        """The row of a table with that key; None if there is none."""
        frame = self.tables.get(table, pd.DataFrame())
        rows = frame[frame[key] == value] if key in frame else frame[:0]
        return rows.iloc[0] if len(rows) else None

    def rows(self, table: str, key: str, value: str) -> pd.DataFrame:
        """The rows of a table with that value."""
        frame = self.tables[table]
        return frame[frame[key] == value]

    def alerts(self, key: str, value: str) -> list[dict[str, str]]:
        """The alerts that name somebody or a session, the platform's before ours, in words."""
        rows = self.rows("truth_alerts", key, value)[["source", "alert_type", "severity", "because", "session_id"]]
        words = rows.astype(object).fillna("").astype(str).to_dict("records")
        return [{str(name): word for name, word in row.items()} for row in words]

    def name(self, user_id: str) -> str:
        """A person's full name."""
        return self._names.get(user_id, "?")

    def persona(self, user_id: str) -> str:
        """The name of the persona a person was made from."""
        return self._personas.get(user_id, "?")

    def tutor_persona(self, user_id: str) -> TutorPersona | None:
        """The tutor's persona as the settings have it; None when they do not know it."""
        return self.settings.personas.tutors.get(self.persona(user_id))

    def student_persona(self, user_id: str) -> StudentPersona | None:
        """The student's persona as the settings have it; None when they do not know it."""
        return self.settings.personas.students.get(self.persona(user_id))

    @cached_property
    def _names(self) -> dict[str, str]:
        users = self.tables["users"]
        return dict(zip(users["id"], users["name"], strict=True))

    @cached_property
    def _personas(self) -> dict[str, str]:
        people = self.tables["truth_personas"]
        return dict(zip(people["user_id"], people["persona"], strict=True))

    def at(self, utc: Any) -> pd.Timestamp:
        """A stored time as the clocks of `main.time_zone` showed it (P10)."""
        return pd.Timestamp(utc).tz_localize(UTC).astimezone(zone_info(self.settings.main.time_zone))

    @cached_property
    def about(self) -> "Around":
        """All sessions that a session's pair, a student or a tutor had."""
        sessions = self.tables["sessions"]
        if self.kind != "session":
            return Around(self, sessions[f"{self.kind}_id"] == self.id)
        own = sessions[sessions["id"] == self.id].iloc[0]
        return Around(self, (sessions["tutor_id"] == own["tutor_id"]) & (sessions["student_id"] == own["student_id"]))


class Around:
    """Some of the sessions, in order of time, with their facts by the names of `settings.facts`."""

    def __init__(self, found: Found, which: pd.Series) -> None:
        self.sessions = found.tables["sessions"][which].sort_values("scheduled_start", kind="stable", ignore_index=True)
        ids = set(self.sessions["id"])
        tables = {n: f[f["session_id"].isin(ids)] if "session_id" in f else f for n, f in found.tables.items()}
        self.facts: Facts = Chunk({**tables, "sessions": self.sessions}, found.settings).sessions
        self.effects = tables["truth_effects"]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.facts[name]

    def place(self, session_id: str) -> int:
        """The row of a session."""
        return int(np.flatnonzero(self.sessions["id"] == session_id)[0])

    @property
    def completed(self) -> np.ndarray:
        """One boolean per session."""
        return np.asarray(self["status"] == "completed")


def find(chunks: Iterable[Tables], settings: Settings, identifier: str) -> Found:
    """The one session, student or tutor whose ID is or begins with `identifier`. Raises ExplainError."""
    wanted = identifier.strip()
    if not wanted:
        raise ExplainError("ID", identifier, "no ID was given", _TAKE)
    matches: dict[str, str] = {}
    home: Tables = {}
    subjects: pd.DataFrame | None = None
    for tables in chunks:
        subjects = tables["subjects"] if subjects is None and len(tables.get("subjects", ())) else subjects
        here = {own: kind for kind, table, key in _KEYS for own in _beginning(tables, table, key, wanted)}
        if wanted in here:
            return _found(here[wanted], wanted, tables, subjects, settings)
        matches |= here
        home = tables if here and not home else home
        if len(matches) > _SHOWN:
            break
    if len(matches) == 1:
        ((only, kind),) = matches.items()
        return _found(kind, only, home, subjects, settings)
    raise _no_match(identifier, list(matches))


def _beginning(tables: Tables, table: str, key: str, wanted: str) -> list[str]:
    if table not in tables:
        return []
    ids = tables[table][key].astype(str)
    return ids[ids.str.startswith(wanted)].tolist()


def _found(kind: str, own: str, tables: Tables, subjects: Any, settings: Settings) -> Found:
    missing = [name for name in ANSWER_KEY if name not in tables]
    if missing or not len(tables["truth_personas"]):
        raise ExplainError(
            "answer key",
            ", ".join(missing) or None,
            f"{kind} {own} is there, but what it was made from is not: the data came without the answer key",
            "load it with the answer key (main.answer_key true, no --no-answer-key), then ask again",
        )
    complete = {**tables, "subjects": subjects} if subjects is not None else tables
    return Found(kind, own, complete, settings)


def _no_match(identifier: str, matches: list[str]) -> ExplainError:
    if not matches:
        why = "no session, student or tutor has an ID that begins so"
        return ExplainError("ID", identifier, why, _TAKE)
    shown = ", ".join(matches[:_SHOWN]) + (", …" if len(matches) > _SHOWN else "")
    return ExplainError("ID", identifier, f"several IDs begin so: {shown}", "write more of the one you mean")
