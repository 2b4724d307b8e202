"""Settings that contradict each other are refused before a row is made, with the clashing statements and a way out."""

import pytest

from seed_pipeline.settings.files import SettingsError
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
    (["main.total_sessions=30"], "O7.*at least 60"),
    (["main.cohort.count=1", "main.total_sessions=1000"], "Q4.*at most"),
    (["main.cohort.count=20", "main.total_sessions=600"], "O7"),
    (["personas.tutors.at_risk.no_show=0.0"], "N4"),
    (["probabilities.booking.drifting.sessions={struggling: 5}"], "N4"),
]


@pytest.mark.parametrize(("overrides", "statements"), CLASHES, ids=[c[0][0][:60] for c in CLASHES])
def test_a_clash_is_named(overrides, statements):
    """The message names the statements and says what to do."""
    with pytest.raises(SettingsError, match=rf"(?s){statements}") as refused:
        settings_with(*overrides)
    assert refused.value.remedy


def test_the_remedy_works():
    """What the message proposes is accepted."""
    with pytest.raises(SettingsError, match=r"0\.25"):
        settings_with("personas.students.engaged.churn=0.6")
    assert settings_with("personas.students.engaged.churn=0.25")


FEASIBLE = [
    ["personas.tutors.star.engagement=[8.5, 9.5]"],
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
