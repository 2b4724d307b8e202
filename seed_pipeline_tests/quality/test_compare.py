"""X, D5, R11, X5: what two datasets have to do with each other."""

from datetime import date

import pandas as pd
import pytest

from seed_pipeline.settings import load
from seed_pipeline_tests.quality import compare
from seed_pipeline_tests.quality.datasets import Data, settings, tables

RULES = [rule.name for rule in settings().correlations.rules]


def test_a_dataset_is_the_same_as_itself():
    """X1: to the last value; one value bent, one row moved, one type changed is a change."""
    assert compare.changed(tables(), tables()) == []
    bent = Data()
    bent["session_audio_metrics"].loc[0, "student_engagement_score"] += 0.1
    assert compare.changed(tables(), tables() | {"session_audio_metrics": bent["session_audio_metrics"]}) == [
        "session_audio_metrics"
    ]
    turned = {**tables(), "sessions": tables()["sessions"].iloc[::-1].reset_index(drop=True)}
    assert compare.changed(tables(), turned) == ["sessions"]


def test_another_seed_gives_other_data():
    """X2."""
    assert {"sessions", "users", "session_feedback"} <= set(compare.changed(tables(), tables("main.seed=43")))


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2025, 12, 31)])
def test_another_as_of_moves_timestamps_only(day: date):
    """D5: every other value of every row is the same."""
    moved = tables(f"main.as_of={day}")
    assert compare.moved(tables(), moved) == []
    assert ("sessions", "scheduled_start") in {(d.table, d.column) for d in compare.differences(tables(), moved)}


def test_a_value_that_moves_with_the_date_is_noticed():
    """D5: an ID from the clock, a text that names the day."""
    clock = Data()
    clock["sessions"].loc[0, "id"] = "2026-11-22"
    assert [d.table for d in compare.moved(tables(), clock.tables)] == ["sessions"]
    day = Data()
    day["sessions"].loc[0, "ai_summary"] = "On Sunday they met."
    assert [d.column for d in compare.moved(tables(), day.tables)] == ["ai_summary"]


def test_growing_by_cohorts_only_appends():
    """X5: and a row of the smaller world that is lost or changed in the larger is noticed."""
    larger = tables("main.total_sessions=450")
    assert compare.lost(tables(), larger) == []
    without = {**larger, "session_feedback": larger["session_feedback"].iloc[1:]}
    assert [(d.table, d.column) for d in compare.lost(tables(), without)] == [("session_feedback", "")]
    other = Data(("main.total_sessions=450",))
    other["users"].loc[0, "name"] = "Ada Moon"
    assert [(d.table, d.column) for d in compare.lost(tables(), other.tables)] == [("users", "name")]


@pytest.mark.parametrize("rule", RULES)
def test_switching_one_rule_off_leaves_all_else_alone(rule: str):
    """R11."""
    off = tables(f"correlations.rules.{rule}.enabled=false")
    assert compare.beyond_rule(tables(), off, rule, settings()) == []


def test_a_rule_that_reaches_too_far_is_noticed():
    """R11: a session that does not trigger, a cause in one that does, a person."""
    one = Data()
    one.put("sessions", one.sessions("tutor_talk_ratio < 0.6", 1), "overall_session_score", 1.0)
    assert compare.beyond_rule(tables(), one.tables, "high_talk_ratio", settings())
    cause = Data()
    cause.put("session_audio_metrics", cause.sessions("tutor_talk_ratio > 0.65", 1), "tutor_talk_ratio", 0.7)
    assert compare.beyond_rule(tables(), cause.tables, "high_talk_ratio", settings())
    person = Data()
    person["tutors"].loc[0, "bio"] = "Changed."
    assert compare.beyond_rule(tables(), person.tables, "high_talk_ratio", settings())


def test_changing_one_section_leaves_other_entities_alone():
    """X3: other words of feedback change feedback only; a changed session is noticed."""
    other = tables("text.feedback.no_comment_share=0.5")
    assert compare.differences(tables(), other)
    assert compare.spread(tables(), other, ["feedback"]) == []
    reached = Data(("text.feedback.no_comment_share=0.5",))
    reached["sessions"].loc[0, "ai_summary"] = "Changed."
    assert [(d.table, d.column) for d in compare.spread(tables(), reached.tables, ["feedback"])] == [
        ("sessions", "ai_summary")
    ]


def test_a_difference_says_where():
    """Table, column, how many, the first keys."""
    assert str(compare.Difference("sessions", "status", ("a", "b"))) == "sessions: status, 2 rows, first a, b"
    assert load(today=date(2026, 1, 1)).main.as_of == pd.Timestamp("2026-01-01").date()
