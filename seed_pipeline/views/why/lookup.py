"""Finding whom an ID means, and asking for the rows that concern it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from seed_pipeline.quality.scope import Scope
from seed_pipeline.quality.sql import filled, literal
from seed_pipeline.schema import ANSWER_KEY
from seed_pipeline.settings import Settings
from seed_pipeline.settings.zones import zone_info
from seed_pipeline.views.cast import Row, knows_why
from seed_pipeline.views.words import columns, plain

_KEYS = (("session", "sessions", "id"), ("student", "students", "user_id"), ("tutor", "tutors", "user_id"))
_SHOWN = 5
_TAKE = "take an ID from sessions.id, students.user_id or tutors.user_id of the same data"
_SESSIONS = """SELECT f.*, s.technical_issues_description, t.name AS tutor, p.name AS student, b.name AS subject
FROM session_fact AS f JOIN sessions AS s USING (id) LEFT JOIN users AS t ON t.id = f.tutor_id
LEFT JOIN users AS p ON p.id = f.student_id LEFT JOIN subjects AS b ON b.id = f.subject_id
WHERE {which} ORDER BY f.scheduled_start, f.id"""


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


@dataclass(frozen=True)
class Found:
    """What an ID means, and the data it lies in."""

    kind: str
    id: str
    scope: Scope

    @property
    def settings(self) -> Settings:
        """Those the data were made with."""
        return self.scope.settings

    def rows(self, query: str, **values: Any) -> list[Row]:
        """The rows of a query, in which `{me}` is the ID."""
        return self.scope.rows(filled(query, self.settings, {"me": self.id, **values}))

    def row(self, query: str, **values: Any) -> Row | None:
        """The first row; None if there is none."""
        return next(iter(self.rows(query, **values)), None)

    def alerts(self) -> list[dict[str, str]]:
        """The alerts that name whom it is about, the platform's before ours, in words."""
        return self.rows(f"""SELECT source, alert_type, severity, because, coalesce(session_id, '') AS session_id
            FROM truth_alerts WHERE {self.kind}_id = {{me}} ORDER BY source, alert_type, session_id, id""")

    @cached_property
    def sessions(self) -> list[Row]:
        """Those of a session's pair, of a student or of a tutor, in order of time, with facts and names."""
        which = f"f.{self.kind}_id = {literal(self.id)}"
        if self.kind == "session":
            own = f"FROM sessions WHERE id = {literal(self.id)}"
            which = f"f.tutor_id = (SELECT tutor_id {own}) AND f.student_id = (SELECT student_id {own})"
        return self.scope.rows(_SESSIONS.format(which=which))

    @property
    def completed(self) -> list[Row]:
        """Those of the sessions that took place."""
        return [session for session in self.sessions if session["status"] == "completed"]

    def at(self, utc: datetime) -> datetime:
        """A stored time as the clocks of `main.time_zone` showed it (P10)."""
        return utc.replace(tzinfo=UTC).astimezone(zone_info(self.settings.main.time_zone))


def find(scope: Scope, identifier: str) -> Found:
    """The one session, student or tutor whose ID is or begins with `identifier`. Raises ExplainError."""
    wanted = identifier.strip()
    if not wanted:
        raise ExplainError("ID", identifier, "no ID was given", _TAKE)
    some = "\nUNION ALL\n".join(
        f"SELECT '{kind}' AS kind, {key} AS id FROM {table} WHERE starts_with({key}, {literal(wanted)})"
        for kind, table, key in _KEYS
    )
    found = scope.rows(f"SELECT * FROM ({some}) ORDER BY id <> {literal(wanted)}, id LIMIT {_SHOWN + 1}")
    if not found or (len(found) > 1 and found[0]["id"] != wanted):
        raise _no_match(identifier, [row["id"] for row in found])
    _must_know_why(scope, f"{found[0]['kind']} {found[0]['id']}")
    return Found(found[0]["kind"], found[0]["id"], scope)


def _must_know_why(scope: Scope, what: str) -> None:
    missing = [name for name in ANSWER_KEY if name not in scope.tables]
    if missing or not knows_why(scope):
        raise ExplainError(
            "answer key",
            ", ".join(missing) or None,
            f"{what} is there, but what it was made from is not: the data came without the answer key",
            "load it with the answer key (main.answer_key true, no --no-answer-key), then ask again",
        )


def _no_match(identifier: str, matches: list[str]) -> ExplainError:
    if not matches:
        return ExplainError("ID", identifier, "no session, student or tutor has an ID that begins so", _TAKE)
    shown = ", ".join(matches[:_SHOWN]) + (", …" if len(matches) > _SHOWN else "")
    return ExplainError("ID", identifier, f"several IDs begin so: {shown}", "write more of the one you mean")


def alert_lines(alerts: list[dict[str, str]]) -> list[str]:
    """Alerts as lines: whose rule, which, how severe, why."""
    return columns([tuple(a[name] for name in ("source", "alert_type", "severity", "because")) for a in alerts])
