"""Saboteurs just over the edge: of R, N, P and Q."""

from math import ceil, floor, sqrt

import numpy as np
import pandas as pd

from seed_pipeline_tests.quality.edges import AUDIO, DONE, answer_only, count, edge, exactly, mean
from seed_pipeline_tests.quality.saboteur import LARGE, Data
from seed_pipeline_tests.quality.saboteurs_platform import DEMO

CHECKED, UNCHECKED = "tutor_checks_understanding_count > 10", "tutor_checks_understanding_count <= 10"
RULES = {
    "R1_high_talk_ratio": "high_talk_ratio", "R2_frequent_checks": "frequent_checks",
    "R3_first_session": "first_session", "R4_high_frustration": "high_frustration",
    "R5_balanced_conversation": "balanced_conversation", "R6_gaming_detected": "gaming_detected",
    "R8_technical_issues": "technical_issues", "R12_further_rules": "broken_trust",
}  # fmt: skip


@edge(*RULES, base=("main.total_sessions=450",))
def every_effect_is_off_by_a_billionth(d: Data, over: int) -> None:
    after = d["truth_effects"]["after"]
    d["truth_effects"]["after"] = after + (2e-9 if over else 0.4e-9) * np.maximum(1.0, after.abs())


@edge("R2_follow_up_rate", base=LARGE)
def checked_sessions_are_followed_up_by_5_points_more(d: Data, over: int) -> None:
    d.put("sessions", d.sessions(DONE), "follow_up_booked", False)
    n = ceil(0.05 * count(d, f"{DONE} and {CHECKED}")) - over
    exactly(d, n, f"{DONE} and {CHECKED}", "sessions", "follow_up_booked", True, False)


@edge("R3_feedback_rate", base=LARGE)
def first_sessions_have_20_points_more(d: Data, over: int) -> None:
    answered: list[str] = []
    for persona in ("engaged", "average", "struggling"):
        first = d.sessions(f"{DONE} and session_number == 1 and student == '{persona}'")
        answered.extend(first[: floor(0.2 * len(first)) + over])
    answer_only(d, answered)


@edge("R4_rating_capped")
def two_stars_for_a_frustrating_session(d: Data, over: int) -> None:
    ids = d.sessions("student_satisfaction_rating > 0")[:1]
    d.put(AUDIO, ids, "student_frustration_count", 6)
    d.put("session_feedback", ids, "student_satisfaction_rating", 2 + over)


@edge("R6_score_set", base=("main.total_sessions=450",))
def a_game_that_scores_as_rounded(d: Data, over: int) -> None:
    d.put("sessions", d.sessions("gaming_detected == True")[:1], "overall_session_score", 3.05 + 0.01 * over)


@edge("R7_notes_engagement")
def notes_go_with_7_5(d: Data, over: int) -> None:
    query = f"{DONE} and student_taking_notes_duration > 15"
    mean(d, query, AUDIO, "student_engagement_score", 7.5, 7.5 - 0.1 * over)


@edge("R7_notes_difference")
def notes_go_with_one_point_more(d: Data, over: int) -> None:
    d.put(AUDIO, d.sessions(DONE), "student_engagement_score", 6.5)
    query = f"{DONE} and student_taking_notes_duration > 15"
    mean(d, query, AUDIO, "student_engagement_score", 7.5, 7.5 - 0.1 * over)


@edge("R9_weighted_score")
def a_weighted_score_is_off_by_a_hundredth(d: Data, over: int) -> None:
    done = d.facts.query(DONE)
    weight = 1.0 + (done["session_number"] == 1)
    one = done["student_id"].iloc[0]
    mine = done["student_id"] == one
    due = (weight * done["overall_session_score"])[mine].sum() / weight[mine].sum()
    d.put("truth_churn", [one], "weighted_session_score", due + 0.0099 + 0.0002 * over)


def correlated(x: np.ndarray, level: float) -> np.ndarray:
    """Values that are correlated with x by this much."""
    x = (x - x.mean()) / x.std()
    e = np.resize([-1.0, 1.0], len(x))
    e = e - e.mean() - x * (e @ x) / len(x)
    return level * x + sqrt(1 - level**2) * e / e.std()


@edge("R9_score_drives_churn")
def the_score_hardly_drives_churn(d: Data, over: int) -> None:
    churn = d["truth_churn"]
    churn["churn_probability"] = correlated(churn["weighted_session_score"].to_numpy(float), -0.1001 + 0.0002 * over)


@edge("R10_talk_and_engagement", base=LARGE)
def talk_hardly_lowers_engagement(d: Data, over: int) -> None:
    audio = d[AUDIO]
    audio["student_engagement_score"] = correlated(audio["tutor_talk_ratio"].to_numpy(float), -0.3001 + 0.0002 * over)


@edge("R10_checks_and_rating", base=LARGE)
def checks_go_with_3_tenths_of_a_star(d: Data, over: int) -> None:
    given = "student_satisfaction_rating > 0"
    d.put("session_feedback", d.sessions(given), "student_satisfaction_rating", 3)
    checked = f"{given} and {CHECKED}"
    n = ceil(0.3 * count(d, checked)) - over
    exactly(d, n, checked, "session_feedback", "student_satisfaction_rating", 4, 3)


