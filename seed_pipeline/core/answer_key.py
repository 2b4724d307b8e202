"""The answer key: what every row was made from and what a correct service finds in it (truth_* tables)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import bridge
from seed_pipeline.core import rules as engine
from seed_pipeline.core.alerts import alerts
from seed_pipeline.core.cast import window_end
from seed_pipeline.core.dashboard import of_tutors
from seed_pipeline.core.draws import Draws
from seed_pipeline.core.framed import in_cascade
from seed_pipeline.core.windows import Observed
from seed_pipeline.core.world import World
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings

STEEP = 0.6  # of the steepest trend: from here a pair's course is a story
LONG = 3  # sessions a pair needs for a course


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """All `truth_*` tables."""
    churn, tutors = upstream["churn"]["work_churn"], upstream["tutors"]["work_tutors"]
    seen = Observed(tutors["user_id"].to_numpy(object), upstream, window_end(world))
    return {
        "truth_personas": _personas(world, upstream),
        "truth_sessions": _sessions(world, upstream),
        "truth_effects": _effects(upstream),
        "truth_churn": churn.rename(columns={"user_id": "student_id"}),
        "truth_alerts": alerts(world, upstream, seen, tutors["cohort"].to_numpy()),
        "truth_dashboard": of_tutors(settings, seen),
        "truth_defects": pd.DataFrame(columns=list(metadata.tables["truth_defects"].columns.keys()), dtype=object),
    }


def _personas(world: World, upstream: Mapping) -> pd.DataFrame:
    """Everybody's persona, cohort by cohort, so that chunks add up to the whole (X1)."""
    parts = []
    for role, personas in (("tutor", world.tutor_personas), ("student", world.student_personas)):
        people = upstream[f"{role}s"][f"work_{role}s"]
        persona = np.array(personas, dtype=object)[people["persona"].to_numpy()]
        parts.append(
            pd.DataFrame({"cohort": people["cohort"], "user_id": people["user_id"], "role": role, "persona": persona})
        )
    return pd.concat(parts).sort_values("cohort", kind="stable", ignore_index=True).drop(columns="cohort")


def _sessions(world: World, upstream: Mapping) -> pd.DataFrame:
    """Off days (T6) and the name of the story a session belongs to."""
    work = upstream["sessions"]["work_sessions"]
    off_day = np.zeros(len(work), dtype=bool)
    off_day[work["completed"].to_numpy()] = upstream["metrics"]["work_metrics"]["off_day"].to_numpy()
    slope, long = Draws(world, work).slope, work["pair_size"].to_numpy() >= LONG
    stories = [in_cascade(world, work), off_day, long & (slope > STEEP), long & (slope < -STEEP)]
    names = np.array(["at_risk_cascade", "off_day", "getting_better", "getting_worse", None], dtype=object)
    story = names[np.select(stories, range(len(stories)), len(stories))]
    return pd.DataFrame({"session_id": work["session_id"], "off_day": off_day, "story": story})


def _effects(upstream: Mapping) -> pd.DataFrame:
    """The journals of all entities, by session, metric and order of application."""
    parts = [bridge.from_frames(upstream[e])["work_effects"] for e in ("metrics", "feedback", "churn")]
    journal = bridge.to_frame(engine.journals(parts))
    work = upstream["sessions"]["work_sessions"]
    at = np.searchsorted(work["key"].to_numpy(), journal["key"].to_numpy())
    journal.insert(0, "session_id", work["session_id"].to_numpy(object)[at])
    return journal[["session_id", "metric", "seq", "rule", "before", "after"]].astype({"seq": np.int32})
