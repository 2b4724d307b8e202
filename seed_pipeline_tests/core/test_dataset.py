"""The whole dataset is a function of seed, settings and as_of (X1-X5, D5, R11)."""

import hashlib
from collections.abc import Set

import numpy as np
import pandas as pd
import pytest

from seed_pipeline.core import dataset
from seed_pipeline_tests.core.conftest import make_all, settings_with

MOMENTS = {
    "actual_start", "added_at", "churned_date", "completed_at", "created_at", "effective_from", "enrolled_since",
    "member_since", "scheduled_start", "submitted_at",
}  # fmt: skip


def digest(frame: pd.DataFrame) -> str:
    """A fingerprint of a frame's values."""
    return hashlib.sha256(frame.reset_index(drop=True).to_csv(index=False).encode()).hexdigest()


def flat(made: dict, without: Set[str] = frozenset()) -> dict[str, str]:
    """Fingerprints of all tables of all entities."""
    return {
        f"{e}/{t}": digest(f.drop(columns=list(without & set(f))))
        for e, tables in made.items()
        for t, f in tables.items()
    }


def differing(a: dict, b: dict, without: Set[str] = frozenset()) -> set[str]:
    left, right = flat(a, without), flat(b, without)
    assert left.keys() == right.keys()
    return {name for name in left if left[name] != right[name]}


def test_the_same_settings_give_the_same_data(made):
    """A second run gives the same bytes (X1)."""
    assert not differing(made(), make_all(settings_with()))


def test_another_seed_gives_other_data(made):
    """Every table that holds made values differs (X2)."""
    changed = differing(made(), made("main.seed=43"))
    assert {
        "tutors/users",
        "sessions/sessions",
        "metrics/session_audio_metrics",
        "feedback/session_feedback",
    } <= changed


@pytest.mark.parametrize("cohorts", [[range(0, 1), range(1, 4)], [range(0, 2), range(2, 3), range(3, 4)]])
def test_chunks_add_up_to_the_whole(made, cohorts):
    """Making cohorts apart and putting them together changes nothing (X1)."""
    overrides = (
        "main.total_sessions=600",
        "personas.tutors.star.engagement=[7.5, 9.5]",
    )  # bounds that bind in some cohorts
    whole, parts = made(*overrides), [make_all(settings_with(*overrides), chunk) for chunk in cohorts]
    for entity in dataset.ENTITIES[1:]:
        for table, frame in whole[entity].items():
            together = pd.concat([p[entity][table] for p in parts], ignore_index=True)
            assert digest(together) == digest(frame), f"{entity}/{table}"


def test_growing_by_cohorts_only_appends(made):
    """The first cohorts' rows of 600 sessions are the rows of 300 sessions, byte by byte (X5)."""
    small, large = (
        make_all(settings_with("main.total_sessions=300")),
        make_all(settings_with("main.total_sessions=600"), range(0, 2)),
    )
    assert not differing(small, large)


def test_another_as_of_moves_timestamps_only(made):
    """Every other value of every row, every ID included, is the same (D5), but for alerts about the clock (P3)."""
    for as_of in ("2026-03-03", "2025-12-31"):
        assert not differing(untimed(made()), untimed(made(f"main.as_of={as_of}")), MOMENTS)


def untimed(made_data: dict) -> dict:
    """The data without the alerts of the platform: its windows are days before as_of."""
    key = made_data["answer_key"]
    return made_data | {"answer_key": key | {"truth_alerts": key["truth_alerts"].query("source != 'platform'")}}


def test_changing_the_feedback_leaves_the_rest(made):
    """A tweak of the ratings reaches feedback and its answers only (X3)."""
    changed = differing(made(), made("probabilities.rating.spread=0.9"))
    assert changed <= {
        "feedback/session_feedback",
        "feedback/session_feedback_tags",
        "feedback/work_effects",
        "answer_key/truth_effects",
        "answer_key/truth_alerts",
        "answer_key/truth_dashboard",
    }
    assert "feedback/session_feedback" in changed


