"""The checks are not blind: whoever breaks one thing is noticed by that thing's own check."""

import pytest

from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.judgement import judge
from seed_pipeline_tests.quality.datasets import settings, tables
from seed_pipeline_tests.quality.edges import EDGES, Edge
from seed_pipeline_tests.quality.sabotage import SABOTEURS, narrowed, red
from seed_pipeline_tests.quality.saboteur import LARGE, Saboteur, arrows


def test_every_statement_has_a_saboteur():
    """A check that cannot fail is a defect."""
    assert {*settings().targets.statements, NAME} == {s.statement for s in SABOTEURS}


@pytest.mark.parametrize("base", sorted({s.base for s in SABOTEURS}), ids=" ".join)
def test_sound_data_pass_every_check(base: tuple[str, ...]):
    """A dataset that obeys the configuration never fails a check."""
    names = {s.statement for s in SABOTEURS if s.base == base}
    wanted = narrowed(settings(*base), *names) if base == LARGE else settings(*base)
    assert [v.line for v in judge([arrows(*base)], wanted) if v.failed] == []


FIRST = {s.statement: s for s in reversed(SABOTEURS)}.values()
"""One saboteur of each statement; the others take minutes (make slow, make sabotage)."""


@pytest.mark.parametrize(
    "saboteur",
    [s if s in FIRST else pytest.param(s, marks=pytest.mark.slow) for s in SABOTEURS],
    ids=lambda s: f"{s.statement}: {s.name}",
)
def test_a_saboteur_is_noticed(saboteur: Saboteur):
    """The statement that was broken turns red, though the data comes in three chunks (X6); in one, see `edges`."""
    assert set(red(saboteur, whole=False, chunks=3)) == {saboteur.statement}


@pytest.mark.parametrize("edge", EDGES, ids=lambda e: f"{e.statement}: {e.name}")
def test_a_statement_holds_at_its_edge_and_not_beyond(edge: Edge):
    """The tolerance is the contract's: what lies on it passes; one row, star, minute or hundredth more does not."""
    assert red(edge.step(0), whole=False) == []
    assert red(edge.step(1), whole=False) == [edge.statement]


def test_every_tolerance_has_its_edge():
    """Of a statement that allows no fault at all, any fault is the edge; all others are moved to theirs."""
    allows = {v.name for v in judge([tables()], settings()) if any(r["low"] != r["high"] for r in v.rows)}
    assert allows - {e.statement for e in EDGES} == TOLD_OTHERWISE


TOLD_OTHERWISE = {"P10_time_zone", "N4_cascade", "C5_cohorts"}
"""Clocks go wrong by whole hours; a story of one pair or a circle is taken away whole by its other saboteurs."""


def test_statements_of_large_data_are_judged_on_large_data():
    """What is judged from many sessions only is judged there, with something to judge."""
    wanted = settings(*LARGE)
    names = [name for name, t in wanted.targets.statements.items() if t.only_large]
    assert all(v.n > 0 for v in judge([tables(*LARGE)], narrowed(wanted, *names)))
