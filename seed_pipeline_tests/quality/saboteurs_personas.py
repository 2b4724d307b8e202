"""Saboteurs of T, S and D."""

import numpy as np
import pandas as pd

from seed_pipeline_tests.quality.saboteur import LARGE, Data, breaks, engine


@breaks("T1_talk")
def one_star_talks_too_much(d: Data) -> None:
    d.put(
        "session_audio_metrics",
        d.sessions("tutor == 'star' and status == 'completed' and not off_day", 1),
        "tutor_talk_ratio",
        0.46,
    )


@breaks("T2_checks")
def one_star_checks_too_little(d: Data) -> None:
    one = d.sessions("tutor == 'star' and status == 'completed' and not off_day", 1)
    d.put("session_audio_metrics", one, "tutor_checks_understanding_count", 9)


@breaks("T1_talk", "T2_checks", "T4_rating")
def two_tutors_swap_personas(d: Data) -> None:
    people = d["truth_personas"].query("role == 'tutor'").drop_duplicates("persona").set_index("persona")["user_id"]
    d.put("truth_personas", [people["solid"]], "persona", "struggling")
    d.put("truth_personas", [people["struggling"]], "persona", "solid")


@breaks("T3_engagement")
def solid_tutors_engage_too_little(d: Data) -> None:
    ids = d.sessions("tutor == 'solid' and status == 'completed'")
    audio = d["session_audio_metrics"]
    audio.loc[audio["session_id"].isin(ids), "student_engagement_score"] -= 1.6


@breaks("T4_rating")
def a_star_is_rated_badly(d: Data) -> None:
    d.put(
        "session_feedback",
        d.sessions("tutor == 'star' and student_satisfaction_rating > 3", 8),
        "student_satisfaction_rating",
        2,
    )


@breaks("T5_first_session_success")
def two_pairs_do_not_meet_again(d: Data) -> None:
    query = "tutor == 'star' and session_number == 1 and status == 'completed' and follow_up_booked"
    d.put("sessions", d.sessions(query, 2), "follow_up_booked", False)


@breaks("T6_off_days")
def no_off_days(d: Data) -> None:
    d["truth_sessions"]["off_day"] = False


@breaks("T6_off_days")
def an_off_day_like_any_other_day(d: Data) -> None:
    d.put("truth_sessions", d.sessions("tutor == 'star' and status == 'completed' and not off_day", 1), "off_day", True)


engine(
    "T1_talk",
    "stars talk up to 0.49",
    "personas.tutors.star.talk_ratio=[0.35, 0.49]",
    "personas.tutors.star.off_days={share: 0.04, talk_ratio: [0.5, 0.64], understanding_checks: [4, 8]}",
)
engine("T6_off_days", "15 % off days", "personas.tutors.star.off_days.share=0.15")
engine(
    "T5_first_session_success",
    "solid tutors fail in every second first session",
    "personas.tutors.solid.first_session_success=0.5",
)


@breaks("S1_engagement")
def average_students_too_engaged(d: Data) -> None:
    audio = d["session_audio_metrics"]
    mine = audio["session_id"].isin(d.sessions("student == 'average' and status == 'completed'"))
    audio.loc[mine, "student_engagement_score"] = np.minimum(10.0, audio.loc[mine, "student_engagement_score"] + 0.9)


@breaks("S1_engagement", "S2_response_delay", "S3_questions_mean", "S3_questions_untouched")
def two_student_personas_swapped(d: Data) -> None:
    d.swap("truth_personas", "persona", "engaged", "struggling")


@breaks("S2_response_delay")
def three_slow_answers(d: Data) -> None:
    d.put(
        "session_audio_metrics",
        d.sessions("student == 'engaged' and status == 'completed'", 5),
        "avg_student_response_delay",
        3.5,
    )


@breaks("S3_questions_mean")
def struggling_students_ask_too_much(d: Data) -> None:
    d.put(
        "session_audio_metrics",
        d.sessions("student == 'struggling' and status == 'completed'"),
        "student_initiated_questions",
        3,
    )


@breaks("S3_questions_untouched")
def one_question_too_many(d: Data) -> None:
    touched = set(d["truth_effects"].query("metric == 'student_initiated_questions'")["session_id"])
    ids = [i for i in d.sessions("student == 'average' and status == 'completed'") if i not in touched]
    d.put("session_audio_metrics", ids[:1], "student_initiated_questions", 6)


@breaks("S3_questions_untouched")
def one_question_too_many_with_a_rule_to_blame(d: Data) -> None:
    calm = "student == 'average' and status == 'completed' and session_number > 1 and tutor_talk_ratio <= 0.65"
    ids = d.sessions(calm)[:1]
    d.put("session_audio_metrics", ids, "student_initiated_questions", 6)
    d.add("truth_effects", session_id=ids[0], metric="student_initiated_questions", seq=1)


