"""What is there once, whatever the size: the administrator, the subjects, the platform's churn weights (C1)."""

from collections.abc import Mapping, Sequence

import numpy as np

from seed_pipeline.core.cast.people import user_ids, window_start
from seed_pipeline.core.columns import Table, Tables, Words, constant
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import ids
from seed_pipeline.settings import Settings

YEARS_BEFORE = np.timedelta64(2 * 365, "D")


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`users` (the administrator), `subjects`, `churn_algorithm_weights`."""
    since, main = window_start(world) - YEARS_BEFORE, settings.main
    subjects, weights = settings.text.subjects.subjects, settings.probabilities.churn.weights
    names = [s.name for s in subjects]
    admin = Table(
        {
            "id": user_ids(world, "admin", 0),
            "email": constant(main.admin_email, 1),
            "name": constant(settings.text.people.admin.name, 1),
            "preferred_name": constant(None, 1),
            "avatar_url": constant(None, 1),
            "role": constant("admin", 1),
            "created_at": np.array([since]),
        }
    )
    subject = Table(
        {
            "id": _ids(world, "subject", names),
            "name": Words(names),
            "category": Words([s.category for s in subjects]),
            "created_at": np.full(len(names), since),
        }
    )
    weight = Table(
        {
            "id": _ids(world, "churn_weight/1", list(weights)),
            "version": np.ones(len(weights), np.int64),
            "factor_category": Words(list(weights)),
            "weight": np.array([round(w.weight, 3) for w in weights.values()]),
            "effective_from": np.full(len(weights), since),
            "notes": Words([w.notes for w in weights.values()]),
            "created_at": np.full(len(weights), since),
        }
    )
    return {"users": admin, "subjects": subject, "churn_algorithm_weights": weight}


def subject_id(world: World, name: str) -> str:
    """The ID of a subject: it stays when the list is reordered or grows (X3, X4)."""
    return str(_ids(world, "subject", [name]).texts()[0])


def _ids(world: World, purpose: str, names: Sequence[str]) -> Words:
    return Words([str(ids(world.seed, f"{purpose}/{name}", 0).texts()[0]) for name in names])
