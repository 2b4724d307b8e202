"""Hours and weekdays are meant in a zone, UTC is stored, and clocks that change in the window harm nothing (P10)."""

import time
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from seed_pipeline.core.columns import to_arrow
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sessions import booking, calendar
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.judgement import judge
from seed_pipeline.settings import load
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.zones import zone, zone_info
from seed_pipeline_tests.core.conftest import settings_with
from seed_pipeline_tests.quality.compare import moved
from seed_pipeline_tests.quality.datasets import settings, tables

NEW_YORK = "America/New_York"
CHANGES = {
    "New York springs forward": (NEW_YORK, "2026-03-20"),
    "New York falls back": (NEW_YORK, "2026-11-20"),
    "Berlin springs forward": ("Europe/Berlin", "2026-04-10"),
    "Berlin falls back": ("Europe/Berlin", "2026-11-05"),
    "Lord Howe, in the south, springs forward by half an hour": ("Australia/Lord_Howe", "2026-10-20"),
    "Lord Howe falls back": ("Australia/Lord_Howe", "2026-04-20"),
    "Kolkata, half an hour off, never changes": ("Asia/Kolkata", "2026-04-20"),
    "Kiritimati is the farthest east": ("Pacific/Kiritimati", "2026-07-02"),
    "Pago Pago is the farthest west": ("Pacific/Pago_Pago", "2026-07-02"),
}
"""A zone and an as_of less than a window after its clocks change."""
_AT_ONCE = (
    "New York springs forward",
    "New York falls back",
    "Lord Howe, in the south, springs forward by half an hour",
)


@pytest.mark.parametrize(
    ("name", "as_of"),
    [pytest.param(*case, id=i, marks=() if i in _AT_ONCE else pytest.mark.slow) for i, case in CHANGES.items()],
)
def test_every_statement_holds_wherever_the_clocks_change(name: str, as_of: str) -> None:
    """All of the contract, judged in the zone; nothing stored is later than as_of, where the services' windows end."""
    wanted = (f"main.time_zone={name}", f"main.as_of={as_of}")
    made = tables(*wanted)
    assert [v.name for v in judge([made], settings(*wanted)) if v.failed] == []
    latest = pd.Timestamp(as_of)
    assert (made["session_feedback"]["submitted_at"] < latest).all()
    assert (made["student_churn_reasons"]["added_at"] < latest).all()


@pytest.mark.parametrize(("name", "as_of"), list(CHANGES.values())[:6], ids=list(CHANGES)[:6])
def test_who_teaches_through_the_night_is_not_double_booked(name: str, as_of: str) -> None:
    """Open all day, busiest at night: sessions keep order and room as stored, and start at times there are (Q2, Q4)."""
    always = [f"probabilities.time.hours.{h}={20 if h < 5 else 2}" for h in range(22)]
    world = World(settings_with(f"main.time_zone={name}", f"main.as_of={as_of}", "main.cohort.count=1",
                                "main.total_sessions=400", *always))  # fmt: skip
    table = booking.book(world, range(1))
    minutes = calendar.durations(world, table)
    start = calendar.schedule(world, range(1), table, minutes)
    frame = to_arrow("work_sessions", table).to_pandas()
    frame["start"], frame["end"] = start, start + (minutes + 15).astype("timedelta64[m]")
    for role in ("tutor", "student"):
        order = frame.sort_values([role, "start"])
        assert (order["start"].shift(-1) >= order["end"])[order[role] == order[role].shift(-1)].all()
    assert (frame.groupby("pair")["start"].diff().dropna() > pd.Timedelta(0)).all()
    local = world.zone.local(start)
    assert (local.astype("datetime64[m]").astype(np.int64) % 15 == 0).all()
    assert (world.zone.utc(local) == start).all()


def test_another_as_of_moves_timestamps_only_also_over_a_change() -> None:
    """A window in winter, one with the change to summer time: every other value is the same (D5)."""
    before, after = (tables(f"main.time_zone={NEW_YORK}", f"main.as_of={day}") for day in ("2026-02-10", "2026-03-20"))
    assert moved(before, after) == []


def test_the_zone_moves_timestamps_only() -> None:
    """Whoever sets time_zone finds the same people, sessions and stories."""
    assert moved(tables("main.as_of=2026-03-20"), tables(f"main.time_zone={NEW_YORK}", "main.as_of=2026-03-20")) == []


@pytest.mark.parametrize("name", [NEW_YORK, "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "UTC"])
def test_whole_columns_are_converted_as_python_converts_one_time(name: str) -> None:
    """The zone's table agrees with the zone, hour by hour over two years, in both directions."""
    hours = np.arange("2026-01-01", "2028-01-01", np.timedelta64(3600, "s"), dtype="datetime64[s]")
    table, info = zone(name, 2026), zone_info(name)
    seen = [t.replace(tzinfo=UTC).astimezone(info).replace(tzinfo=None) for t in hours.tolist()]
    assert table.local(hours).tolist() == seen
    back = [t.replace(tzinfo=info).astimezone(UTC).replace(tzinfo=None) for t in hours.tolist()]
    assert table.utc(hours).tolist() == back


def test_clocks_skip_and_repeat_an_hour() -> None:
    """New York never sees half past two when summer begins, half past one twice when it ends: the first is meant."""
    new_york = zone(NEW_YORK, 2026)
    assert not new_york.shows(np.array([datetime(2026, 3, 8, 2, 30)], dtype="datetime64[s]"))[0]
    twice = np.array([datetime(2026, 11, 1, 1, 30)], dtype="datetime64[s]")
    assert new_york.utc(twice).tolist() == [datetime(2026, 11, 1, 5, 30)]


@pytest.mark.parametrize(
    ("name", "day"), [("UTC", 25), (NEW_YORK, 24), ("Pacific/Auckland", 25), ("Pacific/Kiritimati", 25)]
)
def test_today_is_the_date_in_the_zone(name: str, day: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past one in UTC: still yesterday in New York. What a machine's clock shows makes no difference."""
    moment = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert load(overrides=[f"main.time_zone={name}"], today=moment).main.as_of == date(2026, 11, day)
    try:
        for clock in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            monkeypatch.setenv("TZ", clock)
            time.tzset()
            before, found, after = _date(name), Wishes(overrides=[f"main.time_zone={name}"]).settings(), _date(name)
            assert found.main.as_of in (before, after)
    finally:
        monkeypatch.undo()
        time.tzset()


def _date(name: str) -> date:
    return datetime.now(UTC).astimezone(zone_info(name)).date()


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("Berlin", "Europe/Berlin"), ("america/new york", NEW_YORK), ("Mars/Phobos", "UTC")],
)
@pytest.mark.parametrize("key", ["time_zone", "staging_refresh.time_zone"])
def test_a_zone_that_does_not_exist_is_refused(wrong: str, meant: str, key: str) -> None:
    """The message names the key and a zone that may be meant."""
    with pytest.raises(SettingsError, match=f"main.yaml, {key}.*no such time zone.*{meant}"):
        settings_with(f"main.{key}={wrong}")
