"""The platform's tables and the answer key, defined once.

Everything that needs to know a table reads it here: the generator (which columns exist), Pandera (types, domains,
keys, enumerations), the loader (DDL for SQLite and PostgreSQL), the docs (comments). The definition is the
platform's own PostgreSQL schema; SQLite gets the same columns with text for UUIDs, because a column declared `uuid`
there has NUMERIC affinity and turns an ID such as `00…00e5` into a number.

Some marks go beyond SQL:
`table.info["asset"]` names the asset that makes the table's rows; `column.info["asset"]` names a later asset that
fills a column of an earlier asset's rows (a student's churn is known only after the sessions).
`column.info["domain"]` is the closed interval that values are limited to; `column.info["holds"]` names the table of
whose keys a column holds some, and words of its own beside them, so that it is no foreign key.
"""

from typing import Any, Literal, get_args

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import UUID as _UUID
from sqlalchemy.ext.compiler import compiles

metadata = MetaData()
OWN_SCHEMA = "seed_pipeline"  # of the answer key and the manifest, on PostgreSQL; SQLite has one schema alone

AlertSeverity = Literal["info", "warning", "critical"]
ENUMS: dict[str, tuple[str, ...]] = {
    "achievement_type": (
        "engagement_master", "question_guru", "first_session_expert", "consistency_champion", "student_favorite",
        "rising_star",
    ),
    "alert_severity": get_args(AlertSeverity),
    "alert_type": (
        "high_talk_ratio", "low_understanding_checks", "student_frustration_detected", "poor_first_session",
        "high_reschedule_rate", "no_show_pattern", "declining_performance", "student_churn_risk",
    ),
    "churn_reason": (
        "poor_first_session", "tutor_mismatch", "no_progress", "scheduling_difficulty", "price_concerns",
        "technical_issues", "found_competitor", "completed_goals", "personal_circumstances", "other",
    ),
    "coaching_note_type": ("manual", "system"),
    "feedback_tag": (
        "clear_explanations", "patient", "encouraging", "helpful_examples", "good_pace", "too_fast", "too_slow",
        "didnt_check_understanding", "too_much_talking", "confusing_examples", "technical_issues", "made_learning_fun",
    ),
    "grade_level": ("6th", "7th", "8th", "9th", "10th", "11th", "12th", "college", "adult"),
    "highlight_type": (
        "strong_question", "breakthrough", "confusion", "positive_reinforcement", "concern", "concept_explanation",
    ),
    "insight_category": (
        "high_engagement", "low_engagement", "high_talk_ratio", "balanced_talk_ratio", "frequent_understanding_checks",
        "infrequent_understanding_checks", "strong_questioning", "low_visual_aids", "high_visual_aids",
        "positive_reinforcement", "first_session_expert",
    ),
    "insight_type": ("strength", "growth_area", "achievement"),
    "reschedule_by": ("tutor", "student"),
    "session_status": (
        "scheduled", "in_progress", "completed", "no_show_tutor", "no_show_student", "cancelled", "rescheduled",
    ),
    "snapshot_period": ("daily", "weekly"),
    "student_status": ("active", "churned", "paused"),
    "subject_category": (
        "math", "science", "language_arts", "social_studies", "foreign_language", "test_prep", "computer_science",
        "arts", "other",
    ),
    "transcript_speaker": ("tutor", "student"),
    "user_role": ("admin", "tutor", "student"),
}  # fmt: skip


class _Binary(JSON):
    """PostgreSQL's JSONB, without loading all that SQLAlchemy knows of PostgreSQL."""

    __visit_name__ = "JSONB"


UUID = String(36).with_variant(_UUID(as_uuid=False), "postgresql")
USER_ID = String(128)
JSONB = JSON().with_variant(_Binary(), "postgresql")
UUID_LIST = JSON().with_variant(ARRAY(_UUID(as_uuid=False)), "postgresql")


class _Default(ColumnElement):
    """A column default in each database's own words."""

    inherit_cache = False

    def __init__(self, postgresql: str, sqlite: str) -> None:
        self.words = {"postgresql": postgresql, "sqlite": sqlite}


@compiles(_Default)
def _words(default: _Default, compiler: Any, **_: Any) -> str:
    return default.words.get(compiler.dialect.name, default.words["postgresql"])


