"""Saboteurs of P10 and Q2 to Q7."""

import numpy as np
import pandas as pd

from seed_pipeline_tests.quality.saboteur import Data, breaks


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


@breaks("P10_time_zone", base=["main.time_zone=America/New_York"])
def times_stored_as_the_clocks_show_them(d: Data) -> None:
    d["sessions"]["scheduled_start"] -= pd.Timedelta("5h")
