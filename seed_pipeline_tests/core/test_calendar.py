"""When sessions happen: habits, quotas, no double-booking, and an as_of that moves nothing but time (D, Q2, Q4)."""

import numpy as np
import pandas as pd
import pytest

from seed_pipeline.core.columns import to_arrow
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sessions import booking, calendar
from seed_pipeline.settings.files import SettingsError
from seed_pipeline_tests.core.conftest import settings_with

AS_OF = ("2025-12-31", "2026-01-01", "2028-02-29", "2026-03-02", "2026-06-14", "2026-09-19")


def booked(*overrides: str) -> tuple[World, pd.DataFrame]:
    world = World(settings_with(*overrides))
    cohorts = range(0, world.cohorts)
    table = booking.book(world, cohorts)
    minutes = calendar.durations(world, table)
    start = calendar.schedule(world, cohorts, table, minutes)
    return world, to_arrow("work_sessions", table.with_columns(minutes=minutes, start=start)).to_pandas()


@pytest.mark.parametrize("as_of", AS_OF)
def test_times_keep_the_contract_on_any_as_of(as_of):
    """Peak hours, busy midweek, recency, quarter hours and the window hold across a year (D1-D4)."""
    _, frame = booked(f"main.as_of={as_of}", "main.total_sessions=1500")
    start = frame["start"]
    day = (start - pd.Timestamp(as_of)).dt.days + 30
    assert day.between(0, 29).all()
    assert (start.dt.minute % 15 == 0).all()
    assert start.dt.hour.between(15, 19).mean() >= 0.45
    assert (day >= 15).sum() >= 1.2 * (day < 15).sum()
    recent = frame[day >= 2].groupby(start.dt.day_of_week).size()
    assert recent[[1, 2, 3]].min() > recent[[0, 4, 5, 6]].max()


def test_nobody_is_in_two_places():
    """Neither a tutor's nor a student's sessions overlap, with room for a late end (Q4)."""
    _, frame = booked("main.total_sessions=1500")
    for role in ("tutor", "student"):
        ordered = frame.sort_values(["cohort", role, "start"])
        next_start = ordered.groupby(["cohort", role])["start"].shift(-1)
        end = ordered["start"] + pd.to_timedelta(ordered["minutes"] + 15, unit="m")
        assert not (next_start < end).any()


def test_a_pairs_numbers_follow_its_times():
    """Session 2 of a pair is later than session 1 (Q2)."""
    _, frame = booked("main.total_sessions=1500")
    gaps = frame.sort_values(["pair", "number"]).groupby("pair")["start"].diff().dropna()
    assert (gaps > pd.Timedelta(0)).all()


def test_pairs_have_a_usual_weekday():
    """Most sessions of a pair that meets often fall on two weekdays at the most."""
    _, frame = booked("main.total_sessions=1500")
    often = frame[frame["pair_size"] >= 4]
    common = often.groupby("pair")["start"].apply(lambda s: s.dt.day_of_week.value_counts().iloc[:2].sum() / len(s))
    assert common.mean() > 0.75


def test_another_as_of_moves_only_time():
    """Who meets whom, how long and in which order is the same (D5)."""
    _, a = booked("main.as_of=2026-03-01")
    _, b = booked("main.as_of=2026-07-24")
    assert a.drop(columns="start").equals(b.drop(columns="start"))
    assert not (a["start"] == b["start"]).any()


def test_a_chunk_is_the_same_alone():
    """A cohort's times do not depend on the cohorts made beside it (X1)."""
    world, frame = booked("main.total_sessions=750")
    alone = booking.book(world, range(2, 3))
    minutes = calendar.durations(world, alone)
    start = calendar.schedule(world, range(2, 3), alone, minutes)
    assert (start == frame.loc[frame["cohort"] == 2, "start"].to_numpy()).all()


def test_the_named_maximum_fits():
    """A cohort of exactly as many sessions as the error names is placed without conflict (C5)."""
    most = calendar.capacity(World(settings_with()))
    _, frame = booked("main.cohort.count=1", f"main.total_sessions={most}")
    assert len(frame) == most


def test_more_than_the_days_hold_is_refused():
    """The message names the maximum (C5, Q4)."""
    with pytest.raises(SettingsError, match="total_sessions to") as refused:
        booked("main.cohort.count=1", "main.total_sessions=3000")
    assert str(calendar.capacity(World(settings_with("main.cohort.count=1")))) in str(refused.value)


def test_days_other_than_thirty():
    """A window of 15, 45 or 90 days works as well."""
    for days in (15, 45, 90):
        _, frame = booked(f"main.days={days}", "main.total_sessions=150")
        first = np.datetime64("2026-03-01") - np.timedelta64(days, "D")
        assert frame["start"].between(first, np.datetime64("2026-03-01")).all()
