"""Settings that contradict each other are refused before a row is made, with the clashing statements and a way out."""

import re

import pytest

from seed_pipeline.settings.files import SettingsError
from seed_pipeline_tests.contract import failures, judge_all
from seed_pipeline_tests.core.conftest import settings_with

OUTCOMES = (
    "{{completed: {}, no_show_student: {}, no_show_tutor: {}, rescheduled: {}, rescheduled_by_tutor: 0.4, "
    "technical_issues: 0.05, technical_issues_first_session: 1.6}}"
)
EVEN_WEEK = "{monday: 1, tuesday: 1, wednesday: 1, thursday: 1, friday: 1, saturday: 1, sunday: 1}"
EVEN_DAY = "{9: 1, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 15: 1, 16: 1, 17: 1, 18: 1, 19: 1, 20: 1}"
CLASHES = [
    (["probabilities.outcomes=" + OUTCOMES.format(0.95, 0.02, 0.02, 0.01)], "O3"),
    (["probabilities.outcomes=" + OUTCOMES.format(0.70, 0.03, 0.22, 0.05)], "O3"),
    (["personas.tutors.star.no_show=0.2"], "O6.*O1"),
    (["personas.tutors.star.engagement=[9.4, 9.6]"], "T3.*S1"),
    (["personas.students.struggling.engagement=[2.0, 3.0]"], "T3.*S1"),
    (["personas.students.engaged.engagement=[4.0, 5.0]"], "T3|S1"),
    (["personas.tutors.star.engagement=[2.0, 3.0]"], "T3|S1"),
    (["probabilities.availability.feedback=0.2"], "S5.*A4"),
    (["probabilities.availability.feedback=0.7"], "S5.*A4"),
    (["personas.students.engaged.churn=0.6"], "N2.*S6"),
    (["personas.students.struggling.churn=0.0", "main.total_sessions=150000"], "N3.*S6"),
    (["probabilities.stories.high_score_rebooking=0.5"], "T5.*N1"),
    (["probabilities.time.recency=1.0"], "D4"),
    (["probabilities.time.weekdays=" + EVEN_WEEK], "D2"),
    (["probabilities.time.durations={30: 0.5, 45: 0.2, 60: 0.2, 90: 0.1}"], "D3"),
    (["probabilities.time.hours=" + EVEN_DAY], "D1"),
    (["main.total_sessions=30"], "O7.*total_sessions to 60"),
    (["main.total_sessions=110"], "O3.*O1"),
    (["main.time_zone=Asia/Kathmandu", "main.days=15"], "total_sessions.*without double-booking"),
    (["main.answer_key=false", "defects.inject=valid"], "truth_defects"),
    (["main.cohort.count=1", "main.total_sessions=1000"], 'Q4.*count to "auto"'),
    (["main.cohort.count=20", "main.total_sessions=600"], "O7"),
    (["personas.tutors.at_risk.no_show=0.0"], "N4"),
    (["probabilities.booking.drifting.sessions={struggling: 5}"], "N4"),
    (["probabilities.stories.poor_score=3"], "N4"),
    (["probabilities.stories.poor_score=0"], "N4"),
    (["probabilities.stories.poor_score=0", "probabilities.stories.at_risk_cascade=null"], "N7"),
    (["probabilities.stories.poor_score=7.5"], "N7.*T4"),
    (["probabilities.churn.safe_probability=1"], "R9"),
    (["personas.pairs.score.star={engaged: 1, average: 1, struggling: 1}"], "N7.*T4"),
    (
        [
            "main.minimum_sessions.student=1",
            "main.cohort.count=20",
            "main.total_sessions=600",
            "probabilities.outcomes.no_show_student=0.0293",
            "probabilities.outcomes.no_show_tutor=0.076",
            "probabilities.outcomes.rescheduled=0.0147",
        ],
        "T4.*S5",
    ),
]


def ways(error: SettingsError) -> list[list[str]]:
    """What a message says to set, as somebody types it: the overrides of each way."""
    parts = [part.removeprefix("set ") for part in error.remedy.split("; or ") if part.startswith("set ")]
    return [[text.replace(" to ", "=", 1) for text in re.split(r" and (?=[a-z]+\.)", part)] for part in parts]


@pytest.mark.parametrize(("overrides", "statements"), CLASHES, ids=[c[0][0][:60] for c in CLASHES])
def test_a_clash_is_named_and_every_remedy_works(overrides, statements):
    """The message names the statements; each way out of it, followed to the letter, leads to settings that hold."""
    with pytest.raises(SettingsError, match=rf"(?s){statements}") as refused:
        settings_with(*overrides)
    found = ways(refused.value)
    assert found, refused.value.remedy
    for way in found:
        assert settings_with(*overrides, *way)


@pytest.mark.slow
@pytest.mark.parametrize(("overrides", "statements"), CLASHES, ids=[c[0][0][:60] for c in CLASHES])
def test_data_made_by_a_remedy_pass(overrides, statements):
    """No remedy leads to data that fail a statement, whatever the seed."""
    with pytest.raises(SettingsError) as refused:
        settings_with(*overrides)
    worlds = [
        (f"main.seed={seed}", *overrides, *way)
        for seed in (1, 2, 3)
        for way in ways(refused.value)
        if settings_with(*overrides, *way).main.total_sessions < 5000
    ]
    assert judge_all(worlds) == []


DEVIATIONS = {
    "a flat day": "probabilities.time.hours=" + EVEN_DAY,
    "a flat week": "probabilities.time.weekdays=" + EVEN_WEEK,
    "no recency": "probabilities.time.recency=1.0",
    "long sessions": "probabilities.time.durations={60: 0.4, 90: 0.6}",
    "churn beyond the stories": "personas.students.engaged.churn=0.6",
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_other_data_than_the_contracts_can_be_had(name):
    """Who wants it so is told which statement to switch off, and that suffices."""
    with pytest.raises(SettingsError) as refused:
        settings_with(DEVIATIONS[name])
    switched = [way for way in ways(refused.value) if all(text.endswith(".enabled=false") for text in way)]
    assert switched
    assert failures((DEVIATIONS[name], *switched[0])) == []


FEASIBLE = [
    ["probabilities.stories.poor_score=4.5"],
    ["probabilities.churn.safe_probability=0.3"],
    ["correlations.rules.high_talk_ratio.when=tutor_talk_ratio > 0.52"],
    ["personas.tutors.star.engagement=[8.2, 9.5]"],
    ["personas.tutors.star.talk_ratio=[0.30, 0.40]"],
    ["probabilities.availability.feedback=0.43"],
    ["correlations.rules.frequent_checks.effects=[{metric: student_engagement_score, multiply: 1.1}]"],
    ["main.total_sessions=60"],
    ["main.days=90"],
]


@pytest.mark.parametrize("overrides", FEASIBLE, ids=[f[0][:60] for f in FEASIBLE])
def test_a_feasible_tweak_needs_no_other_edit(overrides):
    """Baselines solve again; nobody has to touch a second setting."""
    assert settings_with(*overrides)
