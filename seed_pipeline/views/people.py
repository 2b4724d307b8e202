"""Facts of students and tutors, from their own rows, their sessions and the answer key."""

import numpy as np

from seed_pipeline.views.observation import Facts


class StudentFacts(Facts):
    """Facts of students."""

    table, key = "students", "user_id"

    def work_out(self, name: str) -> np.ndarray:
        chunk = self.chunk
        if name in ("churn_probability", "weighted_session_score"):
            where = chunk.position("students", "user_id", "truth_churn", "student_id")
            return np.append(chunk.column("truth_churn", name), np.nan)[where]
        if name == "student_persona":
            return chunk.persona("students", "user_id")
        if name in ("safe", "lost"):
            return self._matches(getattr(chunk.settings.probabilities.churn, name))
        if name == "status":
            return chunk.column("students", "status")
        return np.asarray(getattr(self, f"_{name}")())

    def count(self, which: np.ndarray | None = None) -> np.ndarray:
        """Sessions (of those in `which`) of each student."""
        return self.counted("sessions", "student_id", which)

    def _sessions(self) -> np.ndarray:
        return self.count()

    def _completed_sessions(self) -> np.ndarray:
        return self.count(self.chunk.sessions["status"] == "completed")

    def _churned(self) -> np.ndarray:
        return (self["status"] == "churned").astype(float)

    def _matches(self, match) -> np.ndarray:
        """Students of a persona, most of whose completed sessions are with tutors of some personas (N2, N3)."""
        sessions = self.chunk.sessions
        done = sessions["status"] == "completed"
        theirs = self.count(done & np.isin(sessions["tutor_persona"].astype(str), match.tutors))
        return ((self["student_persona"] == match.persona) & (theirs > self["completed_sessions"] / 2)).astype(float)


class TutorFacts(Facts):
    """Facts of tutors."""

    table, key = "tutors", "user_id"

    def work_out(self, name: str) -> np.ndarray:
        if name == "tutor_persona":
            return self.chunk.persona("tutors", "user_id")
        done = self.chunk.sessions["status"] == "completed" if name == "completed_sessions" else None
        return self.counted("sessions", "tutor_id", done)
