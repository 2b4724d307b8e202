"""Rules are data: they act in order, on stored triggers, and journal themselves (contract R)."""

import numpy as np
import pytest

from seed_pipeline.core import rules as engine
from seed_pipeline.core.sampling.baselines import solve
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.rules import Rule

ENGAGEMENT = "student_engagement_score"


def rule(name: str, when: str, metric: str, **operation: float) -> Rule:
    """A rule with one trigger and one effect, read as from a file."""
    return Rule.model_validate({"name": name, "when": when, "effects": [{"metric": metric, **operation}]})


TALK = rule("talk", "tutor_talk_ratio > 0.65", ENGAGEMENT, multiply=0.7)
CHECKS = rule("checks", "tutor_checks_understanding_count > 10", ENGAGEMENT, add=1.5)
CAP = rule("cap", "session_number == 1", ENGAGEMENT, cap=4)
FACTS = {
    "tutor_talk_ratio": np.array([0.7, 0.65, 0.7]),
    "tutor_checks_understanding_count": np.array([11, 11, 2]),
    "session_number": np.array([1, 2, 2]),
}
EVERYBODY = np.ones(3, dtype=bool)


def test_effects_chain_in_the_order_of_the_file():
    """Multiply, then add, then cap; sessions that do not trigger stay."""
    chain = engine.steps([TALK, CHECKS, CAP], "student_engagement_score", FACTS, EVERYBODY)
    assert engine.applied(np.array([8.0, 8.0, 8.0]), chain).tolist() == pytest.approx([4.0, 9.5, 5.6])


def test_the_journal_has_a_row_for_every_application_and_no_other():
    """Rows chain per session; a session that triggers nothing has none."""
    chain = engine.steps([TALK, CHECKS, CAP], "student_engagement_score", FACTS, EVERYBODY)
    rows = engine.journals([engine.journal(np.array([10, 11, 12]), "student_engagement_score", np.full(3, 8.0), chain)])
    assert list(zip(rows["key"], rows["seq"], rows["rule"].texts(), strict=True)) == [
        (10, 1, "talk"), (10, 2, "checks"), (10, 3, "cap"), (11, 1, "checks"), (12, 1, "talk"),
    ]  # fmt: skip
    assert rows["after"][:2].tolist() == pytest.approx(rows["before"][1:3].tolist())


def test_a_missing_fact_triggers_nothing():
    """Where there is no screen row, nobody was seen gaming."""
    gaming = rule("g", "gaming_detected == true", "overall_session_score", set=3.0)
    chain = engine.steps([gaming], "overall_session_score", {"gaming_detected": np.array([np.nan, 0, 1])}, EVERYBODY)
    assert engine.applied(np.full(3, 8.0), chain).tolist() == [8, 8, 3]


def test_stored_values_keep_domain_and_scale():
    """Scores are limited to 0-10 with one decimal, ratings to whole stars from 1 to 5."""
    assert engine.SCALES["overall_session_score"].stored(np.array([10.7, -1, 7.26])).tolist() == [10, 0, 7.3]
    assert engine.SCALES["student_satisfaction_rating"].stored(np.array([0.2, 5.9, 3.6])).tolist() == [1, 5, 4]


def test_metrics_are_worked_out_after_what_triggers_them():
    """Frustration comes before the rating that it caps."""
    order = engine.order([rule("f", "student_frustration_count > 5", "student_satisfaction_rating", cap=2)])
    assert order.index("student_frustration_count") < order.index("student_satisfaction_rating")


def test_rules_in_a_circle_are_refused():
    """Two metrics that trigger each other cannot be settled."""
    a = rule("a", "student_frustration_count > 1", "student_confusion_count", add=1)
    b = rule("b", "student_confusion_count > 1", "student_frustration_count", add=1)
    with pytest.raises(SettingsError, match="circle"):
        engine.order([a, b])


def test_a_rule_cannot_look_at_what_follows_from_its_metric():
    """Attention follows from engagement, so engagement cannot follow from attention."""
    looking = rule("a", "student_on_screen_attention_pct > 0.5", ENGAGEMENT, add=1)
    with pytest.raises(SettingsError, match="follows from"):
        engine.order([looking])


def test_baselines_meet_their_targets_after_capping():
    """The level is found although values above 10 are cut and every second row is multiplied."""
    groups = np.repeat([0, 1], 500)
    factor = np.tile([1.0, 1.3], 500)

    def stored(level: np.ndarray) -> np.ndarray:
        return np.round(np.clip(level * factor, 0, 10), 1)

    level = solve(stored, groups, np.array([6.0, 9.0]), -10, 40)
    assert [stored(level[groups])[groups == g].mean() for g in (0, 1)] == pytest.approx([6, 9], abs=0.06)