_RANDOM_UUID_IN_SQLITE = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || "
    "substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
NOW = _Default("now()", "CURRENT_TIMESTAMP")
TODAY = _Default("now()", "CURRENT_DATE")
RANDOM_UUID = _Default("gen_random_uuid()", _RANDOM_UUID_IN_SQLITE)
_ENUM_TYPES = {
    name: Enum(*values, name=name, create_constraint=True, metadata=metadata) for name, values in ENUMS.items()
}


def _column(name, type_, comment, *args, domain=None, asset=None, holds=None, null=False, **kwargs) -> Column:
    """A column; NOT NULL unless told, with its remark, its domain and the asset that fills it."""
    marks = (("domain", domain), ("asset", asset), ("holds", holds))
    info = {key: value for key, value in marks if value is not None}
    primary = kwargs.get("primary_key", False)
    return Column(name, type_, *args, nullable=null and not primary, comment=comment, info=info, **kwargs)


def _enum(name: str) -> Enum:
    return _ENUM_TYPES[name]


def links(table: Table) -> list[tuple[Column, Column]]:
    """Columns of a table that hold a key of another, each with that key: foreign keys, and `info["holds"]`."""
    keys = [(key.parent, key.column) for key in table.foreign_keys]
    keys += [(c, metadata.tables[c.info["holds"]].c.id) for c in table.columns if "holds" in c.info]
    return sorted(keys, key=lambda link: link[0].name)


def _id(comment: str) -> Column:
    return _column("id", UUID, comment, primary_key=True, server_default=RANDOM_UUID)


def _user(name: str, comment: str, *, null=False, primary_key=False, ondelete="CASCADE") -> Column:
    return _column(
        name, USER_ID, comment, ForeignKey("users.id", ondelete=ondelete), null=null, primary_key=primary_key
    )


def _session(comment: str, *, primary_key=True, null=False, ondelete="CASCADE") -> Column:
    key = ForeignKey("sessions.id", ondelete=ondelete)
    return _column("session_id", UUID, comment, key, primary_key=primary_key, null=null)


def _moment(name: str, comment: str, *, null=False, default=True) -> Column:
    return _column(name, DateTime(), comment, null=null, server_default=NOW if default and not null else None)


def _created() -> Column:
    return _moment("created_at", "When the row was written, in UTC.")


def _flag(name: str, comment: str, default=False, asset=None) -> Column:
    return _column(name, Boolean(), comment, server_default=text("true" if default else "false"), asset=asset)


def _count(name: str, comment: str, upper: int) -> Column:
    return _column(name, Integer(), comment, server_default=text("0"), domain=(0, upper))


def _ratio(name: str, comment: str) -> Column:
    return _column(name, Numeric(4, 3, asdecimal=False), comment, null=True, domain=(0.0, 1.0))


def _score(name: str, comment: str, asset=None) -> Column:
    return _column(name, Numeric(3, 1, asdecimal=False), comment, null=True, domain=(0.0, 10.0), asset=asset)


def _within(column: str, low: int, high: int, name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} >= {low} AND {column} <= {high}", name=name)


def _table(name: str, asset: str | None, comment: str, *parts) -> Table:
    return Table(name, metadata, *parts, comment=comment, info={"asset": asset})


users = _table(
    "users", "reference", "Everybody who can sign in. Tutors and students add their own rows (C1).",
    _column("id", USER_ID, "Derived from the seed and the person's place in the cast (X4).", primary_key=True),
    _column("email", String(255), "Unique, in a domain reserved for documentation (Q9)."),
    _column("name", String(255), "Full name, drawn from a name library's vocabulary (Q9)."),
    _column("preferred_name", String(255), "What people call them, where it is not the first name.", null=True),
    _column("avatar_url", String(500), "A picture's address in a reserved domain.", null=True),
    _column("role", _enum("user_role"), "admin, tutor or student."),
    _created(),
    UniqueConstraint("email", name="users_email_unique"),
)  # fmt: skip

subjects = _table(
    "subjects", "reference", "What can be studied.",
    _id("Derived from the seed and the subject's name (X4)."),
    _column("name", String(100), "Unique."),
    _column("category", _enum("subject_category"), "The platform's category of the subject."),
    _created(),
    UniqueConstraint("name", name="subjects_name_unique"),
)  # fmt: skip

