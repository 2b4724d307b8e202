"""A run with a rule switched off is loaded: the levels that the rule helped to make only warn (R11)."""

import pytest

from seed_pipeline.quality.judgement import judge
from seed_pipeline.settings import load
from seed_pipeline_tests.contract import TODAY, complete_chunks

RULES = [rule.name for rule in load(today=TODAY).correlations.rules]


@pytest.mark.parametrize("rule", RULES)
def test_a_counterfactual_is_held_back_by_nothing_that_follows_from_it(rule):
    """Integrity and the other rules still block; missed levels are warnings."""
    settings = load(overrides=[f"correlations.rules.{rule}.enabled=false"], today=TODAY)
    failed = [v for v in judge(complete_chunks(settings), settings) if v.failed]
    assert [v.name for v in failed if v.blocking] == []


def test_with_every_rule_on_levels_block():
    """The shipped settings declare no warnings."""
    settings = load(today=TODAY)
    assert all(v.blocking for v in judge(complete_chunks(settings), settings))
