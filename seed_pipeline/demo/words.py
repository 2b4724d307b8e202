"""What the names in a script stand for: in SQL literals, in prose plain words, in comparisons values."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from seed_pipeline.core.cast import places, user_ids
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings
from seed_pipeline.settings.files import SettingsError, known
from seed_pipeline.settings.targets import look_up

_NAME = re.compile(r"\{([\w.]+)\}")
_QUOTED = re.compile(r"'([^']*)'")
Subject = Mapping[str, Sequence[Any]]


class Words:
    """The vocabulary of one world: its settings, and its first cast by ID (X4) and by what it comes to (C, O, A)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def tutors(self) -> list[str]:
        """IDs of the first cast's tutors."""
        return self._people("tutor", self.settings.personas.tutors)

    @cached_property
    def students(self) -> list[str]:
        """IDs of the first cast's students."""
        return self._people("student", self.settings.personas.students)

    def _people(self, role: str, personas: Mapping[str, Any]) -> list[str]:
        world = World(self.settings)
        place = places(world, range(1), [p.count for p in personas.values()])
        return list(user_ids(world, role, place.number("key")).texts())

    @cached_property
    def cast(self) -> dict[str, int]:
        """What the settings come to for the first cast."""
        world, share, first = World(self.settings), self.settings.probabilities.availability, np.arange(1)
        return {
            "sessions": int(world.sessions(first)[0]),
            "completed": int(world.completed(first)[0]),
            "feedback": int(world.of_completed(first, share.feedback)[0]),
            "highlights": int(world.of_completed(first, share.highlights)[0]),
        }

    def value(self, said: Any, subject: Subject) -> Any:
        """A number, a 'word' in quotes, a column of the subject, cast.NAME, or a setting. Raises SettingsError."""
        if not isinstance(said, str):
            return said
        if word := _QUOTED.fullmatch(said):
            return word[1]
        if said in subject:
            return plain(subject[said][0])
        if said.startswith("cast."):
            known("demo.yaml", said, [f"cast.{name}" for name in self.cast], "figure of the cast")
            return self.cast[said.removeprefix("cast.")]
        return self._setting(said)

    def sql(self, text: str, subject: Subject) -> str:
        """The query with every {name} as a literal, ready to be pasted."""
        literal = {"minutes_ahead_of_utc": self._minutes_ahead()}
        return _NAME.sub(lambda m: literal.get(m[1]) or ", ".join(map(_literal, self._meant(m[1], subject))), text)

    def _minutes_ahead(self) -> str:
        """How far the clocks of the zone are ahead of UTC, as SQL: they may change inside the window (P10)."""
        main, close = self.settings.main, np.datetime64(self.settings.main.as_of, "s")
        inside = (main.zone.changes > close - np.timedelta64(main.days, "D")) & (main.zone.changes < close)
        last = int(np.searchsorted(main.zone.changes, close, side="left"))
        minutes = (main.zone.ahead / np.timedelta64(60, "s")).astype(int)
        said = str(minutes[last])
        for change in np.flatnonzero(inside)[::-1]:
            moment = str(main.zone.changes[change]).replace("T", " ")
            said = f"CASE WHEN CAST(scheduled_start AS text) < '{moment}' THEN {minutes[change]} ELSE {said} END"
        return said

    def prose(self, text: str, subject: Subject) -> str:
        """The sentence with every {name} in plain words."""
        return _NAME.sub(lambda m: " and ".join(map(figure, self._meant(m[1], subject))), text)

    def _meant(self, name: str, subject: Subject) -> Sequence[Any]:
        if name in subject:
            return subject[name]
        return self.tutors if name == "tutors" else [self._setting(name)]

    def _setting(self, path: str) -> Any:
        try:
            return look_up(self.settings, path)
        except KeyError:
            raise SettingsError(
                "demo.yaml", path, "there is no such setting and no such column of `pick`", "mend the name"
            ) from None


def plain(value: Any) -> Any:
    """What a database returned, as JSON can say it: the same for SQLite and PostgreSQL."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def figure(value: Any) -> str:
    """A value for people: numbers with as many digits as help, nothing as a dash."""
    value = plain(value)
    if value is None:
        return "–"
    if isinstance(value, float):
        value = round(value, 9)  # SQLite adds floats, PostgreSQL decimals: their last digits differ
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def _literal(value: Any) -> str:
    value = plain(value)
    return repr(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
