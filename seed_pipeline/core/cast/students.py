"""The students of each cohort: users, profiles, what they study (C1, C2)."""

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc

from seed_pipeline.core.cast.people import People, departments, people, studied
from seed_pipeline.core.columns import Column, Table, Tables, Words, written
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import uniform
from seed_pipeline.core.text import topics
from seed_pipeline.core.text.apart import Keyed, say_apart
from seed_pipeline.schema import ENUMS
from seed_pipeline.settings import Settings
from seed_pipeline.settings.ranges import middle

GRADES = ENUMS["grade_level"]
_GROWN_UP = ("college", "adult")


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`users` (students), `students`, `student_subjects`; `work_students`: cohort, slot, persona, group, subjects."""
    cast = people(world, "student", cohorts, settings.personas.students.values())
    studies, grade = _studies(world, cast.place)
    work = cast.place.with_columns(user_id=cast.ids, first_name=cast.called, group=_groups(world, cast.place))
    return {
        "users": cast.users,
        "students": Table(
            {"user_id": cast.ids, "enrolled_since": cast.since, **_profile(settings, world, cast, studies, grade)}
        ),
        "student_subjects": studied("student_id", cast.ids, studies, upstream),
        "work_students": work.with_columns(**{f"subject_{d}": studies[:, d] for d in range(studies.shape[1])}),
    }


def _groups(world: World, place: Table) -> np.ndarray:
    """The booking group (code) of each student: a persona's students fill its groups in the settings' order."""
    in_cohort = [
        code
        for persona in world.student_personas
        for code, group in enumerate(world.groups)
        if group.persona == persona
        for _ in range(group.count)
    ]
    return np.array(in_cohort)[place.number("slot")]


def _studies(world: World, place: Table) -> tuple[np.ndarray, np.ndarray]:
    """One subject (index) of each department per student, and a grade (index) that suits as many of them as can be."""
    cohort, key = place.number("cohort"), place.number("key")
    subjects = world.settings.text.subjects.subjects
    suits = np.array([[g in s.grades for g in GRADES] for s in subjects] + [[False] * len(GRADES)])
    # Axes: student, department, subject; -1 is the last row of `suits`.
    table = departments(world, np.unique(cohort))[cohort - cohort[0]]
    offered = suits[table]  # … and grade
    support = offered.any(axis=2).sum(axis=1)
    best = support == support.max(axis=1, keepdims=True)
    grade = _drawn(uniform(world.seed, "student/grade", key), best)
    fitting = np.take_along_axis(offered, grade[:, None, None, None], axis=3)[..., 0]
    fitting = np.where(fitting.any(axis=2, keepdims=True), fitting, table >= 0)
    chosen = [_drawn(uniform(world.seed, f"student/subject/{d}", key), fitting[:, d]) for d in range(table.shape[1])]
    return np.take_along_axis(table, np.stack(chosen, axis=1)[:, :, None], axis=2)[..., 0], grade


def _drawn(u: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """A column index per row, each allowed one equally likely."""
    edges = np.cumsum(allowed, axis=1)
    return (edges <= np.floor(u * edges[:, -1])[:, None]).sum(axis=1)


def _profile(
    settings: Settings, world: World, cast: People, studies: np.ndarray, grade: np.ndarray
) -> dict[str, Column]:
    place, email = cast.place, cast.users.words("email")
    seed, key, persona = world.seed, place.number("key"), place.number("persona")
    personas = list(settings.personas.students.values())
    main = studies[
        np.arange(len(key)), (uniform(seed, "student/main_subject", key) * studies.shape[1]).astype(np.int64)
    ]
    facts = {
        "engagement": np.array([middle(p.engagement) for p in personas])[persona],
        "questions": np.array([middle(p.questions) for p in personas])[persona],
        "response_delay": np.array([middle(p.response_delay) for p in personas])[persona],
        "frustration": np.array([p.frustration for p in personas])[persona],
        "grade": Words(GRADES, grade),
        "category": topics.subjects(world, main, "category"),
    }
    slots = {
        "subject": topics.subjects(world, main, "name"),
        **topics.slots(world, topics.drawn(world, "student/topic", main, key)),
        "grade": Words(GRADES, grade),
        "first_name": cast.called,
    }
    told = Facts(facts, len(key))
    words, cohort = settings.text.people.students, place.number("cohort")
    name = Words(pc.replace_substring_regex(email.plain(), "@.*", ""))
    grown_up = np.isin(grade, [GRADES.index(name) for name in _GROWN_UP])
    return {
        "grade_level": Words(GRADES, grade),
        "parent_email": written("parent.", name, "@example.org", where=~grown_up),
        "bio": say_apart(words.bio, told, Keyed(seed, "student/bio", (key,)), cohort, slots),
        "learning_goals": say_apart(words.learning_goals, told, Keyed(seed, "student/goals", (key,)), cohort, slots),
    }
