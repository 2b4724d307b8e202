"""Saboteurs of what the platform's services make of the people (P1, P2, P4 to P7, P9)."""

import pandas as pd

from seed_pipeline_tests.quality.saboteur import Data, breaks

DEMO = (
    "main.total_sessions=330", "main.days=60", "main.cohort.sessions=330", "probabilities.time.recency=1.6",
    "probabilities.fading.until=[0.8, 0.95]",
    "probabilities.stories.courses=[{tutors: solid, tutor: 1, change: -2.8}, {tutors: solid, tutor: 2, change: 1.2}]",
)  # fmt: skip
"""Two periods of 30 days, one tutor falling and one rising, as the preset demo has them."""


@breaks("P1_weak_tutors_found")
def an_at_risk_tutor_who_always_came(d: Data) -> None:
    missed = d.sessions("status == 'no_show_tutor' and tutor == 'at_risk'")
    d.put("sessions", missed, "status", "no_show_student")


@breaks("P1_weak_tutors_found")
def a_struggling_tutor_who_checks_often(d: Data) -> None:
    mine = d.sessions("status == 'completed' and tutor == 'struggling'")
    d.put("session_audio_metrics", mine, "tutor_checks_understanding_count", 5)


@breaks("P2_good_tutors_spared")
def one_star_misses_twice(d: Data) -> None:
    missed = d.facts.query("status == 'no_show_tutor' and tutor == 'star'")
    assert len(missed) == 2
    d.put("sessions", missed["id"], "tutor_id", missed["tutor_id"].iloc[0])


@breaks("P4_churn_risk")
def the_students_with_most_sessions_leave(d: Data) -> None:
    students = d["students"]
    often = (
        d["sessions"].groupby("student_id").size().sort_values().index[-int((students["status"] == "churned").sum()) :]
    )
    students["status"] = students["user_id"].isin(often).map({True: "churned", False: "active"})


@breaks("P4_churn_risk")
def a_weight_that_the_platform_does_not_know(d: Data) -> None:
    d["churn_algorithm_weights"].loc[0, "factor_category"] = "session_score_trend"


@breaks("P4_churn_risk")
def weights_that_do_not_add_up(d: Data) -> None:
    d["churn_algorithm_weights"].loc[0, "weight"] += 0.1


@breaks("P5_few_tutors")
def everybody_meets_everybody(d: Data) -> None:
    sessions = d["sessions"]
    turn = sessions.groupby("student_id").cumcount()
    sessions["tutor_id"] = d["tutors"]["user_id"].to_numpy()[turn % len(d["tutors"])]


@breaks("P6_insights")
def stars_without_open_questions_and_encouragement(d: Data) -> None:
    mine = d.sessions("status == 'completed' and tutor == 'star'")
    for column in ("open_ended_questions", "tutor_positive_reinforcement_count", "tutor_checks_understanding_count"):
        d.put("session_audio_metrics", mine, column, 5)
    d.put("session_video_metrics", mine, "tutor_uses_visual_aids", False)


@breaks("P7_punctuality")
def stars_come_late(d: Data) -> None:
    mine = d.sessions("status == 'completed' and tutor == 'star'", 6)
    start = d["sessions"]["scheduled_start"] + pd.Timedelta("9min")
    d["sessions"]["actual_start"] = d["sessions"]["actual_start"].mask(d["sessions"]["id"].isin(mine), start)


@breaks("P9_courses", base=DEMO)
def nobody_falls(d: Data) -> None:
    mine = d.sessions("status == 'completed' and tutor == 'solid'")
    d.put("sessions", mine, "overall_session_score", 6.0)
