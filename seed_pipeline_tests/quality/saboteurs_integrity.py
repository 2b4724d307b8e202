"""Saboteurs of Q."""

import numpy as np
import pandas as pd

from seed_pipeline_tests.quality.saboteur import Data, breaks


@breaks("Q1_reference")
def two_users_with_one_address(d: Data) -> None:
    d["users"].loc[1, "email"] = d["users"].loc[0, "email"]


@breaks("Q1_tutors")
def a_tutor_without_a_user(d: Data) -> None:
    d["tutors"].loc[0, "user_id"] = "tutor_nobody"


@breaks("Q1_tutors")
def a_rate_of_four_digits(d: Data) -> None:
    d["tutors"].loc[0, "hourly_rate"] = 1000.0


@breaks("Q1_students")
def a_grade_that_does_not_exist(d: Data) -> None:
    d["students"].loc[0, "grade_level"] = "13th"


@breaks("Q1_students")
def a_subject_that_does_not_exist(d: Data) -> None:
    d["student_subjects"].loc[0, "subject_id"] = "00000000-0000-0000-0000-000000000000"


@breaks("Q1_sessions")
def two_sessions_with_one_id(d: Data) -> None:
    d["sessions"].loc[1, "id"] = d["sessions"].loc[0, "id"]


@breaks("Q1_sessions")
def a_session_without_a_student(d: Data) -> None:
    d["sessions"].loc[0, "student_id"] = None


@breaks("Q1_metrics")
def a_ratio_above_one(d: Data) -> None:
    d["session_audio_metrics"].loc[0, "student_talk_ratio"] = 1.2


@breaks("Q1_metrics")
def metrics_of_no_session(d: Data) -> None:
    d["session_video_metrics"].loc[0, "session_id"] = "00000000-0000-0000-0000-000000000000"


@breaks("Q1_metrics")
def a_score_with_two_decimals(d: Data) -> None:
    d["session_audio_metrics"].loc[0, "student_engagement_score"] = 7.25


@breaks("Q1_feedback")
def six_stars(d: Data) -> None:
    d["session_feedback"].loc[0, "student_satisfaction_rating"] = 6


@breaks("Q1_feedback")
def a_tag_given_twice(d: Data) -> None:
    d.add("session_feedback_tags")


@breaks("Q1_highlights")
def a_highlight_without_words(d: Data) -> None:
    d["session_transcript_highlights"].loc[0, "text"] = None


@breaks("Q1_churn")
def a_reason_of_no_student(d: Data) -> None:
    d["student_churn_reasons"].loc[0, "student_id"] = "student_nobody"


@breaks("Q1_churn")
def a_status_that_does_not_exist(d: Data) -> None:
    d["students"].loc[0, "status"] = "bored"


@breaks("Q1_answer_key")
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


@breaks("Q2_session_numbers")
def a_number_skipped(d: Data) -> None:
    last = d["sessions"]["session_number"].idxmax()
    d["sessions"].loc[last, "session_number"] += 1


@breaks("Q2_session_numbers")
def two_sessions_of_a_pair_in_the_wrong_order(d: Data) -> None:
    frame = d["sessions"]
    pair = frame[frame.groupby(["tutor_id", "student_id"])["id"].transform("size") > 1]
    first, second = pair.sort_values(["tutor_id", "student_id", "session_number"]).index[:2]
    starts = frame.loc[[second, first], "scheduled_start"].to_numpy()
    frame.loc[[first, second], "scheduled_start"] = starts


def _breaks_outcome(name: str, query: str, column: str, value: object, statement: str = "Q3_outcomes") -> None:
    def harm(d: Data) -> None:
        d.put("sessions", d.sessions(query, 1), column, value)

    harm.__name__ = name
    breaks(statement)(harm)


_DONE = "status == 'completed'"
_MISSED = "status == 'no_show_tutor'"
_breaks_outcome("the_tutor_showed_up_for_a_tutor_no_show", _MISSED, "tutor_showed_up", True)
_breaks_outcome("the_student_missed_a_completed_session", _DONE, "student_showed_up", False)
_breaks_outcome("a_completed_session_rescheduled_by_the_tutor", _DONE, "rescheduled_by", "tutor")
_breaks_outcome("a_completed_session_without_a_start", _DONE, "actual_start", pd.NaT)
_breaks_outcome("a_completed_session_without_a_length", _DONE, "actual_duration", pd.NA)
_breaks_outcome("a_missed_session_that_ended", _MISSED, "completed_at", pd.Timestamp("2026-11-01"))
_breaks_outcome("a_session_that_ended_too_late", _DONE, "completed_at", pd.Timestamp("2027-01-01"))
_breaks_outcome("trouble_that_nobody_describes", f"{_DONE} and not technical_issues", "technical_issues", True)
_breaks_outcome("homework_of_a_session_nobody_attended", _MISSED, "homework_assigned", True)
_breaks_outcome("a_score_of_a_session_nobody_attended", _MISSED, "overall_session_score", 5.0, "Q3_scores")
_breaks_outcome("a_completed_session_without_a_score", _DONE, "overall_session_score", np.nan, "Q3_scores")
_breaks_outcome("a_follow_up_of_a_session_nobody_attended", _MISSED, "follow_up_booked", True, "Q3_scores")