tutors = _table(
    "tutors", "tutors", "One row per tutor (C1).",
    _user("user_id", "The tutor's user.", primary_key=True),
    _column("member_since", Date(), "Not after the tutor's first session (Q6).", server_default=TODAY),
    _column("bio", Text(), "Fits the persona without naming it.", null=True),
    _column("experience", Text(), "Years and kind of teaching.", null=True),
    _column("education", Text(), "Degree and field, fitting the subjects.", null=True),
    _column("teaching_style", Text(), "How a lesson runs.", null=True),
    _column(
        "hourly_rate", Numeric(6, 2, asdecimal=False), "In the platform's currency.", null=True, domain=(0.0, 999.99),
    ),
)  # fmt: skip

tutor_subjects = _table(
    "tutor_subjects", "tutors", "What each tutor teaches (Q5).",
    _user("tutor_id", "The tutor.", primary_key=True),
    _column("subject_id", UUID, "The subject.", ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True),
)  # fmt: skip

students = _table(
    "students", "students", "One row per student (C1).",
    _user("user_id", "The student's user.", primary_key=True),
    _column("enrolled_since", Date(), "Not after the student's first session (Q6).", server_default=TODAY),
    _column("grade_level", _enum("grade_level"), "School year; fits the subjects studied.", null=True),
    _column("parent_email", String(255), "Reserved domain (Q9); none for college and adult.", null=True),
    _column("bio", Text(), "Fits the persona without naming it.", null=True),
    _column("learning_goals", Text(), "Names a subject the student studies.", null=True),
    _column(
        "status", _enum("student_status"), "churned for those who left (S6).", server_default="active", asset="churn",
    ),
    _column("churned_date", Date(), "Not before the last session (Q6).", null=True, asset="churn"),
    _column("churn_survey_response", Text(), "Why they left, in their words.", null=True, asset="churn"),
)  # fmt: skip

student_subjects = _table(
    "student_subjects", "students", "What each student studies (Q5).",
    _user("student_id", "The student.", primary_key=True),
    _column("subject_id", UUID, "The subject.", ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True),
)  # fmt: skip

student_churn_reasons = _table(
    "student_churn_reasons", "churn", "Why churned students left: at least one reason each, none for others (Q6).",
    _user("student_id", "The student.", primary_key=True),
    _column("reason", _enum("churn_reason"), "Follows from what happened to that student.", primary_key=True),
    _moment("added_at", "When the reason was noted."),
)  # fmt: skip

sessions = _table(
    "sessions", "sessions", "Every booked session of the window, whatever became of it (C3, O).",
    _id("Derived from the seed, the pair and the session's number (X4)."),
    _user("tutor_id", "Who teaches."),
    _user("student_id", "Who learns."),
    _moment("scheduled_start", "UTC; a quarter hour of main.time_zone, in the window (D, P10).", default=False),
    _moment("actual_start", "Exactly for completed sessions (Q3).", null=True),
    _column("scheduled_duration", Integer(), "Minutes: 30, 45, 60 or 90 (D3).", domain=(1, 600)),
    _column("actual_duration", Integer(), "Minutes; exactly for completed sessions (Q3).", null=True, domain=(1, 600)),
    _column("subject_id", UUID, "Taught by the tutor and studied by the student (Q5).", ForeignKey("subjects.id")),
    _column("session_number", Integer(), "1, 2, 3 … by time for each tutor-student pair (Q2).", domain=(1, 100_000)),
    _column("status", _enum("session_status"), "The outcome (O1-O4).", server_default="scheduled"),
    _flag("tutor_showed_up", "False exactly for no_show_tutor (Q3).", default=True),
    _flag("student_showed_up", "False exactly for no_show_student (Q3).", default=True),
    _column("rescheduled_by", _enum("reschedule_by"), "Exactly for rescheduled sessions (Q3).", null=True),
    _flag("technical_issues", "Only completed sessions have them (O5)."),
    _column("technical_issues_description", Text(), "What went wrong, where something did.", null=True),
    _flag("has_audio_analysis", "Says exactly whether the audio row exists (A1, A5)."),
    _flag("has_video_analysis", "Says exactly whether the video row exists (A2, A5)."),
    _flag("has_screen_monitoring", "Says exactly whether the screen row exists (A3, A5)."),
    _flag("homework_assigned", "Only completed sessions have homework."),
    _flag("follow_up_booked", "The student books again with this tutor (T5, N1, R2).", asset="metrics"),
    _score("overall_session_score", "0-10; exactly for completed sessions (Q3, R6, R8).", asset="metrics"),
    _column("ai_summary", Text(), "Never contradicts the session's numbers (Q8).", null=True, asset="highlights"),
    _moment("completed_at", "actual_start + actual_duration; exactly for completed sessions (Q3).", null=True),
    _created(),
    _within("overall_session_score", 0, 10, "score_check"),
)  # fmt: skip

