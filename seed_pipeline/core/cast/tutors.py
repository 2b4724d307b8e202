"""The tutors of each cohort: users, profiles, what they teach (C1, C2)."""

from collections.abc import Mapping

import numpy as np

from seed_pipeline.core.cast.people import (
    DEPARTMENTS,
    departments,
    people,
    studied,
)
from seed_pipeline.core.columns import Column, Table, Tables, Words
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import bits, uniform, whole_between
from seed_pipeline.core.text import topics
from seed_pipeline.core.text.apart import Keyed, say_apart
from seed_pipeline.settings import Settings
from seed_pipeline.settings.ranges import middle


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`users` (tutors), `tutors`, `tutor_subjects`; `work_tutors`: cohort, slot, persona, department."""
    cast = people(world, "tutor", cohorts, settings.personas.tutors.values())
    teaches, department = _teaches(world, cast.place)
    profile = _profile(settings, world, cast.place, cast.called, teaches)
    return {
        "users": cast.users,
        "tutors": Table({"user_id": cast.ids, "member_since": cast.since, **profile}),
        "tutor_subjects": studied("tutor_id", cast.ids, teaches, upstream),
        "work_tutors": cast.place.with_columns(user_id=cast.ids, first_name=cast.called, department=department),
    }


def _teaches(world: World, place: Table) -> tuple[np.ndarray, np.ndarray]:
    """Subject indexes per tutor (-1 for none), the main one first, and the tutor's department."""
    cohort, key = place.number("cohort"), place.number("key")
    table = departments(world, np.unique(cohort))
    row = cohort - cohort[0]
    turn = (bits(world.seed, "tutor/department", cohort) % np.uint64(DEPARTMENTS)).astype(np.int64)
    department = (place.number("slot") + turn) % DEPARTMENTS
    main = table[row, department]
    other = table[row, (department + 1) % DEPARTMENTS, 0]
    # The main subject is first: turn the department's list by a draw among those that exist.
    known = (main >= 0).sum(axis=1)
    shift = np.floor(uniform(world.seed, "tutor/main_subject", key) * known).astype(np.int64)
    column = np.arange(main.shape[1])
    turned = np.where(column < known[:, None], (column + shift[:, None]) % known[:, None], column)
    main = np.take_along_axis(main, turned, axis=1)
    extra = np.where(uniform(world.seed, "tutor/extra_subject", key) < 0.35, other, -1)
    return np.hstack([main, extra[:, None]]), department


def _profile(settings: Settings, world: World, place: Table, called: Words, teaches: np.ndarray) -> dict[str, Column]:
    seed, key, persona = world.seed, place.number("key"), place.number("persona")
    personas = list(settings.personas.tutors.values())
    years = whole_between(uniform(seed, "tutor/years", key), *np.array([p.years for p in personas])[persona].T)
    low, high = np.array([p.hourly_rate for p in personas])[persona].T
    rate = np.round((low + uniform(seed, "tutor/rate", key) * (high - low)) * 2) / 2
    facts = {
        "talk": np.array([middle(p.talk_ratio) for p in personas])[persona],
        "checks": np.array([middle(p.understanding_checks) for p in personas])[persona],
        "rating": np.array([middle(p.rating) for p in personas])[persona],
        "years": years,
        "category": topics.subjects(world, teaches[:, 0], "category"),
    }
    slots = {
        "subject": topics.subjects(world, teaches[:, 0], "name"),
        **topics.slots(world, topics.drawn(world, "tutor/topic", teaches[:, 0], key)),
        "degree": topics.subjects(world, teaches[:, 0], "degree"),
        "years": Words(years.astype(str)),
        "first_name": called,
    }
    told = Facts(facts, len(key))
    words, cohort = settings.text.people.tutors, place.number("cohort")
    texts = {
        n: say_apart(getattr(words, n), told, Keyed(seed, f"tutor/{n}", (key,)), cohort, slots)
        for n in type(words).model_fields
    }
    return {**texts, "hourly_rate": np.clip(rate, 0, 999.5)}