@breaks("Q4_no_overlaps")
def a_tutor_in_two_places(d: Data) -> None:
    tutor = d["sessions"].loc[0, "tutor_id"]
    other = d["sessions"].query(f"tutor_id == {tutor!r}").index[1]
    d["sessions"].loc[other, "scheduled_start"] = d["sessions"].loc[0, "scheduled_start"] + pd.Timedelta("15min")


@breaks("Q4_no_overlaps")
def a_session_that_runs_into_the_next(d: Data) -> None:
    done = d.facts.query("status == 'completed'").sort_values(["tutor_id", "actual_start"])
    gap = done["actual_start"].shift(-1) - done["actual_start"]
    row = gap.where(done["tutor_id"].shift(-1) == done["tutor_id"]).idxmin()
    d["sessions"].loc[row, "actual_duration"] = int(gap[row].total_seconds() // 60) + 1


@breaks("Q5_subjects")
def a_subject_that_the_tutor_does_not_teach(d: Data) -> None:
    d.drop("tutor_subjects", d["sessions"]["tutor_id"][:1], "tutor_id")


@breaks("Q5_subjects")
def a_subject_that_the_student_does_not_study(d: Data) -> None:
    d.drop("student_subjects", d["sessions"]["student_id"][:1], "student_id")


@breaks("Q6_joined")
def a_student_enrolled_after_the_first_session(d: Data) -> None:
    d["students"].loc[0, "enrolled_since"] = pd.Timestamp(d.settings.main.as_of)


@breaks("Q6_joined")
def an_account_opened_too_late(d: Data) -> None:
    d.put("users", d["tutors"]["user_id"][:1], "created_at", pd.Timestamp(d.settings.main.as_of))


@breaks("Q6_churned")
def a_session_after_leaving(d: Data) -> None:
    gone = d["students"].query("status == 'churned'")["user_id"].iloc[0]
    first = d["sessions"].query(f"student_id == {gone!r}")["scheduled_start"].min()
    d.put("students", [gone], "churned_date", first.normalize() - pd.Timedelta("1D"))


@breaks("Q6_churned")
def a_student_leaves_without_a_reason(d: Data) -> None:
    d.drop("student_churn_reasons", d["student_churn_reasons"]["student_id"][:1], "student_id")


@breaks("Q6_churned")
def a_date_of_leaving_of_one_who_stays(d: Data) -> None:
    d.put(
        "students", d["students"].query("status == 'active'")["user_id"][:1], "churned_date", pd.Timestamp("2026-11-10")
    )


@breaks("Q7_talk_adds_up")
def a_hundredth_of_the_time_missing(d: Data) -> None:
    d["session_audio_metrics"].loc[0, "student_talk_ratio"] -= 0.01


def _highlight(d: Data, **values: object) -> None:
    for column, value in values.items():
        d["session_transcript_highlights"].loc[0, column] = value


@breaks("Q8_highlights")
def a_highlight_after_the_end(d: Data) -> None:
    _highlight(d, timestamp_seconds=35_000)


@breaks("Q8_highlights")
def two_highlights_at_one_moment(d: Data) -> None:
    frame = d["session_transcript_highlights"]
    twins = frame[frame["session_id"].duplicated(keep=False)].sort_values("session_id").index[:2]
    frame.loc[twins, "timestamp_seconds"] = 60


@breaks("Q8_highlights")
def a_student_gives_the_praise(d: Data) -> None:
    _highlight(d, highlight_type="positive_reinforcement", speaker="student")


@breaks("Q8_highlights")
def a_highlight_of_a_session_nobody_attended(d: Data) -> None:
    _highlight(d, session_id=d.sessions(_MISSED, 1)[0])


@breaks("Q8_highlight_claims")
def an_unfilled_slot(d: Data) -> None:
    _highlight(d, text="So, what about {topic}?")


@breaks("Q8_highlight_claims")
def homework_that_was_never_set(d: Data) -> None:
    d.put(
        "sessions",
        d.sessions(f"{_DONE} and not homework_assigned", 1),
        "ai_summary",
        "They talked. Homework was assigned.",
    )


@breaks("Q8_highlight_claims")
def a_lesson_of_another_length(d: Data) -> None:
    d.put("sessions", d.sessions(_DONE, 1), "ai_summary", "They spent 17 minutes on it.")


@breaks("Q8_feedback_claims")
def a_comment_on_trouble_that_never_was(d: Data) -> None:
    d.put(
        "session_feedback",
        d.sessions("student_satisfaction_rating > 0 and not technical_issues", 1),
        "feedback_text",
        "The call kept dropping.",
    )


@breaks("Q8_feedback_claims")
def a_delighted_comment_with_one_star(d: Data) -> None:
    one = d.sessions("student_satisfaction_rating > 0", 1)
    d.put("session_feedback", one, "student_satisfaction_rating", 1)
    d.put("session_feedback", one, "feedback_text", "Best lesson ever, loved it!")


def _foreign(d: Data, session: str) -> str:
    """A topic of another subject than the session's."""
    own = d.facts.set_index("id").loc[session, "subject_id"]
    name = d["subjects"].set_index("id").loc[own, "name"]
    other = next(s for s in d.settings.text.subjects.subjects if s.name != name)
    return next(t for t in other.topics if " " in t)


@breaks("Q8_highlight_topics")
def a_highlight_on_another_subject(d: Data) -> None:
    session = d["session_transcript_highlights"].loc[0, "session_id"]
    _highlight(d, text=f"Now I understand {_foreign(d, session)}!")


@breaks("Q8_feedback_topics")
def a_comment_on_another_subject(d: Data) -> None:
    d["session_feedback"].loc[0, "feedback_text"] = (
        f"I liked {_foreign(d, d['session_feedback'].loc[0, 'session_id'])}."
    )


@breaks("Q9_people")
def an_address_that_may_exist(d: Data) -> None:
    d["users"].loc[3, "email"] = "jo@gmail.com"


@breaks("Q9_people")
def a_picture_on_a_server_that_may_exist(d: Data) -> None:
    d["users"].loc[3, "avatar_url"] = "https://pictures.com/example.com/a.png"


@breaks("Q9_people")
def somebody_with_one_name(d: Data) -> None:
    d["users"].loc[3, "name"] = "Plato"


@breaks("Q9_profiles")
def a_phone_number_in_a_profile(d: Data) -> None:
    d["tutors"].loc[0, "bio"] = "Call me at (212) 867-5309."


@breaks("Q9_comments")
def an_address_in_a_comment(d: Data) -> None:
    d["session_feedback"].loc[0, "feedback_text"] = "Write to jo@mail.org for more."


@breaks("Q9_highlights")
def a_link_in_a_highlight(d: Data) -> None:
    _highlight(d, text="Look at https://wikipedia.org for that.")


@breaks("Q9_surveys")
def a_phone_number_in_a_survey(d: Data) -> None:
    d.put(
        "students",
        d["students"].query("status == 'churned'")["user_id"][:1],
        "churn_survey_response",
        "Call 212-867-5309.",
    )


def _tagged(d: Data, query: str, tag: str) -> None:
    d.drop("session_feedback_tags", [tag], "tag")
    d.add("session_feedback_tags", session_id=d.sessions(query, 1)[0], tag=tag)


@breaks("Q10_tags")
def praise_with_two_stars(d: Data) -> None:
    one = d.sessions("student_satisfaction_rating > 0", 1)
    d.put("session_feedback", one, "student_satisfaction_rating", 2)
    _tagged(d, f"id == '{one[0]}'", "patient")


@breaks("Q10_tags")
def a_complaint_with_five_stars(d: Data) -> None:
    _tagged(d, "student_satisfaction_rating == 5", "too_fast")


@breaks("Q10_tags")
def too_much_talking_where_talk_is_low(d: Data) -> None:
    one = d.sessions("student_satisfaction_rating > 0 and tutor_talk_ratio < 0.5", 1)
    d.put("session_feedback", one, "student_satisfaction_rating", 3)
    _tagged(d, f"id == '{one[0]}'", "too_much_talking")


@breaks("Q10_tags")
def technical_issues_that_never_were(d: Data) -> None:
    _tagged(d, "student_satisfaction_rating > 0 and not technical_issues", "technical_issues")
