"""Saboteurs of N."""

import numpy as np

from seed_pipeline_tests.quality.saboteur import LARGE, Data, breaks, engine


@breaks("N1_high_score_rebooking")
def three_delighted_pairs_do_not_meet_again(d: Data) -> None:
    query = "session_number == 1 and status == 'completed' and overall_session_score > 7 and follow_up_booked"
    d.put("sessions", d.sessions(query, 5), "follow_up_booked", False)


def _mostly(d: Data, persona: str, *tutors: str) -> list[str]:
    done = d.facts.query("status == 'completed' and student == @persona")
    share = done["tutor"].isin(tutors).groupby(done["student_id"]).mean()
    return list(share[share > 0.5].index)


@breaks("N2_safe_students")
def a_happy_student_leaves(d: Data) -> None:
    d.put("students", _mostly(d, "engaged", "star")[:1], "status", "churned")


@breaks("N3_lost_students")
def a_lost_student_stays(d: Data) -> None:
    d.put("students", _mostly(d, "struggling", "struggling", "at_risk")[:1], "status", "active")


@breaks("N3_lost_students_exist")
def no_student_is_lost(d: Data) -> None:
    for i in _mostly(d, "struggling", "struggling", "at_risk"):
        done = d.sessions(f"status == 'completed' and student_id == {i!r}")
        star = d["truth_personas"].query("persona == 'star'")["user_id"].iloc[0]
        d.put("sessions", done, "tutor_id", star)


@breaks("N4_cascade")
def the_stood_up_student_stays(d: Data) -> None:
    who = d.facts.query("tutor == 'at_risk' and status == 'no_show_tutor'")["student_id"]
    d.put("students", who, "churned_date", np.datetime64("NaT"))
    d.put("students", who, "status", "active")


@breaks("N4_cascade")
def all_is_well_after_the_no_show(d: Data) -> None:
    d.put("sessions", d.sessions("tutor == 'at_risk' and status == 'completed'"), "overall_session_score", 6.0)


@breaks("N4_broken_trust", base=LARGE)
def trust_is_never_broken(d: Data) -> None:
    d.put("sessions", d.sessions("tutor == 'at_risk' and status == 'completed'"), "overall_session_score", 3.5)


@breaks("N4_churn_odds", base=LARGE)
def churn_whatever_the_no_shows(d: Data) -> None:
    ids = d["students"]["user_id"]
    d.put("students", ids, "status", "active")
    d.put("students", ids[::3], "status", "churned")


@breaks("N5_issues_hurt", base=LARGE)
def issues_do_not_hurt(d: Data) -> None:
    ids = d.sessions("technical_issues and tutor == 'star'")
    frame = d["sessions"]
    frame.loc[frame["id"].isin(ids), "overall_session_score"] += 1.2


@breaks("N6_issues_of_new_users", base=LARGE)
def issues_of_old_users(d: Data) -> None:
    frame = d["sessions"]
    done = frame["status"] == "completed"
    frame.loc[done, "technical_issues"] = (frame.loc[done, "session_number"] > 1) & (np.arange(done.sum()) % 20 == 0)


@breaks("N7_forgiving")
def nobody_forgives(d: Data) -> None:
    d.put(
        "session_feedback",
        d.sessions("overall_session_score < 5 and student_satisfaction_rating > 3"),
        "student_satisfaction_rating",
        3,
    )


@breaks("N7_forgiving", base=LARGE)
def everybody_forgives(d: Data) -> None:
    d.put(
        "session_feedback",
        d.sessions("overall_session_score < 5 and student_satisfaction_rating > 0"),
        "student_satisfaction_rating",
        4,
    )


@breaks("N8_stars_are_steady", base=LARGE)
def stars_are_as_moody_as_others(d: Data) -> None:
    frame = d["sessions"]
    star = frame["id"].isin(d.sessions("tutor == 'star' and status == 'completed'"))
    frame.loc[star, "overall_session_score"] += np.resize([-1.0, 1.0], star.sum())


@breaks("N8_stars_are_steady", base=LARGE)
def moody_stars_called_off_days(d: Data) -> None:
    stars_are_as_moody_as_others(d)
    d.put("truth_sessions", d.sessions("tutor == 'star' and status == 'completed'"), "off_day", True)


@breaks("K1_alerts")
def an_alert_lost(d: Data) -> None:
    d.drop("truth_alerts", d["truth_alerts"].query("source == 'seed'")["id"][:1], "id")


@breaks("K1_alerts")
def an_alert_too_severe(d: Data) -> None:
    d["truth_alerts"].loc[
        d["truth_alerts"].query("severity == 'warning' and source == 'seed'").index[0], "severity"
    ] = "critical"


@breaks("K1_alerts")
def an_alert_about_another_session(d: Data) -> None:
    of_session = d["truth_alerts"].query("alert_type == 'high_talk_ratio' and source == 'seed'").index[0]
    d["truth_alerts"].loc[of_session, "session_id"] = d.sessions("tutor_talk_ratio < 0.5", 1)[0]


engine("K1_alerts", "talk alerts from 0.7", "alerts.alerts.high_talk_ratio.severities.warning=tutor_talk_ratio > 0.7")
engine(
    "K1_alerts",
    "pairs decline later",
    "alerts.alerts.declining_performance.severities={warning: score_change < -9}",
    base=LARGE,
)
engine(
    "K1_alerts", "churn risk from 0.1", "alerts.alerts.student_churn_risk.severities.warning=churn_probability > 0.1"
)
engine("N1_high_score_rebooking", "nine of ten", "probabilities.stories.high_score_rebooking=0.90", base=LARGE)
engine("N7_forgiving", "nobody forgives", "probabilities.stories.forgiving=0.0", base=LARGE)
engine(
    "N6_issues_of_new_users",
    "old users rather",
    "probabilities.outcomes.technical_issues_first_session=0.5",
    base=LARGE,
)
engine("N8_stars_are_steady", "stars spread as others", "personas.tutors.star.score_spread=0.9", base=LARGE)