@edge("R13_journal_closes")
def a_journal_closes_half_a_tenth_away(d: Data, over: int) -> None:
    scores = d["truth_effects"].query("metric == 'overall_session_score'")
    last = scores.sort_values("seq").groupby("session_id").tail(1).index[0]
    stored = d.facts.set_index("id").loc[scores.loc[last, "session_id"], "overall_session_score"]
    d["truth_effects"].loc[last, "after"] = stored + 0.05 + 0.001 * over


@edge("N1_high_score_rebooking")
def two_fewer_delighted_pairs_meet_again(d: Data, over: int) -> None:
    delighted = f"session_number == 1 and {DONE} and overall_session_score > 7"
    n = ceil(0.85 * count(d, delighted) - 2) - over
    exactly(d, n, delighted, "sessions", "follow_up_booked", True, False)


def mostly(d: Data, persona: str, *tutors: str) -> list[str]:
    """Students of a persona, most of whose completed sessions are with these tutors."""
    done = d.facts.query("status == 'completed' and student == @persona")
    share = done["tutor"].isin(tutors).groupby(done["student_id"]).mean()
    return list(share[share > 0.5].index)


@edge("N2_safe_students")
def no_happy_student_leaves(d: Data, over: int) -> None:
    happy = mostly(d, "engaged", "star")
    d.put("students", happy, "status", "active")
    d.put("students", happy[:over], "status", "churned")


@edge("N3_lost_students")
def every_lost_student_leaves(d: Data, over: int) -> None:
    lost = mostly(d, "struggling", "struggling", "at_risk")
    d.put("students", lost, "status", "churned")
    d.put("students", lost[:over], "status", "active")


@edge("N3_lost_students_exist")
def one_student_is_lost(d: Data, over: int) -> None:
    star = d["truth_personas"].query("persona == 'star'")["user_id"].iloc[0]
    for student in mostly(d, "struggling", "struggling", "at_risk")[1 - over :]:
        d.put("sessions", d.sessions(f"{DONE} and student_id == '{student}'"), "tutor_id", star)


@edge("N4_broken_trust", base=LARGE)
def a_no_show_costs_3_tenths(d: Data, over: int) -> None:
    theirs = d.facts.query("tutor == 'at_risk'")
    missed = theirs.groupby(["tutor_id", "student_id"])["status"].transform(lambda s: (s == "no_show_tutor").any())
    d.put("sessions", theirs["id"], "overall_session_score", 5.0)
    d.put("sessions", theirs["id"][missed], "overall_session_score", 4.7 + 0.01 * over)


@edge("N4_churn_odds", base=LARGE)
def a_no_show_makes_leaving_half_as_likely_again(d: Data, over: int) -> None:
    theirs = d.facts.query("tutor == 'at_risk'")
    met = list(theirs.query("status == 'no_show_tutor'")["student_id"].unique())
    unmet = [s for s in theirs["student_id"].unique() if s not in set(met)]
    gone = len(unmet) // 3
    odds = (gone + 0.5) / (len(unmet) - gone + 0.5)
    least = next(n for n in range(len(met)) if (n + 0.5) / (len(met) - n + 0.5) >= 1.5 * odds)
    d.put("students", [*met, *unmet], "status", "active")
    d.put("students", [*met[: least - over], *unmet[:gone]], "status", "churned")


@edge("N5_issues_hurt", base=LARGE)
def issues_cost_two_points(d: Data, over: int) -> None:
    d.put("sessions", d.sessions(f"{DONE} and tutor == 'star'"), "overall_session_score", 7.0)
    troubled = f"{DONE} and tutor == 'star' and technical_issues"
    d.put("sessions", d.sessions(troubled), "overall_session_score", 5.0 - 0.01 * over)


@edge("N6_issues_of_new_users", base=LARGE)
def new_users_have_issues_two_and_a_half_times_as_often(d: Data, over: int) -> None:
    first, later = f"{DONE} and session_number == 1", f"{DONE} and session_number > 1"
    few = count(d, later) // 20
    exactly(d, few, later, "sessions", "technical_issues", True, False)
    n = floor(2.5 * few / count(d, later) * count(d, first)) + over
    exactly(d, n, first, "sessions", "technical_issues", True, False)


@edge("N7_forgiving", base=LARGE)
def three_in_ten_forgive(d: Data, over: int) -> None:
    poor = "overall_session_score < 5 and student_satisfaction_rating > 0"
    n = floor(0.3 * count(d, poor) + 1e-9) + over
    exactly(d, n, poor, "session_feedback", "student_satisfaction_rating", 4, 3)


@edge("N7_forgiving")
def one_forgives(d: Data, over: int) -> None:
    poor = "overall_session_score < 5 and student_satisfaction_rating > 0"
    exactly(d, 1 - over, poor, "session_feedback", "student_satisfaction_rating", 4, 3)


