"""Figures over windows are exact, at their edges too, and the judge reads the platform's rules alike (P3)."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from seed_pipeline.core.answer_key.window_alerts import on_window
from seed_pipeline.core.answer_key.windows import Observed
from seed_pipeline.core.columns import Tables, Words, from_arrow, to_arrow
from seed_pipeline.quality.scope import of_frames
from seed_pipeline.settings.alerts import AlertRule
from seed_pipeline_tests.core.conftest import settings_with

SETTINGS = settings_with()
END = np.datetime64(SETTINGS.main.as_of, "s")


def sessions(ages: list, scores: list[float] | None = None, talk: list[float] | None = None) -> dict[str, pd.DataFrame]:
    """Completed first sessions of one tutor, so many days (or timedeltas) before the end."""
    n = len(ages)
    start = [END - (a if isinstance(a, np.timedelta64) else np.timedelta64(int(a * 86_400), "s")) for a in ages]
    ids = [f"s{i:02d}" for i in range(n)]
    row = {"tutor_id": "t", "student_id": ids, "session_number": 1, "status": "completed", "rescheduled_by": None}
    table = pd.DataFrame({"id": ids, "scheduled_start": np.array(start, "datetime64[s]"), **row})
    audio = pd.DataFrame({"session_id": ids, "tutor_talk_ratio": talk or [0.5] * n})
    return {
        "sessions": table.assign(overall_session_score=scores or [9.0] * n),
        "session_audio_metrics": audio.assign(tutor_checks_understanding_count=9),
    }


def columns(tables: dict[str, pd.DataFrame]) -> Tables:
    """Frames as the engine has them."""
    return {name: from_arrow(pa.Table.from_pandas(frame, preserve_index=False)) for name, frame in tables.items()}


def raised(kind: str, tables: dict[str, pd.DataFrame]) -> dict[str, list]:
    """What the engine raises; the judge has to demand the same."""
    rule: AlertRule = SETTINGS.alerts.platform[kind]
    assert rule.window is not None
    rows = {"sessions": tables, "metrics": {"sessions": tables["sessions"][["id"]], **tables}}
    seen = Observed(Words(["t"]), np.zeros(len(tables["sessions"]), int), {a: columns(t) for a, t in rows.items()}, END)
    found = on_window(1, kind, rule, rule.window, seen, np.zeros(1, int))
    with of_frames([tables], SETTINGS) as scope:
        due = scope.rows(f"SELECT severity FROM demanded_alert WHERE source = 'platform' AND alert_type = '{kind}'")
    alerts = to_arrow("truth_alerts", found).to_pydict()
    assert [row["severity"] for row in due] == alerts["severity"]
    return alerts


@pytest.mark.parametrize(
    ("loud", "n", "due"), [(7, 10, True), (6, 10, False), (4, 5, True), (3, 5, False), (4, 4, False)]
)
def test_seventy_per_cent_of_ten_are_seven(loud: int, n: int, due: bool):
    """70 % is 7 of 10, from five sessions on; 0.65 itself is not above 0.65."""
    talk = [0.651] * loud + [0.65] * (n - loud)
    assert len(raised("high_talk_ratio", sessions(list(range(1, n + 1)), talk=talk))["id"]) == due


def test_only_the_last_ten_count():
    """Ten quiet sessions since hide any number of loud ones before."""
    talk = [0.5] * 10 + [0.9] * 15
    assert raised("high_talk_ratio", sessions(list(range(1, 26)), talk=talk))["id"] == []


@pytest.mark.parametrize(("now", "due"), [([6.8], False), ([6.8, 6.7], True), ([6.7], True), ([6.9, 6.7], False)])
def test_fifteen_per_cent_below_is_no_decline_yet(now: list[float], due: bool):
    """6.8 after 8.0 is exactly 15 % less; more than 15 % is asked for."""
    found = raised("declining_performance", sessions([1] * len(now) + [31, 40], [*now, 8.1, 7.9]))
    assert len(found["id"]) == due
    if due and len(now) == 1:
        assert found["because"][0] == (
            "mean overall_session_score 6.7 over 1 session in the last 30 days, 8 in the 30 days before (-16.2 %): "
            "change < -0.15"
        )


@pytest.mark.parametrize(
    ("age", "due"),
    [(np.timedelta64(7, "D"), True), (np.timedelta64(7 * 86_400 + 1, "s"), False), (np.timedelta64(0, "s"), False)],
)
def test_a_window_holds_its_first_moment_and_not_its_last(age: np.timedelta64, due: bool):
    """end - 7 days <= scheduled_start < end."""
    assert len(raised("poor_first_session", sessions([age], [6.4]))["id"]) == due


def test_the_latest_poor_first_session_is_named():
    """One alert for the tutor, however many; at one start the greater ID counts as later."""
    found = raised("poor_first_session", sessions([6, 1, 1, 0.5], [2.0, 3.0, 6.4, 6.5]))
    assert found["session_id"] == found["student_id"] == ["s02"]
    assert found["because"][0].startswith("3 sessions with ")
