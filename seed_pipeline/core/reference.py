"""What is there once, whatever the size: the administrator, the subjects, the platform's churn weights (C1)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core.cast import user_ids, window_start
from seed_pipeline.core.randomness import uuids
from seed_pipeline.core.world import World

YEARS_BEFORE = np.timedelta64(2 * 365, "D")


def make(settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """`users` (the administrator), `subjects`, `churn_algorithm_weights`."""
    since = window_start(world) - YEARS_BEFORE
    admin = pd.DataFrame(
        {
            "id": user_ids(world, "admin", 0),
            "email": settings.main.admin_email,
            "name": settings.text.people.admin.name,
            "preferred_name": pd.Series([None], dtype="str"),
            "avatar_url": pd.Series([None], dtype="str"),
            "role": "admin",
            "created_at": np.array([since]),
        }
    )
    subjects = settings.text.subjects.subjects
    names = [s.name for s in subjects]
    subject = pd.DataFrame(
        {
            "id": [subject_id(world, name) for name in names],
            "name": names,
            "category": [s.category for s in subjects],
            "created_at": np.full(len(names), since),
        }
    )
    weights = settings.probabilities.churn.weights
    weight = pd.DataFrame(
        {
            "id": [_id(world, "churn_weight/1", name) for name in weights],
            "version": 1,
            "factor_category": list(weights),
            "weight": [round(w.weight, 3) for w in weights.values()],
            "effective_from": np.full(len(weights), since),
            "notes": [w.notes for w in weights.values()],
            "created_at": np.full(len(weights), since),
        }
    )
    return {"users": admin, "subjects": subject, "churn_algorithm_weights": weight}


def subject_id(world: World, name: str) -> str:
    """The ID of a subject: it stays when the list is reordered or grows (X3, X4)."""
    return _id(world, "subject", name)


def _id(world: World, purpose: str, name: str) -> str:
    return str(uuids(world.seed, f"{purpose}/{name}", 0)[0])
