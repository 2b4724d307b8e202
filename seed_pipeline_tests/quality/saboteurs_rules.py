"""Saboteurs of R."""

import yaml

from seed_pipeline_tests.quality.datasets import settings
from seed_pipeline_tests.quality.saboteur import COHORTS, LARGE, SMALL, Data, breaks, engine

RULES = {
    "R1_high_talk_ratio": ("high_talk_ratio", "{0.multiply: 0.63, 1.multiply: 0.55, 2.add: 1.8, 3.add: -0.9}", SMALL),
    "R2_frequent_checks": ("frequent_checks", "{0.multiply: 1.43, 1.multiply: 0.55, 2.add: 0.45, 3.add: 0.088}", SMALL),
    "R3_first_session": ("first_session", "{0.multiply: 1.65, 1.multiply: 1.43, 2.add: 0.135, 3.multiply: 2.2}", SMALL),
    "R4_high_frustration": ("high_frustration", "{0.cap: 2.2}", LARGE),
    "R5_balanced_conversation": ("balanced_conversation", "{0.add: 1.35}", SMALL),
    "R6_gaming_detected": ("gaming_detected", "{0.set: 3.3}", COHORTS),
    "R8_technical_issues": ("technical_issues", "{0.add: -1.35}", SMALL),
    "R12_further_rules": ("broken_trust", "{0.add: -1.26}", SMALL),
}
"""Each rule's statement, its effects off by 10 %, and a world in which it triggers."""


def _row_bent(statement: str, rule: str, metric: str, base: tuple[str, ...]) -> None:
    def harm(d: Data) -> None:
        d["truth_effects"].loc[_row(d, rule, metric), "after"] *= 1.1

    harm.__name__ = f"one_effect_of_{rule}_on_{metric}_off_by_10_%"
    breaks(statement, base=base)(harm)


for statement, (rule, effects, base) in RULES.items():
    off = [f"correlations.rules.{rule}.effects.{key}={value}" for key, value in yaml.safe_load(effects).items()]
    engine(statement, f"effects of {rule} off by 10 %", *off, base=base)
    engine(statement, f"{rule} switched off", f"correlations.rules.{rule}.enabled=false", base=base)
    for effect in next(r for r in settings().correlations.rules if r.name == rule).effects:
        _row_bent(statement, rule, effect.metric, base)

_TALK = "correlations.rules.high_talk_ratio.when=tutor_talk_ratio > 0.70"
_BALANCED = "correlations.rules.balanced_conversation.when=[tutor_talk_ratio >= 0.40, tutor_talk_ratio <= 0.48]"
engine("R1_high_talk_ratio", "high talk from 0.70", _TALK)
engine("R5_balanced_conversation", "balanced up to 0.48", _BALANCED)
engine("R6_score_set", "gaming sets 3.3", "correlations.rules.gaming_detected.effects.0.set=3.3", base=COHORTS)


def _row(d: Data, rule: str, metric: str = "") -> int:
    rows = d["truth_effects"].query(f"rule == '{rule}'" + (f" and metric == '{metric}'" if metric else ""))
    return int(rows.index[0])


def _without(d: Data, rule: str) -> None:
    d.tables["truth_effects"] = d["truth_effects"].drop(index=_row(d, rule)).reset_index(drop=True)


@breaks("R1_high_talk_ratio")
def a_row_of_high_talk_ratio_lost(d: Data) -> None:
    _without(d, "high_talk_ratio")


@breaks("R2_frequent_checks")
def a_row_of_frequent_checks_lost(d: Data) -> None:
    _without(d, "frequent_checks")


@breaks("R8_technical_issues")
def a_row_of_technical_issues_lost(d: Data) -> None:
    _without(d, "technical_issues")


@breaks("R12_further_rules")
def a_row_of_broken_trust_lost(d: Data) -> None:
    _without(d, "broken_trust")


@breaks("R5_balanced_conversation")
def a_rule_acts_where_nothing_triggers_it(d: Data) -> None:
    d.add(
        "truth_effects", _row(d, "balanced_conversation"), session_id=d.sessions("tutor_talk_ratio > 0.7", 1)[0], seq=9
    )


@breaks("R3_first_session")
def a_first_session_that_is_none(d: Data) -> None:
    d.put("sessions", d.sessions("session_number == 1 and status == 'completed'", 1), "session_number", 2)


