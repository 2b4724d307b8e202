"""Extreme but legal settings yield data that passes everything, or are refused; they never fail their own checks."""

from collections.abc import Sequence
from random import Random

import pytest

from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import SettingsError
from seed_pipeline_tests.contract import TODAY, failures, judge_all

GROUPS_OF_FIFTY = {
    "drifting": 2,
    "supported": 6,
    "average_star_taught": 12,
    "average_solid_taught": 8,
    "star_taught": 16,
    "solid_taught": 6,
}
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
    "two at-risk tutors, 60 sessions": ["personas.tutors.at_risk.count=2", "main.total_sessions=60"],
    "two at-risk tutors, 75 sessions": ["personas.tutors.at_risk.count=2", "main.total_sessions=75"],
    "talk that is high early": ["correlations.rules.high_talk_ratio.when=tutor_talk_ratio > 0.52"],
    "fifty students": [
        *(f"personas.students.{s}.count={n}" for s, n in {"engaged": 22, "average": 20, "struggling": 8}.items()),
        *(f"probabilities.booking.{g}.count={n}" for g, n in GROUPS_OF_FIFTY.items()),
        "main.seed=794810",
        "main.as_of=2023-09-10",
    ],
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_settings_pass_or_are_refused(name):
    """No statement fails on data that was made."""
    if _refusal(EXTREMES[name]):
        return
    assert failures(("main.seed=1", *EXTREMES[name])) == []


TUTORS, STUDENTS = ("star", "solid", "struggling", "at_risk"), ("engaged", "average", "struggling")
COMBINED: dict[str, tuple[float, float]] = {
    "main.total_sessions": (60, 600),
    "main.days": (15, 75),
    "main.cohort.sessions": (75, 260),
    "probabilities.time.recency": (1.7, 6.0),
    "probabilities.time.familiar": (0.0, 1.0),
    "probabilities.second_tutor": (0.0, 0.6),
    "probabilities.fading.share": (0.0, 1.0),
    "probabilities.availability.feedback": (0.36, 0.46),
    "probabilities.availability.video": (0.0, 1.0),
    "probabilities.availability.screen": (0.0, 1.0),
    "probabilities.availability.highlights": (0.0, 8.0),
    "probabilities.outcomes.technical_issues": (0.0, 0.3),
    "probabilities.rating.spread": (0.2, 1.5),
    "probabilities.stories.forgiving": (0.02, 0.4),
    "probabilities.stories.high_score_rebooking": (0.75, 0.93),
    "personas.tutors.solid.off_days.share": (0.0, 0.3),
    **{f"personas.tutors.{t}.score_spread": (0.1, 1.5) for t in TUTORS},
    **{f"personas.tutors.{t}.no_show": (0.0, 0.3) for t in TUTORS},
    **{f"personas.tutors.{t}.first_session_success": (0.2, 0.95) for t in TUTORS},
    **{f"personas.tutors.{t}.follow_up": (0.2, 0.95) for t in TUTORS},
    **{f"personas.tutors.{t}.visual_aids": (0.0, 1.0) for t in TUTORS},
    **{f"personas.students.{s}.churn": (0.0, 1.0) for s in STUDENTS},
    **{f"personas.students.{s}.feedback": (0.1, 0.8) for s in STUDENTS},
    **{f"personas.students.{s}.frustration": (0.0, 0.8) for s in STUDENTS},
    **{f"personas.students.{s}.absence": (0.3, 4.0) for s in STUDENTS},
}


def combination(number: int) -> tuple[str, ...]:
    """A seed, a date and one to four settings anywhere in their ranges, the same for the same number."""
    chance = Random(number)
    day = f"20{chance.randint(24, 28)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    chosen = {key: COMBINED[key] for key in chance.sample(list(COMBINED), chance.randint(1, 4))}
    values = {
        key: chance.randint(low, high) if isinstance(low, int) else round(chance.uniform(low, high), 2)
        for key, (low, high) in chosen.items()
    }
    return (
        f"main.seed={chance.randrange(10**6)}",
        f"main.as_of={day}",
        *(f"{key}={value}" for key, value in values.items()),
    )


def judged(numbers: Sequence[int]) -> tuple[int, list]:
    """How many of the combinations data were made of, and what failed there."""
    legal = [wanted for wanted in map(combination, numbers) if not _refusal(list(wanted))]
    return len(legal), judge_all(legal)


def test_settings_combined_at_random_pass_or_are_refused():
    """Whatever is set together: no statement fails on data that was made, and most of it can be made."""
    made, failed = judged(range(8))
    assert failed == []
    assert made >= 4


@pytest.mark.slow
def test_a_thousand_combinations_pass_or_are_refused():
    """The same, at length."""
    assert judged(range(1000, 2000))[1] == []


def _refusal(overrides: list[str]) -> str:
    """What to do about settings that are refused; nothing for settings that are not."""
    try:
        Wishes(overrides=overrides).settings(TODAY)
    except SettingsError as refused:
        return refused.remedy
    return ""
