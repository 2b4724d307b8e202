"""configs/targets.yaml: statements as data, refused when they cannot be."""

import pytest

from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.statements import statements
from seed_pipeline.settings import SettingsError
from seed_pipeline.settings.references import check_references
from seed_pipeline.settings.targets import MEASURED, asked, look_up, named
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


@pytest.mark.parametrize("name", MEASURED)
def test_a_renamed_statement_keeps_its_feasibility_check(name: str):
    """What is asked before data are made goes by what is measured; each of ours is measured by one statement."""
    shipped = settings()
    others = {f"M9_{name.lower()}" if n == name else n: t for n, t in shipped.targets.statements.items()}
    renamed = shipped.model_copy(update={"targets": shipped.targets.model_copy(update={"statements": others})})
    assert asked(renamed, name)
    assert named(renamed, name) == f"M9_{name.lower()}"
    del others[f"M9_{name.lower()}"]
    assert not asked(renamed, name)


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("title", "The {using.hourz} peak hours", "using.hourz"),
        ("title", "At least {probabilities.outcomes.finished:%} %", "outcomes.finished"),
        ("hint", "see probabilities.time.hourz", "time.hourz"),
        ("hint", "lower recencies_of_time", "recencies_of_time"),
        ("setting", "probabilities.hours", "probabilities.hours"),
    ],
)
def test_sentences_and_settings_that_lead_nowhere_are_refused(key: str, text: str, says: str):
    """When settings load, with the statement and the key."""
    with pytest.raises(SettingsError, match=says) as error:
        settings(f"targets.statements.D1_peak_hours.{key}={text!r}")
    assert f"statements.D1_peak_hours.{key}" in str(error.value)


def test_titles_tell_the_numbers_that_are_set():
    """A tweak is told where it is judged: in shares, lists by persona, bounds, and a rule's own numbers."""
    tweak = ("probabilities.outcomes.technical_issues=0.06", "correlations.rules.gaming_detected.effects.0.set=2.5")
    told = {s.name: s.title for s in statements(settings(*tweak))}
    assert told["O5_technical_issues"] == "Share of sessions with technical issues (~6 %)"
    assert told["R6_gaming_detected"] == "Gaming sets the score to 2.5"
    assert "(2 / 5 / 15 / 25 %)" in told["O6_tutor_no_show_rates"]
    assert "(2-10 %)" in told["S7_engaged_get_frustrated"]
    assert not [title for title in told.values() if "{" in title]
