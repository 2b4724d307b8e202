"""How close is close: intervals for every sample size."""

from math import inf, nan

import pytest

from seed_pipeline.quality.intervals import Size, around, deviation, rounded, row
from seed_pipeline.settings.targets import Tolerance


def at(sessions: int) -> Size:
    """The shipped sizes."""
    return Size(sessions, 150, 100_000, max(1, round(sessions / 150)))


@pytest.mark.parametrize(("seen", "fine"), [(131, False), (132, True), (133, False)])
def test_at_150_a_share_is_exact_to_rounding(seen: int, fine: bool):
    """O1: exactly 132 of 150, though large data may be off by 0.3 points."""
    low, high = around(0.88, Tolerance(large=0.003), 150, at(150))
    assert row("", seen / 150, low, high, 150).passed is fine


@pytest.mark.parametrize(("seen", "fine"), [(2, False), (3, True), (7, True), (8, False)])
def test_at_150_a_tolerance_may_be_lopsided(seen: int, fine: bool):
    """O3: 3 to 7 tutor no-shows around 3 %."""
    low, high = around(0.03, Tolerance(counts=(1.5, 2.5), large=0.015), 150, at(150))
    assert row("", seen / 150, low, high, 150).passed is fine


def test_at_large_sizes_only_the_large_tolerance_counts():
    """O6: half a point, whatever the count."""
    low, high = around(0.25, Tolerance(counts=1, large=0.005), 3500, at(100_000))
    assert (low, high) == (pytest.approx(0.245), pytest.approx(0.255))


def test_tolerances_never_grow_with_the_size():
    """From the default size on, more data is held closer or as close, never more loosely than the sum of both."""
    widths = []
    for sessions in (151, 300, 1500, 15_000, 99_999, 100_000, 10_000_000):
        low, high = around(0.5, Tolerance(counts=1, large=0.03), sessions // 10, at(sessions))
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)


def test_a_share_given_for_small_data_shrinks_with_size():
    """S5: 10 points at 150, 5 at any size."""
    assert around(0.6, Tolerance(small=0.1, large=0.05), 50, at(150)) == (pytest.approx(0.5), pytest.approx(0.7))
    assert around(0.6, Tolerance(small=0.1, large=0.05), 99_000, at(300_000)) == (
        pytest.approx(0.55),
        pytest.approx(0.65),
    )


def test_nothing_is_held_closer_than_one_unit():
    """The mean of one rating cannot lie between 4.2 and 4.4; of ten it can."""
    assert row("", 4.0, 4.2, 4.4, 1, unit=1.0).passed
    assert row("", 5.0, 4.2, 4.4, 1, unit=1.0).passed
    assert not row("", 3.0, 4.2, 4.4, 1, unit=1.0).passed
    assert not row("", 4.5, 4.2, 4.4, 10, unit=1.0).passed


def test_a_scaled_interval_holds_the_roundings_of_the_expected_share():
    """4 % of 13 sessions are none or one."""
    assert rounded(0.02, 0.08, 0.04, 13) == (0.0, 0.08)


def test_no_rows_pass():
    """Nothing seen is nothing wrong."""
    assert row("", nan, 0.0, 1.0, 0).passed


@pytest.mark.parametrize(
    ("observed", "low", "high", "expected"),
    [
        (0.5, 0.4, 0.6, 0.0),
        (0.6, 0.4, 0.6, 1.0),
        (0.7, 0.4, 0.6, 2.0),
        (1.0, 1.0, inf, 1.0),
        (2.0, 1.0, inf, 0.0),
        (0.5, 1.0, inf, 1.5),
        (3.0, 3.0, 3.0, 0.0),
    ],
)
def test_deviation_counts_in_tolerances(observed: float, low: float, high: float, expected: float):
    """0 at the expected value, 1 at the edge."""
    assert deviation(observed, low, high) == pytest.approx(expected)


def test_deviation_beyond_the_edge_is_above_one():
    """Also where nothing at all is tolerated, and where nothing was seen."""
    assert deviation(3.1, 3.0, 3.0) > 1
    assert deviation(nan, 0.0, 1.0) > 1
