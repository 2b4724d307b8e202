"""Extreme but legal settings yield data that passes everything, or are refused; they never fail their own checks."""

import pytest

from seed_pipeline.core.settings import SettingsError, load
from seed_pipeline_tests.contract import TODAY, failures

EXTREMES = {
    "steady tutors": ["personas.tutors.star.score_spread=0.05"],
    "wild tutors": ["personas.tutors.at_risk.score_spread=2.0"],
    "narrow talk": ["personas.tutors.star.talk_ratio=[0.40, 0.41]"],
    "no off days of solid": ["personas.tutors.solid.off_days=null"],
    "star engagement high": ["personas.tutors.star.engagement=[8.5, 9.5]"],
    "few checks": ["personas.tutors.star.understanding_checks=[10, 11]"],
    "more feedback": ["probabilities.availability.feedback=0.45"],
    "all on camera": ["probabilities.availability.video=1.0"],
    "nobody shares the screen": ["probabilities.availability.screen=0.0"],
    "no highlights": ["probabilities.availability.highlights=0"],
    "many highlights": ["probabilities.availability.highlights=9"],
    "no technical issues": [
        "probabilities.outcomes.technical_issues=0.0",
    ],
    "many technical issues": ["probabilities.outcomes.technical_issues=0.30"],
    "everybody churns a little less": ["personas.students.average.churn=0.0"],
    "half the average churn": ["personas.students.average.churn=0.5"],
    "strong recency": ["probabilities.time.recency=6"],
    "no habits": ["probabilities.time.familiar=0"],
    "only habits": ["probabilities.time.familiar=1"],
    "late hours": ["probabilities.time.hours={15: 1, 16: 1, 17: 1, 18: 1, 19: 1, 20: 0.5, 21: 0.5}"],
    "weekdays only": [f"probabilities.time.weekdays.{day}=0" for day in ("saturday", "sunday")],
    "long window": ["main.days=120"],
    "short window": ["main.days=15"],
    "frustrated average students": ["personas.students.average.frustration=0.6"],
    "strong rules": [
        "correlations.rules.frequent_checks.effects=[{metric: student_engagement_score, multiply: 1.6}, "
        "{metric: student_satisfaction_rating, add: 1.5}]"
    ],
    "a new rule": [
        "correlations.rules=[{name: homework_helps, when: homework_assigned == true, "
        "effects: [{metric: overall_session_score, add: 0.3}]}]",
    ],
    "a crowded cohort": ["main.cohort.sessions=300", "main.total_sessions=300"],
    "a small cohort": ["main.cohort.sessions=75", "main.total_sessions=300"],
    "no second tutors": ["probabilities.second_tutor=0"],
    "many second tutors": ["probabilities.second_tutor=0.5"],
    "everybody fades": ["probabilities.fading.share=1.0"],
    "wordless feedback": ["text.feedback.no_comment_share=1.0"],
    "kind to nobody": ["probabilities.stories.forgiving=0.05"],
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_settings_pass_or_are_refused(name):
    """No statement fails on data that was made."""
    if _refusal(EXTREMES[name]):
        return
    assert failures(("main.seed=1", *EXTREMES[name])) == []


def _refusal(overrides: list[str]) -> str:
    """What to do about settings that are refused; nothing for settings that are not."""
    try:
        load(overrides=overrides, today=TODAY)
    except SettingsError as refused:
        return refused.remedy
    return ""
