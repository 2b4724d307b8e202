"""The rows behind a failed check: found in the data, with what the statement looked at."""

from functools import cache

import pytest

from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline_tests.quality.datasets import chunks, settings
from seed_pipeline_tests.quality.sabotage import SABOTEURS, narrowed
from seed_pipeline_tests.quality.saboteur import SMALL, Saboteur

SMALL_ONES = {s.statement: s for s in reversed(SABOTEURS) if s.base == SMALL and s.statement != NAME}


@cache
def judged(saboteur: Saboteur) -> Verdict:
    """The verdict of a saboteur's own statement on what it broke."""
    wanted, broken = narrowed(saboteur.settings, saboteur.statement), saboteur.broken()
    return next(v for v in judge([broken], wanted) if v.failed)


@pytest.mark.parametrize("saboteur", SMALL_ONES.values(), ids=SMALL_ONES)
def test_every_statement_that_names_offenders_shows_their_rows(saboteur: Saboteur) -> None:
    """One row for each offender, in their order: its key, and something of what the statement looked at."""
    verdict = judged(saboteur)
    assert [row["id"] for row in verdict.evidence] == list(verdict.offenders)
    assert all(len(row) > 1 for row in verdict.evidence)


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("T1_talk", {"tutor_talk_ratio", "tutor_persona", "off_day", "status"}),
        ("Q4_no_overlaps", {"scheduled_start", "scheduled_duration", "tutor_id", "student_id"}),
        ("Q7_talk_adds_up", {"tutor_talk_ratio", "student_talk_ratio", "awkward_pause_ratio"}),
        ("Q8_highlights", {"timestamp_seconds", "highlight_type", "speaker", "session_id", "actual_duration"}),
        ("Q10_tags", {"tag", "student_satisfaction_rating"}),
        ("R9_weighted_score", {"due", "weighted_session_score", "status"}),
        ("O7_busy_tutors", {"sessions"}),
    ],
)
def test_a_row_has_what_its_statement_is_about(statement: str, columns: set[str]) -> None:
    """What the query looked at: columns of the offender's own row, and facts derived from others."""
    assert columns <= set(judged(SMALL_ONES[statement]).evidence[0])


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("Q9_people", {"what is wrong": "users.email is reserved", "email": "jo@gmail.com"}),
    ],
)
def test_a_fault_of_one_column_shows_that_column(statement: str, row: dict[str, object]) -> None:
    """Where what is wrong names a column, the row is the key and that column."""
    found = [judged(s).evidence[0] for s in SABOTEURS if s.statement == statement and s.base == SMALL]
    assert any(row.items() <= shown.items() and len(shown) == 3 for shown in found)


def test_offenders_are_found_in_every_chunk() -> None:
    """Many chunks are read one by one; offenders are those of all of them."""
    overrides = ("main.total_sessions=450", "main.chunk_cohorts=1")
    strict = settings(*overrides, "targets.statements.O7_busy_students.at_least=30")
    verdict = next(v for v in judge(chunks(*overrides), strict) if v.name == "O7_busy_students")
    assert len(verdict.evidence) == 20
    assert all(isinstance(row["sessions"], int) and row["sessions"] < 30 for row in verdict.evidence)
