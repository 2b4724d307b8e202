"""configs/targets.yaml: statements as data, refused when they cannot be."""

import pytest

from seed_pipeline.quality.judgement import judge
from seed_pipeline.settings import SettingsError
from seed_pipeline.settings.references import check_references
from seed_pipeline.settings.targets import look_up
from seed_pipeline_tests.quality.datasets import settings, tables

OWN = "targets.statements.O1_completed"


@pytest.mark.parametrize(
    ("override", "says"),
    [
        (f"{OWN}.expected=null", "expects one of"),
        (f"{OWN}.mean=highlights", "exactly one of"),
        (f"{OWN}.share=mood == good", "nothing known of sessions"),
        (f"{OWN}.share=status", "is not a condition"),
        (f"{OWN}.entity=rooms", "entity"),
        (f"{OWN}.tolerance={{large: 3}}", "less than or equal to 1"),
        ("targets.small_at=0", "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_is_refused(override: str, says: str):
    """File, key and reason."""
    with pytest.raises(SettingsError, match=says) as error:
        settings(override)
    assert "targets.yaml" in str(error.value)


@pytest.mark.parametrize("path", ["probabilities.outcomes.finished", "personas.tutors.*.mood", "main.target"])
def test_a_reference_that_leads_nowhere_is_refused(path: str):
    """A path to no setting, or to one that is no number."""
    with pytest.raises(SettingsError, match=r"O1_completed.*refers to"):
        check_references(settings(f"{OWN}.expected={path}"))


def test_references_reach_every_kind_of_setting():
    """Models, mappings, lists by name, places of a list, and * for each of a mapping."""
    assert look_up(settings(), "probabilities.outcomes.completed") == 0.88
    assert look_up(settings(), "personas.tutors.*.no_show") == {
        "star": 0.02,
        "solid": 0.05,
        "struggling": 0.15,
        "at_risk": 0.25,
    }
    assert look_up(settings(), "correlations.rules.technical_issues.effects.0.add") == -1.5
    assert look_up(settings(), "probabilities.time.durations.45") == 0.36


def test_a_tweak_of_a_setting_needs_no_edit_of_the_targets():
    """Data made under the tweak pass under it, and fail without it."""
    tweak = ("probabilities.availability.video=0.3",)
    assert not [v.line for v in judge([tables(*tweak)], settings(*tweak)) if v.failed]
    assert "A2_video" in [v.name for v in judge([tables(*tweak)], settings()) if v.failed]


def test_a_target_of_the_user_is_one_block():
    """A share of sessions by persona, with a condition that refers to a setting."""
    mine = (
        "targets.statements={M1_homework: {title: Homework after good sessions, entity: answer_key,"
        " share: homework_assigned == true, by: tutor_persona,"
        " where: [status == completed, 'overall_session_score > {probabilities.stories.high_score}'],"
        " at_least: 0.2, setting: personas.tutors.*.homework, hint: change homework}}"
    )
    [verdict] = judge([tables()], settings(mine))
    assert verdict.id == "M1"
    assert verdict.passed
    assert verdict.n > 50


def test_a_measure_that_does_not_exist_is_refused():
    """With the names of those that do."""
    with pytest.raises(SettingsError, match="there is no such measure"):
        judge([tables()], settings("targets.statements.C3_sessions.measure=feeling"))


def test_a_failure_of_a_warning_does_not_block():
    """`blocking: false` is passed on."""
    found = judge(
        [tables()],
        settings("targets.statements.O1_completed.blocking=false", "targets.statements.O1_completed.expected=0.5"),
    )
    assert [(v.name, v.blocking) for v in found if v.failed] == [("O1_completed", False)]