@breaks("S4_frustration")
def three_more_frustrated(d: Data) -> None:
    touched = set(d["truth_effects"].query("metric == 'student_frustration_count'")["session_id"])
    calm = d.sessions("student == 'average' and student_frustration_count == 0")
    d.put("session_audio_metrics", [i for i in calm if i not in touched][:5], "student_frustration_count", 1)


@breaks("S5_feedback")
def engaged_students_fall_silent(d: Data) -> None:
    gone = d.sessions("student == 'engaged' and student_satisfaction_rating > 0", 9)
    quiet = d.sessions("student == 'struggling' and status == 'completed' and student_satisfaction_rating.isna()", 9)
    d["session_feedback"]["session_id"] = d["session_feedback"]["session_id"].replace(
        dict(zip(gone, quiet, strict=True))
    )


@breaks("S6_churn")
def two_more_average_students_leave(d: Data) -> None:
    people = d["truth_personas"].query("persona == 'average'")["user_id"]
    here = d["students"].query("status == 'active'")["user_id"]
    d.put("students", here[here.isin(people)][:2], "status", "churned")


@breaks("S7_engaged_get_frustrated")
def engaged_students_never_frustrated(d: Data) -> None:
    d.put(
        "session_audio_metrics",
        d.sessions("student == 'engaged' and status == 'completed'"),
        "student_frustration_count",
        0,
    )


engine("S4_frustration", "average students frustrated in 25 %", "personas.students.average.frustration=0.25")
engine("S2_response_delay", "one answer in five outside", "probabilities.events.reply_delay_outside=0.2")
engine("S6_churn", "half of the average churn", "personas.students.average.churn=0.5")


def _shifted(d: Data, delta: str, which: object = slice(None)) -> None:
    for column in ("scheduled_start", "actual_start", "completed_at"):
        d["sessions"].loc[which, column] += pd.Timedelta(delta)


@breaks("D0_window")
def one_session_before_the_window(d: Data) -> None:
    d["sessions"].loc[d["sessions"]["scheduled_start"].idxmin(), "scheduled_start"] -= pd.Timedelta("30D")


@breaks("D0_window")
def one_session_at_an_odd_minute(d: Data) -> None:
    d["sessions"].loc[0, "scheduled_start"] += pd.Timedelta("7min")


@breaks("D1_peak_hours")
def the_hours_shifted_by_five(d: Data) -> None:
    _shifted(d, "-5h")


@breaks("D1_peak_hours", base=LARGE)
def the_last_peak_hour_emptied(d: Data) -> None:
    start = d["sessions"]["scheduled_start"]
    _shifted(d, "1h", start.dt.hour == 19)


@breaks("D2_busy_weekdays")
def the_week_shifted_by_three_days(d: Data) -> None:
    close = pd.Timestamp(d.settings.main.as_of)
    _shifted(d, "3D")
    late = d["sessions"]["scheduled_start"] >= close
    _shifted(d, "-30D", late)


@breaks("D2_busy_weekdays", base=LARGE)
def thursday_moved_to_friday(d: Data) -> None:
    thursday = d["sessions"]["scheduled_start"].dt.day_of_week == 3
    _shifted(d, "1D", thursday & (thursday.cumsum() % 2 == 0))


@breaks("D3_durations")
def short_sessions_instead_of_an_hour(d: Data) -> None:
    d.put("sessions", d.sessions("scheduled_duration == 60", 30), "scheduled_duration", 30)


@breaks("D3_durations")
def a_session_of_75_minutes(d: Data) -> None:
    d.put("sessions", d.sessions("scheduled_duration == 60", 1), "scheduled_duration", 75)


@breaks("D4_recency")
def time_runs_backwards(d: Data) -> None:
    opened = pd.Timestamp(d.settings.main.as_of) - pd.Timedelta("30D")
    start = d["sessions"]["scheduled_start"]
    day = start.dt.normalize()
    d["sessions"]["scheduled_start"] = (
        opened + (pd.Timestamp(d.settings.main.as_of) - pd.Timedelta("1D") - day) + (start - day)
    )


engine(
    "D1_peak_hours",
    "the peak before noon",
    "probabilities.time.hours={8: 13, 9: 15, 10: 14, 11: 12, 12: 10, 15: 2, 16: 3, 17: 1, 18: 1}",
)
engine(
    "D2_busy_weekdays",
    "weekends busiest",
    "probabilities.time.weekdays={monday: 0.8, tuesday: 0.5, wednesday: 0.5, thursday: 0.5, friday: 1.6, "
    "saturday: 2, sunday: 2}",
)
