"""For entities that are not made of columns yet: what is known of sessions, by frames."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from seed_pipeline.core import bridge, rules, sessions
from seed_pipeline.core.columns import Table
from seed_pipeline.core.world import World


def person(upstream: Mapping, work: pd.DataFrame, role: str, column: str) -> np.ndarray:
    """A column of `work_tutors` or `work_students` for each session's tutor or student."""
    people = upstream[f"{role}s"][f"work_{role}s"]
    per_cohort = int((people["cohort"] == people["cohort"].iloc[0]).sum())
    row = (work["cohort"].to_numpy() - people["cohort"].iloc[0]) * per_cohort + work[role].to_numpy()
    return people[column].to_numpy()[row]


def in_cascade(world: World, work: pd.DataFrame) -> np.ndarray:
    """Whether each session belongs to a pair of the at-risk cascade (N4)."""
    return sessions.in_cascade(world, bridge.from_frames({"work": work[["group", "tutor_persona"]]})["work"])


def journals(parts: Sequence[Table]) -> pd.DataFrame:
    """Journals as one, as a frame."""
    return bridge.to_frame(rules.journals(parts))