session_audio_metrics = _table(
    "session_audio_metrics", "metrics", "One row per completed session (A1).",
    _session("The session."),
    _ratio("tutor_talk_ratio", "Share of the time the tutor talks (T1, R1, R5)."),
    _ratio("student_talk_ratio", "Share of the time the student talks (Q7)."),
    _ratio("productive_silence_ratio", "Share of working silence (Q7)."),
    _ratio("awkward_pause_ratio", "Share of awkward silence (Q7)."),
    _score("student_engagement_score", "0-10 (T3, S1, R1, R2, R5)."),
    _score("tutor_enthusiasm_score", "0-10."),
    _column(
        "avg_student_response_delay", Numeric(5, 2, asdecimal=False), "Seconds (S2).", null=True, domain=(0.0, 999.99),
    ),
    _count("long_pauses_count", "Pauses long enough to notice.", 200),
    _count("student_initiated_questions", "Questions the student asked unprompted (S3, R1, R3).", 200),
    _count("student_frustration_count", "Frustration events (S4, R1, R4).", 200),
    _count("student_confusion_count", "Confusion events (R2, R3).", 200),
    _count("positive_moments_count", "Moments of success or delight.", 200),
    _count("tutor_checks_understanding_count", "Times the tutor checked understanding (T2, R2).", 200),
    _count("tutor_positive_reinforcement_count", "Times the tutor praised.", 200),
    _count("concept_re_explanation_count", "Concepts explained a second time.", 200),
    _count("open_ended_questions", "The tutor's open questions.", 200),
    _count("closed_ended_questions", "The tutor's closed questions.", 200),
    _count("rhetorical_questions", "The tutor's rhetorical questions.", 200),
    _created(),
    _within("student_talk_ratio", 0, 1, "student_ratio_check"),
    _within("tutor_talk_ratio", 0, 1, "tutor_ratio_check"),
)  # fmt: skip

session_video_metrics = _table(
    "session_video_metrics", "metrics", "One row per session on camera (A2).",
    _session("The session."),
    _ratio("student_on_screen_attention_pct", "Share of the time the student looks at the lesson, 0-1."),
    _score("student_visual_engagement_score", "0-10."),
    _count("distraction_events_count", "Times the student looked away.", 200),
    _count("confusion_moments_count", "Moments of visible confusion.", 200),
    _flag("tutor_uses_visual_aids", "Drawings, slides, models."),
    _count("student_taking_notes_duration", "Minutes of note-taking (R7).", 600),
    _created(),
    _within("student_on_screen_attention_pct", 0, 1, "attention_check"),
)  # fmt: skip

session_screen_metrics = _table(
    "session_screen_metrics", "metrics", "One row per session with screen monitoring (A3).",
    _session("The session."),
    _ratio("active_tab_focus_pct", "Share of the time the lesson's tab is in front, 0-1."),
    _count("tab_switches_count", "Times the student changed tabs.", 500),
    _count("whiteboard_usage_minutes", "Minutes on the shared whiteboard.", 600),
    _flag("messaging_app_detected", "A messenger was open."),
    _flag("gaming_detected", "A game was open; the score drops to 3.0 (R6)."),
    _created(),
    _within("active_tab_focus_pct", 0, 1, "focus_check"),
)  # fmt: skip