@breaks("R12_further_rules")
def a_rule_that_nobody_knows(d: Data) -> None:
    d["truth_effects"].loc[0, "rule"] = "full_moon"


@breaks("R4_rating_capped", "R4_high_frustration")
def a_frustrated_student_is_delighted(d: Data) -> None:
    angry = d.sessions("student_satisfaction_rating > 2 and status == 'completed'", 1)
    d.put("session_audio_metrics", angry, "student_frustration_count", 6)


@breaks("R6_score_set", "R6_gaming_detected")
def a_good_score_in_spite_of_a_game(d: Data) -> None:
    d.put(
        "session_screen_metrics",
        d.sessions("has_screen_monitoring and overall_session_score > 7", 1),
        "gaming_detected",
        True,
    )


@breaks("R7_notes_engagement")
def all_take_notes(d: Data) -> None:
    d["session_video_metrics"]["student_taking_notes_duration"] = 20
    d.put("session_audio_metrics", d.sessions("has_video_analysis", 40), "student_engagement_score", 5.0)


@breaks("R7_notes_difference", "R7_notes_engagement")
def the_bored_take_notes(d: Data) -> None:
    middle = d.facts.query("has_video_analysis == True")["student_engagement_score"].median()
    d["session_video_metrics"]["student_taking_notes_duration"] = 5
    d.put(
        "session_video_metrics",
        d.sessions(f"has_video_analysis and student_engagement_score < {middle}"),
        "student_taking_notes_duration",
        25,
    )


@breaks("R9_weighted_score")
def first_sessions_counted_once(d: Data) -> None:
    done = d.facts.query("status == 'completed'")
    mean = done.groupby("student_id")["overall_session_score"].mean()
    d["truth_churn"]["weighted_session_score"] = d["truth_churn"]["student_id"].map(mean)


@breaks("R9_weighted_score")
def the_key_calls_somebody_churned_who_is_not(d: Data) -> None:
    here = d["students"].query("status == 'active'")["user_id"][:1]
    d.put("truth_churn", here, "churned", True)


@breaks("R9_score_drives_churn")
def good_scores_drive_students_away(d: Data) -> None:
    d["truth_churn"]["churn_probability"] = 1 - d["truth_churn"]["churn_probability"]


@breaks("R2_follow_up_rate", base=LARGE)
def follow_ups_whatever_the_checks(d: Data) -> None:
    done = d.sessions("status == 'completed'")
    d.put("sessions", done, "follow_up_booked", False)
    d.put("sessions", done[::2], "follow_up_booked", True)


@breaks("R3_feedback_rate", base=LARGE)
def feedback_whatever_the_session(d: Data) -> None:
    done = d.sessions("status == 'completed'")
    feedback = d["session_feedback"]
    feedback["session_id"] = done[: len(feedback) * 2 : 2][: len(feedback)]


@breaks("R10_talk_and_engagement", base=LARGE)
def engagement_whatever_the_talk(d: Data) -> None:
    values = d["session_audio_metrics"]["student_engagement_score"]
    d["session_audio_metrics"]["student_engagement_score"] = values.sample(frac=1, random_state=1).to_numpy()


@breaks("R10_checks_and_rating", base=LARGE)
def ratings_whatever_the_checks(d: Data) -> None:
    values = d["session_feedback"]["student_satisfaction_rating"]
    d["session_feedback"]["student_satisfaction_rating"] = values.sample(frac=1, random_state=1).to_numpy()


@breaks("R13_journal_closes")
def one_stored_score_changed(d: Data) -> None:
    row = d["truth_effects"].query("metric == 'student_engagement_score'").iloc[0]
    audio = d["session_audio_metrics"]
    here = audio["session_id"] == row["session_id"]
    audio.loc[here, "student_engagement_score"] += (
        -0.1 if audio.loc[here, "student_engagement_score"].iloc[0] > 5 else 0.1
    )


@breaks("R13_journal_closes")
def a_link_of_the_chain_bent(d: Data) -> None:
    late = d["truth_effects"].query("seq == 2").index[0]
    d["truth_effects"].loc[late, "before"] += 1e-6


@breaks("R13_journal_closes")
def a_number_skipped_in_the_journal(d: Data) -> None:
    d["truth_effects"].loc[0, "seq"] = 7
