"""Saboteurs of C, O and A."""

import pandas as pd

from seed_pipeline_tests.quality.saboteur import COHORTS, LARGE, Data, breaks, engine


@breaks("C1_cast")
def one_more_student(d: Data) -> None:
    d.add("users", -1, id="student_extra", email="extra@example.com", role="student")
    d.add("students", -1, user_id="student_extra")


@breaks("C2_personas")
def one_student_of_another_persona(d: Data) -> None:
    someone = d["truth_personas"].query("persona == 'average'")["user_id"].iloc[0]
    d.put("truth_personas", [someone], "persona", "engaged")


@breaks("C3_sessions")
def a_session_lost_with_all_that_hangs_on_it(d: Data) -> None:
    gone = d.sessions("status == 'completed' and has_video_analysis", 1)
    for table, frame in d.tables.items():
        if "session_id" in frame:
            d.drop(table, gone)
    d.drop("sessions", gone, "id")


@breaks("C4_completed", "O1_completed")
def one_completed_session_rescheduled(d: Data) -> None:
    d.put("sessions", d.sessions("status == 'completed'", 1), "status", "rescheduled")


@breaks("C4_feedback", "A4_feedback")
def one_feedback_lost(d: Data) -> None:
    gone = d["session_feedback"]["session_id"][:1]
    for table in ("session_feedback", "session_feedback_tags"):
        d.drop(table, gone)


@breaks("C4_highlights")
def one_highlight_lost(d: Data) -> None:
    d.drop("session_transcript_highlights", d["session_transcript_highlights"]["id"][:1], "id")


@breaks("C5_cohorts", base=COHORTS)
def somebody_books_in_another_cohort(d: Data) -> None:
    far = d["sessions"]["tutor_id"].iloc[-1]
    d["sessions"].loc[0, "tutor_id"] = far


engine("C4_highlights", "3.0 highlights a session", "probabilities.availability.highlights=3.0")
engine(
    "C1_cast",
    "nine average students",
    "personas.students.average.count=9",
    "probabilities.booking.average_star_taught.count=5",
)


def _become(d: Data, query: str, n: int, status: str) -> None:
    d.put("sessions", d.sessions(query, n), "status", status)


@breaks("O2_student_no_shows")
def three_more_students_missing(d: Data) -> None:
    _become(d, "status == 'completed'", 4, "no_show_student")


@breaks("O3_tutor_no_shows")
def five_more_tutors_missing(d: Data) -> None:
    _become(d, "status == 'completed'", 5, "no_show_tutor")


@breaks("O4_rescheduled")
def all_rescheduled_missed_instead(d: Data) -> None:
    _become(d, "status == 'rescheduled'", 3, "no_show_student")


@breaks("O5_technical_issues")
def two_more_technical_issues(d: Data) -> None:
    d.put("sessions", d.sessions("status == 'completed' and not technical_issues", 2), "technical_issues", True)


@breaks("O6_tutor_no_show_rates")
def no_shows_of_others_laid_on_a_star(d: Data) -> None:
    _become(d, "status == 'no_show_tutor' and tutor in ['solid', 'struggling']", 2, "completed")
    _become(d, "status == 'completed' and tutor == 'star'", 2, "no_show_tutor")


_OUTCOMES = "{completed: 0.88, no_show_student: 0.045, rescheduled: 0.02, no_show_tutor: 0.055"
_OUTCOMES += ", rescheduled_by_tutor: 0.4, technical_issues: 0.05, technical_issues_first_session: 1.6}"
engine(
    "O6_tutor_no_show_rates",
    "star tutors miss 4 %",
    "personas.tutors.star.no_show=0.04",
    f"probabilities.outcomes={_OUTCOMES}",
    base=LARGE,
)
engine(
    "O1_completed",
    "87 % completed",
    "probabilities.outcomes.completed=0.87",
    "probabilities.outcomes.no_show_student=0.07",
)
engine("O5_technical_issues", "6 % technical issues", "probabilities.outcomes.technical_issues=0.06")


@breaks("O7_busy_tutors")
def an_idle_tutor(d: Data) -> None:
    weak = d["truth_personas"].query("persona == 'at_risk'")["user_id"].iloc[0]
    other = d["truth_personas"].query("persona == 'star'")["user_id"].iloc[0]
    d["sessions"]["tutor_id"] = d["sessions"]["tutor_id"].replace({weak: other})


@breaks("O7_busy_students")
def an_idle_student(d: Data) -> None:
    first, second = d["sessions"]["student_id"].unique()[:2]
    d["sessions"]["student_id"] = d["sessions"]["student_id"].replace({first: second})


@breaks("O8_no_other_status")
def a_cancelled_session(d: Data) -> None:
    _become(d, "status == 'rescheduled'", 1, "cancelled")


@breaks("A1_audio")
def one_recording_lost(d: Data) -> None:
    d.drop("session_audio_metrics", d["session_audio_metrics"]["session_id"][:1])


def _metrics_of_a_session_nobody_attended(d: Data, table: str) -> None:
    d.add(table, session_id=d.sessions("status == 'no_show_student'", 1)[0])


@breaks("A1_audio_of_completed")
def a_recording_of_a_session_nobody_attended(d: Data) -> None:
    _metrics_of_a_session_nobody_attended(d, "session_audio_metrics")


@breaks("A2_video_of_completed")
def a_video_of_a_session_nobody_attended(d: Data) -> None:
    _metrics_of_a_session_nobody_attended(d, "session_video_metrics")


@breaks("A3_screen_of_completed")
def a_screen_of_a_session_nobody_attended(d: Data) -> None:
    _metrics_of_a_session_nobody_attended(d, "session_screen_metrics")


@breaks("A4_feedback_of_completed")
def feedback_on_a_session_nobody_attended(d: Data) -> None:
    _metrics_of_a_session_nobody_attended(d, "session_feedback")


@breaks("A2_video", "A5_flags")
def one_video_lost(d: Data) -> None:
    d.drop("session_video_metrics", d["session_video_metrics"]["session_id"][:1])


@breaks("A3_screen")
def one_screen_lost(d: Data) -> None:
    gone = pd.Index(d["session_screen_metrics"]["session_id"][:1])
    d.drop("session_screen_metrics", gone)
    d.put("sessions", gone, "has_screen_monitoring", False)


@breaks("A5_flags")
def one_flag_flipped(d: Data) -> None:
    d.put("sessions", d.sessions("has_screen_monitoring", 1), "has_screen_monitoring", False)


engine("A2_video", "51 % on camera", "probabilities.availability.video=0.51")
engine("A3_screen", "42 % with monitoring", "probabilities.availability.screen=0.42")
