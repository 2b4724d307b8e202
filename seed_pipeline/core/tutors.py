"""The tutors of each cohort: users, profiles, what they teach (C1, C2)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import topics
from seed_pipeline.core.apart import Keyed, say_apart
from seed_pipeline.core.cast import (
    DEPARTMENTS,
    departments,
    joined,
    people,
    places,
    subject_column,
)
from seed_pipeline.core.randomness import bits, uniform, whole_between
from seed_pipeline.core.world import World
from seed_pipeline.settings.ranges import middle


def make(settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """`users` (tutors), `tutors`, `tutor_subjects`; `work_tutors`: cohort, slot, persona, department."""
    personas = settings.personas.tutors
    place = places(world, cohorts, [p.count for p in personas.values()])
    since = joined(world, "tutor", place, [p.tenure_days for p in personas.values()])
    user = people(world, "tutor", place, since)
    teaches, department = _teaches(world, place)
    profile = _profile(settings, world, place, user, since, teaches)
    work = place.assign(user_id=user["id"], first_name=_first_name(user), department=department)
    return {"users": user, "tutors": profile, "tutor_subjects": _subjects(user, teaches, upstream), "work_tutors": work}


def _teaches(world: World, place: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Subject indexes per tutor (-1 for none), the main one first, and the tutor's department."""
    cohort, key = place["cohort"].to_numpy(), place["key"].to_numpy()
    table = departments(world, np.unique(cohort))
    row = cohort - cohort[0]
    turn = (bits(world.seed, "tutor/department", cohort) % np.uint64(DEPARTMENTS)).astype(np.int64)
    department = (place["slot"].to_numpy() + turn) % DEPARTMENTS
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


def _profile(settings, world: World, place, user, since, teaches) -> pd.DataFrame:
    seed, key, persona = world.seed, place["key"].to_numpy(), place["persona"].to_numpy()
    personas = list(settings.personas.tutors.values())
    years = whole_between(uniform(seed, "tutor/years", key), *np.array([p.years for p in personas])[persona].T)
    low, high = np.array([p.hourly_rate for p in personas])[persona].T
    rate = np.round((low + uniform(seed, "tutor/rate", key) * (high - low)) * 2) / 2
    facts = {
        "talk": np.array([middle(p.talk_ratio) for p in personas])[persona],
        "checks": np.array([middle(p.understanding_checks) for p in personas])[persona],
        "rating": np.array([middle(p.rating) for p in personas])[persona],
        "years": years,
        "category": subject_column(world, teaches[:, 0], "category"),
    }
    slots = {
        "subject": subject_column(world, teaches[:, 0], "name"),
        **topics.slots(world, topics.drawn(world, "tutor/topic", teaches[:, 0], key)),
        "degree": subject_column(world, teaches[:, 0], "degree"),
        "years": years.astype(str),
        "first_name": _first_name(user),
    }
    words, cohort = settings.text.people.tutors, place["cohort"].to_numpy()
    texts = {
        n: say_apart(getattr(words, n), facts, Keyed(seed, f"tutor/{n}", (key,)), cohort, slots)
        for n in type(words).model_fields
    }
    return pd.DataFrame({"user_id": user["id"], "member_since": since, **texts, "hourly_rate": np.clip(rate, 0, 999.5)})


def _subjects(user: pd.DataFrame, teaches: np.ndarray, upstream: Mapping) -> pd.DataFrame:
    ids = upstream["reference"]["subjects"]["id"].to_numpy(object)
    row, column = np.nonzero(teaches >= 0)
    frame = pd.DataFrame({"tutor_id": user["id"].to_numpy(object)[row], "subject_id": ids[teaches[row, column]]})
    return frame.drop_duplicates(ignore_index=True)


def _first_name(user: pd.DataFrame) -> np.ndarray:
    """What people call them."""
    return user["preferred_name"].fillna(user["name"].str.split(" ", n=1).str[0]).to_numpy(object)
