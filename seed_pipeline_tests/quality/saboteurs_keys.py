"""Saboteurs of Q1: keys and references by its statements, types, nulls and domains by the check `schema`."""

from seed_pipeline_tests.quality.saboteur import Data, breaks


@breaks("Q1_reference")
def two_users_with_one_address(d: Data) -> None:
    d["users"].loc[1, "email"] = d["users"].loc[0, "email"]


@breaks("Q1_tutors")
def a_tutor_without_a_user(d: Data) -> None:
    d["tutors"].loc[0, "user_id"] = "tutor_nobody"


@breaks("schema")
def a_rate_of_four_digits(d: Data) -> None:
    d["tutors"].loc[0, "hourly_rate"] = 1000.0


@breaks("schema")
def a_grade_that_does_not_exist(d: Data) -> None:
    d["students"].loc[0, "grade_level"] = "13th"


@breaks("Q1_students")
def a_subject_that_does_not_exist(d: Data) -> None:
    d["student_subjects"].loc[0, "subject_id"] = "00000000-0000-0000-0000-000000000000"


@breaks("Q1_sessions")
def two_sessions_with_one_id(d: Data) -> None:
    d["sessions"].loc[1, "id"] = d["sessions"].loc[0, "id"]


@breaks("schema")
def a_session_without_a_student(d: Data) -> None:
    d["sessions"].loc[0, "student_id"] = None


@breaks("schema")
def a_ratio_above_one(d: Data) -> None:
    d["session_audio_metrics"].loc[0, "student_talk_ratio"] = 1.2


@breaks("Q1_metrics")
def metrics_of_no_session(d: Data) -> None:
    d["session_video_metrics"].loc[0, "session_id"] = "00000000-0000-0000-0000-000000000000"


@breaks("schema")
def a_score_with_two_decimals(d: Data) -> None:
    d["session_audio_metrics"].loc[0, "student_engagement_score"] = 7.25


@breaks("schema")
def six_stars(d: Data) -> None:
    d["session_feedback"].loc[0, "student_satisfaction_rating"] = 6


@breaks("Q1_feedback")
def a_tag_given_twice(d: Data) -> None:
    d.add("session_feedback_tags")


@breaks("Q1_highlights")
def two_highlights_with_one_id(d: Data) -> None:
    d["session_transcript_highlights"].loc[1, "id"] = d["session_transcript_highlights"].loc[0, "id"]


@breaks("schema")
def a_highlight_without_words(d: Data) -> None:
    d["session_transcript_highlights"].loc[0, "text"] = None


@breaks("Q1_churn")
def a_reason_of_no_student(d: Data) -> None:
    d["student_churn_reasons"].loc[0, "student_id"] = "student_nobody"


@breaks("schema")
def a_status_that_does_not_exist(d: Data) -> None:
    d["students"].loc[0, "status"] = "bored"


@breaks("schema")
def a_churn_probability_above_one(d: Data) -> None:
    d["truth_churn"].loc[0, "churn_probability"] = 1.01


@breaks("Q1_answer_key")
def an_effect_on_no_session(d: Data) -> None:
    d["truth_effects"].loc[0, "session_id"] = "00000000-0000-0000-0000-000000000000"


@breaks("Q1_metrics")
def a_table_lost(d: Data) -> None:
    del d.tables["session_screen_metrics"]


@breaks("Q1_sessions")
def a_column_lost(d: Data) -> None:
    d.tables["sessions"] = d["sessions"].drop(columns="homework_assigned")
