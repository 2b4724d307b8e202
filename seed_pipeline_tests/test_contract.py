"""Every statement of the contract holds for every seed, size and date, not on average."""

import pytest

from seed_pipeline_tests.contract import judge_all

DATES = (
    "2025-12-31",
    "2026-01-01",
    "2028-02-29",
    "2028-03-01",
    "2026-06-15",
    "2026-09-20",
)  # a Monday, a Sunday among them


@pytest.mark.parametrize("seeds", [30, pytest.param(100, marks=pytest.mark.slow)])
def test_many_seeds_hold_at_the_default_size(seeds: int):
    """Seeds 0, 1, 2 … at 150 sessions: no statement fails."""
    assert judge_all([(f"main.seed={seed}",) for seed in range(seeds)]) == []


def test_other_sizes_hold():
    """Small, odd and larger worlds keep the contract, one cohort or several."""
    sizes = [(seed, sessions) for seed in (1, 2, 3) for sessions in (60, 75, 151, 300)]
    sizes += [(4, sessions) for sessions in (61, 90, 95, 129, 225, 234, 1_500)]
    assert judge_all([(f"main.seed={seed}", f"main.total_sessions={sessions}") for seed, sessions in sizes]) == []


def test_dates_across_the_year_hold():
    """Leap day, year end, a Monday, a Sunday: D1-D5 do not depend on the date."""
    assert judge_all([("main.seed=7", f"main.as_of={day}") for day in DATES]) == []


WINDOWS = (15, 16, 17, 18, 19, 20, 21, 22, 26, 29, 60)


def test_windows_of_any_length_hold():
    """D2 and D4 hold for short, odd and long windows, whichever weekday they end on."""
    assert judge_all([(f"main.days={days}", f"main.as_of=2026-03-{days % 7 + 1:02d}") for days in WINDOWS[::2]]) == []


@pytest.mark.slow
def test_windows_of_any_length_hold_on_every_weekday():
    """The same for each day of a week, with another seed for each."""
    cases = [(days, day) for days in WINDOWS for day in range(1, 8)]
    assert judge_all([(f"main.seed={d}", f"main.days={days}", f"main.as_of=2026-03-0{d}") for days, d in cases]) == []


def test_an_odd_seed_is_a_seed_like_any_other():
    """Negative and huge seeds keep the contract (X2)."""
    assert judge_all([(f"main.seed={seed}",) for seed in (-1, 2**70, 0)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [15_000, 105_000, 1_050_000])
def test_large_worlds_hold_within_the_tight_tolerances(sessions):
    """Three seeds each, judged with the tolerances for large data."""
    assert (
        judge_all([(f"main.seed={seed}", f"main.total_sessions={sessions}") for seed in (1, 2, 3)], processes=1) == []
    )