session_feedback = _table(
    "session_feedback", "feedback", "What students said, where they said something (A4).",
    _session("The session."),
    _column("student_satisfaction_rating", Integer(), "Stars, 1-5 (T4, R1, R2, R4).", domain=(1, 5)),
    _column("feedback_text", Text(), "A comment that fits the rating and the session (Q8).", null=True),
    _moment("submitted_at", "Between the session's end and as_of."),
    _within("student_satisfaction_rating", 1, 5, "rating_check"),
)  # fmt: skip

session_feedback_tags = _table(
    "session_feedback_tags", "feedback", "Tags that fit the rating and the session (Q10).",
    _session("The session."),
    _column("tag", _enum("feedback_tag"), "Praise on good ratings, complaints on poor ones.", primary_key=True),
)  # fmt: skip

session_transcript_highlights = _table(
    "session_transcript_highlights", "highlights", "Telling moments of completed sessions (C4, Q8).",
    _id("Derived from the seed, the session and the highlight's number (X4)."),
    _session("The session.", primary_key=False),
    _column(
        "timestamp_seconds", Integer(), "Seconds from the actual start, inside the session (Q8).", domain=(0, 36_000),
    ),
    _column("speaker", _enum("transcript_speaker"), "Plausible for the type (Q8)."),
    _column("text", Text(), "What was said; fits the subject (Q8)."),
    _column("highlight_type", _enum("highlight_type"), "Kind of moment."),
)  # fmt: skip

churn_algorithm_weights = _table(
    "churn_algorithm_weights", "reference", "The platform's weights of churn factors; version 1 sums to 1.",
    _id("Derived from the seed, the version and the factor (X4)."),
    _column("version", Integer(), "Version of the whole set of weights.", domain=(1, 100_000)),
    _column("factor_category", String(50), "What is weighted."),
    _column("weight", Numeric(4, 3, asdecimal=False), "Share of the whole, 0-1.", domain=(0.0, 1.0)),
    _moment("effective_from", "Valid from."),
    _column("notes", Text(), "Why this weight.", null=True),
    _created(),
    _within("weight", 0, 1, "weight_check"),
)  # fmt: skip

churn_weight_history = _table(
    "churn_weight_history", None, "Changes of the churn weights; the seed leaves it empty.",
    _id("Key."),
    _column("version", Integer(), "Version made by the change."),
    _user("changed_by", "Who changed them."),
    _column("change_reason", Text(), "Why."),
    _column(
        "case_study_session_id", UUID, "Session that prompted it.", ForeignKey("sessions.id", ondelete="SET NULL"),
        null=True,
    ),
    _user("case_study_student_id", "Student who prompted it.", null=True, ondelete="SET NULL"),
    _column("old_weights", JSONB, "Before."),
    _column("new_weights", JSONB, "After."),
    _ratio("accuracy_before", "Share right before, 0-1."),
    _ratio("accuracy_after", "Share right after, 0-1."),
    _created(),
    _within("accuracy_after", 0, 1, "accuracy_after_check"),
    _within("accuracy_before", 0, 1, "accuracy_before_check"),
)  # fmt: skip

alerts = _table(
    "alerts", None, "The alert service's output; the seed leaves it empty and states the right answer in truth_alerts.",
    _id("Key."),
    _user("tutor_id", "Whom it is about."),
    _column("alert_type", _enum("alert_type"), "Kind."),
    _column("severity", _enum("alert_severity"), "How bad."),
    _column("title", String(255), "One line."),
    _column("description", Text(), "The whole."),
    _moment("triggered_date", "When."),
    _session("The session, if one.", primary_key=False, null=True, ondelete="SET NULL"),
    _flag("acknowledged", "Seen by somebody."),
    _user("acknowledged_by", "Who saw it.", null=True, ondelete="SET NULL"),
    _moment("acknowledged_at", "When it was seen.", null=True),
    _column("action_taken", Text(), "What was done.", null=True),
    _flag("resolved", "Done with."),
    _moment("resolved_at", "When it was done with.", null=True),
    _created(),
)  # fmt: skip

achievements = _table(
    "achievements", None, "Badges; the seed leaves it empty.",
    _id("Key."),
    _user("tutor_id", "Who earned it."),
    _column("achievement_type", _enum("achievement_type"), "Kind."),
    _column("title", String(255), "One line."),
    _column("description", Text(), "The whole."),
    _column("icon", String(50), "Name of a picture."),
    _column("earned_date", Date(), "When."),
    _flag("is_active", "Shown.", default=True),
    _created(),
)  # fmt: skip

