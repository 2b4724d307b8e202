"""The alerts that a correct alert service raises on injected sessions (truth_alerts), by the same thresholds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core.alerts import counted, raised
from seed_pipeline.core.world import World
from seed_pipeline.settings.facts import METRICS, RATING, SCORE, SESSION_FACTS

_UNKNOWN = {"churn_probability": np.nan, "weighted_session_score": np.nan}


def alerts_on(world: World, rows: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """`truth_alerts` about the injected sessions, their tutors, pairs and students; nothing where there are none."""
    if "sessions" not in rows:
        return {}
    score = rows["metrics"]["sessions"][SCORE].to_numpy(np.float64)
    sessions = rows["sessions"]["sessions"].assign(**{SCORE: score}, cohort=0)
    pair = sessions["tutor_id"] + "/" + sessions["student_id"]
    keys = {"tutor_key": sessions["tutor_id"], "student_key": sessions["student_id"], "pair": pair}
    every = sessions.assign(score=score, **{name: _key(ids) for name, ids in keys.items()})
    subjects = {
        "session": _of_sessions(sessions, rows),
        "tutor": counted(every, "tutor_key").assign(student_id=None),
        "pair": counted(every, "pair"),
        "student": counted(every, "student_key").assign(**_UNKNOWN),
    }
    return {"truth_alerts": raised(world, subjects)}


def _key(ids: pd.Series) -> np.ndarray:
    """A number for each ID that is no place in any cast."""
    return pd.util.hash_array(ids.to_numpy(object), categorize=False)


def _of_sessions(sessions: pd.DataFrame, rows: Mapping[str, Mapping[str, pd.DataFrame]]) -> pd.DataFrame:
    """Completed sessions and their facts; no scene has one after a no-show, nor video or screen metrics."""
    done = sessions[sessions["status"] == "completed"].rename(columns={"id": "session_id"})
    done = done.assign(key=_key(done["session_id"]), earlier_tutor_no_shows=0, has_video=False, has_screen=False)
    for table in (rows["metrics"].get("session_audio_metrics"), rows.get("feedback", {}).get("session_feedback")):
        if table is not None:
            done = done.merge(table.drop(columns=["created_at"], errors="ignore"), on="session_id", how="left")
    lacking = [name for name in (*SESSION_FACTS, *METRICS, RATING) if name not in done]
    return done.assign(**dict.fromkeys(lacking, np.nan))
