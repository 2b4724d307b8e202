"""Names of what rules, texts and alerts may look at and act on, derived from the one table definition."""

from seed_pipeline.schema import is_number, metadata

METRIC_TABLES = ("session_audio_metrics", "session_video_metrics", "session_screen_metrics")


def _numbers(table: str) -> tuple[str, ...]:
    return tuple(c.name for c in metadata.tables[table].columns if is_number(c))


METRICS: tuple[str, ...] = tuple(name for table in METRIC_TABLES for name in _numbers(table))
"""Every number and flag of the three metrics tables."""

SESSION_FACTS: tuple[str, ...] = (
    "session_number",
    "scheduled_duration",
    "actual_duration",
    "technical_issues",
    "homework_assigned",
    "earlier_tutor_no_shows",
    "has_video",
    "has_screen",
)
"""What is known of a session before it is measured."""

CAUSES: tuple[str, ...] = (
    "tutor_talk_ratio",
    "student_talk_ratio",
    "productive_silence_ratio",
    "awkward_pause_ratio",
    "tutor_checks_understanding_count",
    "tutor_enthusiasm_score",
    "avg_student_response_delay",
    "long_pauses_count",
    "tutor_positive_reinforcement_count",
    "open_ended_questions",
    "closed_ended_questions",
    "rhetorical_questions",
    "tutor_uses_visual_aids",
    "messaging_app_detected",
    "gaming_detected",
)
"""Metrics that nothing acts on: what the tutor and the student did."""

REACTIONS: tuple[str, ...] = (
    "student_engagement_score",
    "student_initiated_questions",
    "student_frustration_count",
    "student_confusion_count",
)
"""Metrics that rules act on, in the audio table."""

SCORE, RATING = "overall_session_score", "student_satisfaction_rating"
RULE_METRICS: tuple[str, ...] = (*REACTIONS, SCORE, RATING)
"""Stored columns that a rule may act on: what a session comes to, not what its tutor did."""

PROBABILITY_METRICS: tuple[str, ...] = ("follow_up_probability", "feedback_probability", "churn_weight")
"""Chances and weights that a rule may act on; they are journalled but stored in no column."""

TRIGGER_FACTS: tuple[str, ...] = (*SESSION_FACTS, *METRICS, SCORE)
"""What a rule's trigger may look at: facts of the session and stored metrics."""

_COUNTS = (
    "sessions",
    "completed_sessions",
    "tutor_no_shows",
    "tutor_no_show_rate",
    "reschedules",
    "reschedule_rate",
    "mean_score",
)
ALERT_FACTS: dict[str, tuple[str, ...]] = {
    "session": (*SESSION_FACTS, *METRICS, SCORE, RATING),
    "tutor": _COUNTS,
    "pair": (*_COUNTS, "score_change"),
    "student": (*_COUNTS, "churn_probability", "weighted_session_score"),
}
"""What an alert's conditions may look at, by what the alert is about."""

STORED_WORDS: tuple[str, ...] = ("status", "rescheduled_by")
STORED_NUMBERS: tuple[str, ...] = (
    "session_number",
    "scheduled_duration",
    "actual_duration",
    "technical_issues",
    "follow_up_booked",
    *METRICS,
    SCORE,
    RATING,
)
STORED_FACTS: tuple[str, ...] = (*STORED_WORDS, *STORED_NUMBERS, "minutes_late")
"""What the platform's own tables tell of a session: what its services, and windows in configs/alerts.yaml, look at."""


def known_before(metric: str) -> tuple[str, ...]:
    """The facts that are settled before rules act on a metric, apart from other metrics that rules act on."""
    if metric in REACTIONS:
        return (*SESSION_FACTS, *CAUSES)
    return tuple(f for f in TRIGGER_FACTS if f not in RULE_METRICS)


def comes_from(metric: str) -> tuple[str, ...]:
    """The metrics that another one follows from by nature, rules aside."""
    if metric in REACTIONS:
        return ()
    if metric == SCORE:
        return REACTIONS
    return (*REACTIONS, SCORE)