tutor_insights = _table(
    "tutor_insights", None, "Insights the platform derives; the seed leaves it empty.",
    _id("Key."),
    _user("tutor_id", "Whom it is about."),
    _column("insight_type", _enum("insight_type"), "Kind."),
    _column("category", _enum("insight_category"), "What it is about."),
    _column("display_text", Text(), "The words shown."),
    _moment("detected_at", "First seen."),
    _moment("last_confirmed_at", "Last seen.", null=True),
    _flag("is_active", "Still true.", default=True),
    _moment("resolved_at", "No longer true since.", null=True),
    _column("sample_sessions", UUID_LIST, "Sessions that show it.", null=True),
    _column("metric_value", Numeric(5, 2, asdecimal=False), "The figure behind it.", null=True),
)  # fmt: skip

tutor_performance_snapshots = _table(
    "tutor_performance_snapshots", None, "Rolling figures the platform derives; the seed leaves it empty.",
    _id("Key."),
    _user("tutor_id", "Whom it is about."),
    _column("snapshot_date", Date(), "The day it describes."),
    _column("period_type", _enum("snapshot_period"), "daily or weekly."),
    _column("sessions_count", Integer(), "Sessions in the period.", server_default=text("0")),
    _column("avg_session_score", Numeric(3, 2, asdecimal=False), "Mean score.", null=True),
    _column("avg_engagement_score", Numeric(3, 2, asdecimal=False), "Mean engagement.", null=True),
    _column("avg_student_satisfaction", Numeric(3, 2, asdecimal=False), "Mean rating.", null=True),
    _created(),
)  # fmt: skip

coaching_notes = _table(
    "coaching_notes", None, "Notes of coaches; the seed leaves it empty.",
    _id("Key."),
    _user("tutor_id", "Whom it is about."),
    _column("note_type", _enum("coaching_note_type"), "manual or system."),
    _column("content", Text(), "The note."),
    _user("created_by", "Who wrote it.", null=True, ondelete="SET NULL"),
    _created(),
)  # fmt: skip

truth_personas = _table(
    "truth_personas", "answer_key", "Which persona each person was made from (C2).",
    _user("user_id", "The person.", primary_key=True),
    _column("role", _enum("user_role"), "tutor or student."),
    _column("persona", String(64), "Name of the persona in configs/personas.yaml."),
)  # fmt: skip

truth_sessions = _table(
    "truth_sessions", "answer_key", "What was intended for each session.",
    _session("The session."),
    _flag("off_day", "A session on which a good tutor's talk and checks leave the persona's range (T6)."),
    _column("story", String(128), "Name of the story arc the session belongs to, if any.", null=True),
)  # fmt: skip

truth_effects = _table(
    "truth_effects", "answer_key", "Every application of every rule, unrounded, in order (R).",
    _session("The session."),
    _column("metric", String(64), "The column (or probability) the rule acted on.", primary_key=True),
    _column("seq", Integer(), "1, 2, 3 … in the order applied to this metric.", primary_key=True, domain=(1, 1000)),
    _column("rule", String(64), "Name of the rule in configs/correlations.yaml."),
    _column("before", Double(), "Value before the rule acted, unrounded."),
    _column("after", Double(), "Value after the rule acted, unrounded."),
)  # fmt: skip

truth_churn = _table(
    "truth_churn", "answer_key", "Why each student stayed or left (R9).",
    _user("student_id", "The student.", primary_key=True),
    _column("churn_probability", Double(), "0-1; falls as the weighted score rises.", domain=(0.0, 1.0)),
    _column(
        "weighted_session_score", Double(), "Mean score over completed sessions, first sessions twice.", null=True,
        domain=(0.0, 10.0),
    ),
    _flag("churned", "What happened."),
)  # fmt: skip

truth_alerts = _table(
    "truth_alerts", "answer_key", "The alerts a correct alert service raises, by configs/alerts.yaml (P3).",
    _id("Derived from the seed and the alert's subject (X4)."),
    _user("tutor_id", "Whom it is about."),
    _user("student_id", "The student concerned, if one.", null=True),
    _session("The session concerned, if one.", primary_key=False, null=True),
    _column("alert_type", _enum("alert_type"), "Kind, from the platform's enumeration."),
    _column("severity", _enum("alert_severity"), "How bad, from the platform's enumeration."),
    _column("because", Text(), "The figures and the threshold that raise it."),
    _column("source", String(64), "Whose rule raises it: platform (P3) or seed (finer ones of ours)."),
)  # fmt: skip

