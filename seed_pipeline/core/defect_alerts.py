"""What correct services find in injected sessions (truth_alerts, truth_dashboard), by the same rules."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core.alerts import counted, raised
from seed_pipeline.core.cast import window_end
from seed_pipeline.core.dashboard import of_tutors
from seed_pipeline.core.windows import Observed
from seed_pipeline.core.world import World
from seed_pipeline.settings.facts import METRICS, RATING, SCORE, SESSION_FACTS

_UNKNOWN = {"churn_probability": np.nan, "weighted_session_score": np.nan}


def found_in(world: World, rows: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """`truth_alerts` and `truth_dashboard` on the injected sessions and their people; nothing where there are none."""
    if "sessions" not in rows:
        return {}
    seen = Observed(rows["sessions"]["sessions"]["tutor_id"].unique().tolist(), rows, window_end(world))
    alerts = raised(world, _subjects(rows), seen, np.zeros(len(seen.tutors), np.int64))
    return {"truth_alerts": alerts, "truth_dashboard": of_tutors(world.settings, seen)}


def _subjects(rows: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    score = rows["metrics"]["sessions"][SCORE].to_numpy(np.float64)
    sessions = rows["sessions"]["sessions"].assign(**{SCORE: score}, cohort=0)
    pair = sessions["tutor_id"] + "/" + sessions["student_id"]
    keys = {"tutor_key": sessions["tutor_id"], "student_key": sessions["student_id"], "pair": pair}
    every = sessions.assign(score=score, **{name: _key(ids) for name, ids in keys.items()})
    return {
        "session": _of_sessions(sessions, rows),
        "tutor": counted(every, "tutor_key").assign(student_id=None),
        "pair": counted(every, "pair"),
        "student": counted(every, "student_key").assign(**_UNKNOWN),
    }


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
