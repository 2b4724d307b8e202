"""The checks are not blind: whoever breaks one thing is noticed by that thing's own check."""

import pytest

from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.judgement import judge
from seed_pipeline_tests.quality.datasets import settings, tables
from seed_pipeline_tests.quality.sabotage import SABOTEURS, judged, narrowed, red
from seed_pipeline_tests.quality.saboteur import LARGE, Saboteur


def test_every_statement_has_a_saboteur():
    """A check that cannot fail is a defect."""
    assert {*settings().targets.statements, NAME} == {s.statement for s in SABOTEURS}


@pytest.mark.parametrize("base", sorted({s.base for s in SABOTEURS}), ids=" ".join)
def test_sound_data_pass_every_check(base: tuple[str, ...]):
    """A dataset that obeys the configuration never fails a check."""
    names = {s.statement for s in SABOTEURS if s.base == base}
    wanted = narrowed(settings(*base), *names) if base == LARGE else settings(*base)
    assert [v.line for v in judged([tables(*base)], wanted) if v.failed] == []


@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda s: f"{s.statement}: {s.name}")
def test_a_saboteur_is_noticed(saboteur: Saboteur):
    """The statement that was broken turns red."""
    assert red(saboteur, whole=False) == [saboteur.statement]


def test_statements_of_large_data_are_judged_on_large_data():
    """What is judged from many sessions only is judged there, with something to judge."""
    wanted = settings(*LARGE)
    names = [name for name, t in wanted.targets.statements.items() if t.only_large]
    assert all(v.n > 0 for v in judge([tables(*LARGE)], narrowed(wanted, *names)))