truth_dashboard = _table(
    "truth_dashboard", "answer_key", "The figures that the platform's dashboard and tutor pages show (P8).",
    _column("scope", String(64), "platform or tutor.", primary_key=True),
    _column("id", USER_ID, "The tutor; the word platform for the whole of it.", primary_key=True, holds="users"),
    _column("metric", String(64), "What is counted or averaged, in the platform's words.", primary_key=True),
    _column("period", String(64), "current (the last 30 days) or previous (the 30 before).", primary_key=True),
    _column("value", Double(), "The figure; shares are 0-1, a risk level is 0 low, 1 medium, 2 high."),
)  # fmt: skip

truth_defects = _table(
    "truth_defects", "answer_key", "Every row that configs/defects.yaml injected; ordinary data has none.",
    _column("table_name", String(64), "The row's table.", primary_key=True),
    _column("row_key", String(300), "The row's primary key, its parts joined by a slash.", primary_key=True),
    _column("defect", String(64), "Name of the kind in configs/defects.yaml.", primary_key=True),
    _flag("valid", "False for the row that a statement of the contract must find."),
    _column("statement", String(16), "ID of that statement; none for valid rows.", null=True),
    _column("because", Text(), "What is special about the scene that the row belongs to."),
)  # fmt: skip

_NAME_LENGTH = 63  # PostgreSQL cuts names there, and so does the platform's schema tool


def _name_constraints(table: Table) -> None:
    """Give keys and references the names that the platform's schema tool forms; PostgreSQL names other keys alike."""
    keys = [column.name for column in table.primary_key]
    if len(keys) > 1:
        table.primary_key.name = "_".join([table.name, *keys, "pk"])[:_NAME_LENGTH]
    for key in table.foreign_keys:
        words = (table.name, key.parent.name, key.column.table.name, key.column.name, "fk")
        key.constraint.name = "_".join(words)[:_NAME_LENGTH]  # type: ignore[union-attr]


for _each in metadata.tables.values():
    _name_constraints(_each)

ANSWER_KEY = tuple(name for name in metadata.tables if name.startswith("truth_"))
PLATFORM = tuple(name for name in metadata.tables if name not in ANSWER_KEY)
ASSETS = tuple(dict.fromkeys(table.info["asset"] for table in metadata.tables.values() if table.info["asset"]))
"""Every asset that has a part in a released table: whoever makes rows before whoever fills their columns."""
FILLED = tuple(name for name, table in metadata.tables.items() if table.info["asset"])


def columns_made_by(asset: str, table: str) -> list[str]:
    """The columns of `table` that `asset` fills, keys first: empty when it has no part in the table."""
    definition = metadata.tables[table]
    own = [c.name for c in definition.columns if c.info.get("asset", definition.info["asset"]) == asset]
    keys = [c.name for c in definition.primary_key]
    return [*[k for k in keys if k not in own], *own] if own else []


def makes_rows(asset: str, table: str) -> bool:
    """Whether the asset adds rows to the table, rather than columns to another asset's rows or working figures."""
    definition = metadata.tables.get(table)
    return definition is not None and (definition.info["asset"] == asset or not columns_made_by(asset, table))


def is_number(column: Column) -> bool:
    """Whether a column holds numbers or flags."""
    return column.type.python_type in (int, float, bool)


def decimals(column: Column) -> int:
    """Decimals that a column of numbers keeps; 0 for whole numbers."""
    return getattr(column.type, "scale", None) or 0


_KINDS: tuple[tuple[type, str], ...] = (
    (Enum, "enum"),
    (Boolean, "bool"),
    (Integer, "int"),
    (Numeric, "float"),
    (Float, "float"),
    (Date, "date"),
    (DateTime, "timestamp"),
    (JSON, "json"),
)


def kind(column: Column) -> str:
    """One of text, enum, json, timestamp, date, int, float, bool."""
    return next((name for type_, name in _KINDS if isinstance(column.type, type_)), "text")
