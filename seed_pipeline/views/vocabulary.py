"""What the names in a script stand for: in SQL literals, in prose plain words, in comparisons values."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np

from seed_pipeline.core.cast.people import places, user_ids
from seed_pipeline.core.plan.world import World
from seed_pipeline.quality.platform import wishes
from seed_pipeline.settings import Settings
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.probabilities import Course
from seed_pipeline.settings.targets import look_up
from seed_pipeline.views.words import figure, plain

_NAME = re.compile(r"\{([\w.]+)\}")
_QUOTED = re.compile(r"'([^']*)'")
Subject = Mapping[str, Sequence[Any]]


class Words:
    """The vocabulary of one world: its settings, its first cast by ID (X4), and what is promised of it (P)."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self._world = settings, World(settings)

    @cached_property
    def tutors(self) -> list[str]:
        """IDs of the first cast's tutors."""
        return self._people("tutor", self.settings.personas.tutors)

    @cached_property
    def students(self) -> list[str]:
        """IDs of the first cast's students."""
        return self._people("student", self.settings.personas.students)

    def _people(self, role: str, personas: Mapping[str, Any]) -> list[str]:
        place = places(self._world, range(1), [p.count for p in personas.values()])
        return list(user_ids(self._world, role, place.number("key")).texts())

    @cached_property
    def sessions(self) -> int:
        """Sessions of the first cast."""
        return int(self._world.sessions(np.arange(1))[0])

    def promised(self, what: str) -> bool:
        """Whether the settings promise that the platform sees this of the first cast (P9: fall, rise)."""
        rows = wishes(self.settings, self._world.cohorts)
        return any(judged and not exempt for _, word, judged, exempt, _ in rows if word == what)

    @cached_property
    def _lists(self) -> dict[str, list[Any]]:
        """What names stand for that are no settings: people of the first cast, days on which periods begin."""
        falling, rising = ([self._made_to(course) for course in self._courses(sign)] for sign in (-1, 1))
        main, days = self.settings.main, self.settings.alerts.dashboard.days
        this, last = ([main.as_of - timedelta(days=days * periods)] for periods in (1, 2))
        return {"tutors": self.tutors, "falling": falling, "rising": rising, "this_period": this, "last_period": last}

    def _courses(self, sign: int) -> list[Course]:
        return [course for course in self.settings.probabilities.stories.courses if course.change * sign > 0]

    def _made_to(self, course: Course) -> str:
        """The tutor of the first cast who has a course."""
        before = takewhile(lambda named: named[0] != course.tutors, self.settings.personas.tutors.items())
        return self.tutors[sum(persona.count for _, persona in before) + course.tutor - 1]

    def value(self, said: Any, subject: Subject) -> Any:
        """A number, a 'word' in quotes, a column of the subject, or a setting. Raises SettingsError."""
        if not isinstance(said, str):
            return said
        if word := _QUOTED.fullmatch(said):
            return word[1]
        if said in subject:
            return plain(subject[said][0], " ")
        return self._setting(said)

    def sql(self, text: str, subject: Subject) -> str:
        """The query with every {name} as a literal, ready to be pasted."""
        return _NAME.sub(lambda m: ", ".join(map(_literal, self._meant(m[1], subject))), text)

    def prose(self, text: str, subject: Subject) -> str:
        """The sentence with every {name} in plain words."""
        return _NAME.sub(lambda m: " and ".join(map(figure, self._meant(m[1], subject))), text)

    def _meant(self, name: str, subject: Subject) -> Sequence[Any]:
        if name in subject:
            return subject[name]
        return self._lists[name] if name in self._lists else [self._setting(name)]

    def _setting(self, path: str) -> Any:
        try:
            return look_up(self.settings, path)
        except KeyError:
            raise SettingsError(
                "demo.yaml", path, "there is no such setting and no such column of `pick`", "mend the name"
            ) from None


def _literal(value: Any) -> str:
    value = plain(value, " ")
    return repr(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
