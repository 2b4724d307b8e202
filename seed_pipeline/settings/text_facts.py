"""What lines of text may look at: the facts of sessions, people and churn, with the values each can have (Q8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from seed_pipeline.schema import ENUMS, is_number, metadata
from seed_pipeline.settings.conditions import Condition


@dataclass(frozen=True)
class Fact:
    """What a condition may compare: a number between `low` and `high`, or one of `words`."""

    low: float = 0.0
    high: float = 1.0
    words: tuple[str, ...] = ()

    def complaint(self, condition: Condition) -> str | None:
        """Why the condition can never hold, and what would; None when it can."""
        if self.words:
            known = condition.value in self.words
            return None if known else f"{condition.fact} is one of {', '.join(self.words)}"
        if isinstance(condition.value, str):
            return f"{condition.fact} is a number from {self.low:g} to {self.high:g}"
        inside = self.low <= condition.value <= self.high
        at_an_end = condition.holds({condition.fact: np.array([self.low, self.high])}).any()
        possible = inside if condition.operator == "==" else at_an_end
        return None if possible else f"{condition.fact} goes from {self.low:g} to {self.high:g}"


Facts = Mapping[str, Fact]


def _columns(table: str, *only: str) -> dict[str, Fact]:
    """The table's numbers and flags as facts, with the interval the schema gives them."""
    facts = {}
    for column in metadata.tables[table].columns:
        if (only and column.name not in only) or not is_number(column):
            continue
        low, high = column.info.get("domain", (0, 1))
        facts[column.name] = Fact(low, high)
    return facts


_CATEGORY = {"category": Fact(words=ENUMS["subject_category"])}
_SESSION_COLUMNS = (
    "session_number", "scheduled_duration", "actual_duration", "technical_issues", "homework_assigned",
    "follow_up_booked", "overall_session_score",
)  # fmt: skip
SESSION_FACTS: Facts = {
    **_columns("sessions", *_SESSION_COLUMNS),
    "topics": Fact(1, 2),
    "has_video": Fact(),
    "has_screen": Fact(),
    **_CATEGORY,
    **_columns("session_audio_metrics"),
    **_columns("session_video_metrics"),
    **_columns("session_screen_metrics"),
}
FEEDBACK_FACTS: Facts = {**SESSION_FACTS, "student_satisfaction_rating": Fact(1, 5)}
BOOKING_FACTS: Facts = {name: SESSION_FACTS[name] for name in ("session_number", "scheduled_duration", "category")}
TUTOR_FACTS: Facts = {
    "talk": Fact(0, 1), "checks": Fact(0, 200), "rating": Fact(1, 5), "years": Fact(0, 80), **_CATEGORY,
}  # fmt: skip
STUDENT_FACTS: Facts = {
    "engagement": Fact(0, 10), "questions": Fact(0, 200), "response_delay": Fact(0, 999), "frustration": Fact(0, 1),
    "grade": Fact(words=ENUMS["grade_level"]), **_CATEGORY,
}  # fmt: skip
CHURN_FACTS: Facts = {
    "weighted_session_score": Fact(0, 10), "first_session_score": Fact(0, 10), "last_session_score": Fact(0, 10),
    "score_trend": Fact(-10, 10), "tutor_no_shows": Fact(0, 1000), "technical_issue_sessions": Fact(0, 1000),
    "completed_sessions": Fact(0, 100_000), "no_show_sessions": Fact(0, 1000),
}  # fmt: skip


def check_conditions(conditions: Iterable[Condition], facts: Facts, place: str) -> None:
    """Raise ValueError when a condition uses a fact that is unknown here or can never hold."""
    for condition in conditions:
        if condition.fact not in facts:
            known = ", ".join(facts)
            raise ValueError(f"{place}: '{condition}' uses an unknown fact, {condition.fact!r}; use one of {known}")
        complaint = facts[condition.fact].complaint(condition)
        if complaint:
            raise ValueError(f"{place}: '{condition}' never holds, because {complaint}; change the value")
