"""The first cast: the people of the first cohort and all that happened to them, the same however large the world."""

from functools import cached_property

import numpy as np
import pandas as pd

from seed_pipeline.settings import Settings
from seed_pipeline.store.frames import Tables
from seed_pipeline.views.vocabulary import Words

_PERSON = ("user_id", "tutor_id", "student_id")
_METRICS = (
    "tutor_talk_ratio",
    "tutor_checks_understanding_count",
    "student_engagement_score",
    "student_frustration_count",
)


class Cast:
    """The rows of the first cast, whole tables of it, and one frame of its sessions with everything about them."""

    def __init__(self, tables: Tables, settings: Settings) -> None:
        words = Words(settings)
        self.settings, self._people = settings, {*words.tutors, *words.students}
        every = tables["sessions"]
        self._sessions = set(every["id"][every["tutor_id"].isin(words.tutors)])
        self.tables: Tables = {name: self._mine(name, frame) for name, frame in tables.items()}

    def _mine(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        if name == "sessions":
            which = frame["id"].isin(self._sessions)
        elif name == "users":
            which = frame["id"].isin(self._people) | (frame["role"] == "admin")
        elif "session_id" in frame and name != "truth_alerts":
            which = frame["session_id"].isin(self._sessions)
        else:
            column = next((c for c in _PERSON if c in frame), None)
            if column is None:
                return frame
            which = frame[column].isin(self._people)
        return frame[which].reset_index(drop=True)

    @property
    def knows_why(self) -> bool:
        """Whether the answer key is there."""
        return len(self.tables.get("truth_personas", ())) > 0

    @cached_property
    def names(self) -> pd.Series:
        """ID → name."""
        return self.tables["users"].astype(object).set_index("id")["name"]

    @cached_property
    def personas(self) -> pd.Series:
        """ID → persona; empty without the answer key."""
        known = self.tables.get("truth_personas", pd.DataFrame(columns=["user_id", "persona"]))
        return known.astype(object).set_index("user_id")["persona"]

    @cached_property
    def students(self) -> pd.DataFrame:
        """Rows of `students`, with name and persona, by user_id."""
        frame = _plain(self.tables["students"]).set_index("user_id")
        return frame.assign(name=self.names, persona=self.personas)

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """Sessions in order, by the zone's clocks, with names, personas, metrics, feedback, off day and story."""
        frame = _plain(self.tables["sessions"]).sort_values(["scheduled_start", "id"], ignore_index=True)
        frame["scheduled_start"] = self.settings.main.zone.local(frame["scheduled_start"].to_numpy("datetime64[s]"))
        for role in ("tutor", "student"):
            frame[role] = frame[f"{role}_id"].map(self.names)
            frame[f"{role}_persona"] = frame[f"{role}_id"].map(self.personas)
        for table, columns in (
            ("session_audio_metrics", _METRICS),
            ("session_feedback", ("student_satisfaction_rating", "feedback_text")),
            ("truth_sessions", ("off_day", "story")),
        ):
            other = self.tables.get(table, pd.DataFrame(columns=["session_id", *columns]))
            frame = frame.join(_plain(other).set_index("session_id")[list(columns)], on="id")
        frame["off_day"] = frame["off_day"].fillna(False).astype(bool)
        return frame

    @property
    def completed(self) -> pd.DataFrame:
        """The sessions that took place."""
        return self.sessions[self.sessions["status"] == "completed"]

    def tutor_rows(self, persona: str) -> list[dict]:
        """The tutors of a persona, with how they did."""
        frame = self.sessions[self.sessions["tutor_persona"] == persona]
        return [self._tutor(str(id_), own) for id_, own in frame.groupby("tutor_id", sort=True)]

    def _tutor(self, id_: str, own: pd.DataFrame) -> dict:
        done = own[own["status"] == "completed"]
        return {
            "name": self.names.get(id_, id_),
            "id": id_,
            "sessions": len(own),
            "no-shows": int((own["status"] == "no_show_tutor").sum()),
            "off days": int(own["off_day"].sum()),
            "engagement": mean(done["student_engagement_score"]),
            "score": mean(done["overall_session_score"]),
            "stars": mean(done["student_satisfaction_rating"]),
        }

    def student_rows(self, persona: str) -> list[dict]:
        """The students of a persona, with how they fared."""
        found = []
        for id_, student in self.students[self.students["persona"] == persona].sort_index().iterrows():
            own = self.completed[self.completed["student_id"] == id_]
            left = student["churned_date"]
            found.append(
                {
                    "name": student["name"],
                    "id": id_,
                    "sessions": len(own),
                    "engagement": mean(own["student_engagement_score"]),
                    "score": mean(own["overall_session_score"]),
                    "feedback": int(own["student_satisfaction_rating"].notna().sum()),
                    "left on": "" if pd.isna(left) else f"{left:%Y-%m-%d}",
                }
            )
        return found


def mean(values: pd.Series) -> float | None:
    """The mean of what is there."""
    found = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    found = found[~np.isnan(found)]
    return float(found.mean()) if len(found) else None


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose words are plain objects, so that frames can be joined."""
    words = [c for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype | pd.StringDtype)]
    return frame.astype(dict.fromkeys(words, object))