@edge("N8_stars_are_steady", base=LARGE)
def stars_spread_nine_tenths_as_far(d: Data, over: int) -> None:
    usual = d.facts.query(f"{DONE} and not technical_issues and not off_day")
    for persona in ("star", "solid", "struggling", "at_risk"):
        width = 0.9 + 0.001 * (2 * over - 1) if persona == "star" else 1.0
        for _, cell in usual[usual["tutor"] == persona].groupby("student"):
            pairs = len(cell) // 2 * 2
            offset = np.concatenate([np.resize([-width, width], pairs), np.zeros(len(cell) - pairs)])
            unit = sqrt((len(cell) - 1) / pairs)
            scores = pd.Series(5 + unit * offset, index=cell["id"])
            frame = d["sessions"]
            mine = frame["id"].isin(cell["id"])
            frame.loc[mine, "overall_session_score"] = frame.loc[mine, "id"].map(scores)


@edge("P4_churn_risk")
def weights_add_up_but_for_a_millionth(d: Data, over: int) -> None:
    d["churn_algorithm_weights"].loc[0, "weight"] += 4e-7 + 1e-6 * over


@edge("P9_courses", base=DEMO)
def a_tutor_falls_by_a_little_over_15_percent(d: Data, over: int) -> None:
    frame, middle = d["sessions"], pd.Timestamp(d.settings.main.as_of) - pd.Timedelta("30D")
    falling = frame["id"].isin(d.sessions("tutor == 'solid'")) & (frame["status"] == "completed")
    one = frame["tutor_id"] == sorted(frame.loc[falling, "tutor_id"].unique())[0]
    old = frame["scheduled_start"] < middle
    frame.loc[falling & old, "overall_session_score"] = 8.0
    frame.loc[falling & ~old & one, "overall_session_score"] = 6.7 + 0.1 * over
    frame.loc[falling & ~old & ~one, "overall_session_score"] = 8.1


@edge("Q3_outcomes")
def a_session_that_ends_at_as_of(d: Data, over: int) -> None:
    row = d["sessions"].query(DONE).index[0]
    ends = pd.Timestamp(d.settings.main.as_of) + over * pd.Timedelta("1min")
    d["sessions"].loc[row, "completed_at"] = ends
    d["sessions"].loc[row, "actual_start"] = ends - pd.Timedelta(minutes=int(d["sessions"].loc[row, "actual_duration"]))


@edge("Q4_no_overlaps")
def a_session_begins_as_the_one_before_ends(d: Data, over: int) -> None:
    frame = d["sessions"].sort_values("scheduled_start")
    last = frame.groupby("tutor_id").tail(1).index[-1]
    before = frame[frame["tutor_id"] == frame.loc[last, "tutor_id"]].iloc[-2]
    ends = before["scheduled_start"] + pd.Timedelta(minutes=int(before["scheduled_duration"]))
    d["sessions"].loc[last, "scheduled_start"] = ends - over * pd.Timedelta("1min")
    d["sessions"].loc[last, "actual_start"] = pd.NaT


@edge("Q6_joined")
def an_account_is_opened_as_the_first_session_begins(d: Data, over: int) -> None:
    first = d["sessions"].sort_values("scheduled_start").iloc[0]
    mine = d["users"]["id"] == first["tutor_id"]
    d["users"].loc[mine, "created_at"] = first["scheduled_start"] + over * pd.Timedelta("1s")


@edge("Q6_churned")
def a_student_leaves_on_the_day_of_the_last_session(d: Data, over: int) -> None:
    gone = d["students"].query("status == 'churned'").index[0]
    mine = d["sessions"]["student_id"] == d["students"].loc[gone, "user_id"]
    last = d["sessions"].loc[mine, "scheduled_start"].max().normalize()
    d["students"].loc[gone, "churned_date"] = last - over * pd.Timedelta("1D")


@edge("Q7_talk_adds_up")
def the_parts_add_up_to_1_005(d: Data, over: int) -> None:
    audio = d[AUDIO]
    parts = ["tutor_talk_ratio", "student_talk_ratio", "productive_silence_ratio"]
    audio.loc[0, "awkward_pause_ratio"] = 1.005 + 0.001 * over - audio.loc[0, parts].sum()


@edge("Q8_highlights")
def a_highlight_in_the_last_second(d: Data, over: int) -> None:
    row = d["session_transcript_highlights"].index[-1]
    owner = d["session_transcript_highlights"].loc[row, "session_id"]
    minutes = d.facts.set_index("id").loc[owner, "actual_duration"]
    d["session_transcript_highlights"].loc[row, "timestamp_seconds"] = int(60 * minutes) + over


@edge("Q10_tags")
def praise_for_three_stars(d: Data, over: int) -> None:
    ids = d.sessions("student_satisfaction_rating > 0")[:1]
    d.put("session_feedback", ids, "student_satisfaction_rating", 3 - over)
    d.drop("session_feedback_tags", ids)
    d.add("session_feedback_tags", session_id=ids[0], tag="patient")