@pytest.mark.parametrize(
    ("key", "more", "entity", "table", "column"),
    [
        ("availability.feedback", 0.42, "feedback", "session_feedback", "session_id"),
        ("availability.video", 0.7, "metrics", "session_video_metrics", "session_id"),
        ("availability.screen", 0.5, "metrics", "session_screen_metrics", "session_id"),
        ("outcomes.technical_issues", 0.09, "sessions", "sessions", "technical_issues"),
    ],
)
def test_a_larger_share_adds_rows_and_keeps_the_others(made, key, more, entity, table, column):
    """Whoever raises a share finds every row of before, and new ones beside them (X3)."""
    before, now = (m[entity][table] for m in (made(), made(f"probabilities.{key}={more}")))
    if column != "session_id":
        before, now = before[before[column]], now[now[column]]
    name = "session_id" if "session_id" in before else "id"
    assert set(before[name]) < set(now[name])


def test_changing_one_personas_rate_leaves_other_tutors_conduct(made):
    """What a star tutor does is not touched by the at-risk persona's talk range (X3)."""
    a, b = made(), made("personas.tutors.at_risk.talk_ratio=[0.72, 0.9]")
    work = a["sessions"]["work_sessions"]
    done = work[work["completed"]].reset_index(drop=True)
    others = (done["tutor_persona"] != 3).to_numpy()
    for column in ("tutor_talk_ratio", "tutor_checks_understanding_count", "student_engagement_score"):
        x, y = (m["metrics"]["session_audio_metrics"][column].to_numpy() for m in (a, b))
        assert (x[others] == y[others]).all()
        if column == "tutor_talk_ratio":
            assert (x[~others] != y[~others]).any()


def _triggered(made_data: dict, rule: str) -> set[str]:
    effects = made_data["answer_key"]["truth_effects"]
    return set(effects.loc[effects["rule"] == rule, "session_id"])


@pytest.mark.parametrize(
    "rule",
    [
        "high_talk_ratio",
        "frequent_checks",
        "first_session",
        "balanced_conversation",
        "high_frustration",
        "technical_issues",
        "gaming_detected",
        "broken_trust",
    ],
)
def test_switching_a_rule_off_changes_only_its_sessions(made, rule):
    """Rows of sessions that did not trigger the rule are the same in every session table (R11)."""
    with_rule, without = (
        made("main.total_sessions=3000"),
        made("main.total_sessions=3000", f"correlations.rules.{rule}.enabled=false"),
    )
    triggered = _triggered(with_rule, rule)
    assert triggered
    assert not _triggered(without, rule)
    for entity in ("sessions", "metrics", "feedback", "highlights"):
        for table, before in with_rule[entity].items():
            if table.startswith("work_"):
                continue
            key = "id" if table == "sessions" else "session_id"
            after = without[entity][table]
            a, b = (f[~f[key].isin(triggered)].reset_index(drop=True) for f in (before, after))
            assert digest(a) == digest(b), f"{entity}/{table}"


def test_sessions_reach_every_table_once(made):
    """The metrics rows are those that the sessions' flags promise (A5)."""
    data = made()
    sessions = data["sessions"]["sessions"]
    for flag, table in (
        ("has_audio_analysis", "session_audio_metrics"),
        ("has_video_analysis", "session_video_metrics"),
        ("has_screen_monitoring", "session_screen_metrics"),
    ):
        assert set(sessions.loc[sessions[flag], "id"]) == set(data["metrics"][table]["session_id"])


def test_a_journal_closes_on_the_stored_value(made):
    """Rows chain, and the last value, limited and rounded, is what the table holds (R)."""
    data = made()
    effects = data["answer_key"]["truth_effects"]
    stored = data["metrics"]["session_audio_metrics"].set_index("session_id")["student_engagement_score"]
    own = effects[effects["metric"] == "student_engagement_score"]
    assert (own.groupby("session_id")["after"].shift().dropna() == own.loc[own["seq"] > 1, "before"]).all()
    last = own.groupby("session_id")["after"].last().clip(0, 10).round(1)
    assert np.allclose(last, stored.loc[last.index], atol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_engagement_spreads_below_its_top(made, seed):
    """Rules that raise engagement carry nobody to 10: no dashboard shows a wall there."""
    engagement = made(f"main.seed={seed}")["metrics"]["session_audio_metrics"]["student_engagement_score"]
    assert engagement.max() < 10
    assert (engagement > 9.5).any()
