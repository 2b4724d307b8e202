"""Draws depend on seed, purpose and key alone; allotments are exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed_pipeline.core.sampling.randomness import (
    bell,
    bits,
    dealt,
    ids,
    in_turns,
    nested,
    ranks,
    reconsidered,
    rounded,
    spread,
    systematic,
    to_total,
    uniform,
)

N = 20_000
KEYS = np.arange(N)


def test_a_draw_depends_on_its_own_key_only():
    """Drawing for a part of the keys, in another order, gives the same numbers."""
    some = KEYS[::-7]
    assert (uniform(42, "talk", some) == uniform(42, "talk", KEYS)[some]).all()


def test_seed_and_purpose_make_independent_draws():
    """Another seed or purpose gives numbers that have nothing to do with each other."""
    base = uniform(42, "talk", KEYS)
    for other in (uniform(43, "talk", KEYS), uniform(42, "checks", KEYS), uniform(-42, "talk", KEYS)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.03


def test_draws_are_uniform_and_never_0_or_1():
    """A million draws fill the interval evenly and stay inside it."""
    u = uniform(7, "x", np.arange(10**6))
    assert u.min() > 0
    assert u.max() < 1
    assert np.abs(np.histogram(u, 20, (0, 1))[0] / 50_000 - 1).max() < 0.02


def test_known_draws_stay_the_same_for_ever():
    """These figures were drawn when the scheme was laid down; a change of them changes everybody's data."""
    assert [int(x) for x in bits(42, "frozen", np.array([0, 1, 2]))] == FROZEN


FROZEN = [13731167419532097456, 2566944641479012442, 16728633286715585067]


@given(st.integers())
def test_any_integer_is_a_seed(seed):
    """Negative and huge seeds work (X1)."""
    assert 0 < uniform(seed, "x", 1)[0] < 1


def test_ids_are_distinct_and_well_formed():
    """UUIDs have the form of version 4; their first eight characters, which pages show, differ in a cast (X4, Q9)."""
    found = ids(42, "session/id", KEYS).texts()
    assert len(set(found)) == N
    assert all(len(i) == 36 and i[14] == "4" and i[19] in "89ab" for i in found[:500])
    assert len({i[:8] for i in found[:500]}) == 500


def test_bell_has_unit_spread():
    """The bell has mean 0 and standard deviation 1, and keeps within 2.45."""
    x = bell(spread(np.zeros(N, int), uniform(1, "a", KEYS), uniform(1, "b", KEYS)))
    assert x.mean() == pytest.approx(0, abs=1e-3)
    assert x.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(x).max() < 2.45


def test_spread_gives_every_group_the_whole_distribution():
    """In a group of n, exactly one quantile falls in each n-th of the interval."""
    groups = KEYS % 7
    q = spread(groups, uniform(1, "a", KEYS), uniform(1, "b", KEYS))
    for g in range(7):
        own = np.sort(q[groups == g])
        assert (np.floor(own * len(own)) == np.arange(len(own))).all()


SAMPLERS = pytest.mark.parametrize("sampler", [systematic, nested])


@SAMPLERS
@pytest.mark.parametrize("total", [0, 1, 53, 149, 150])
def test_whole_totals_are_met_exactly(sampler, total):
    """Chances that add up to a whole number give exactly that many rows in every group, for every offset."""
    groups = np.repeat(np.arange(200), 150)
    keys = np.arange(len(groups))
    chance = to_total(0.2 + uniform(1, "w", keys), groups, np.full(200, total))
    taken = sampler(chance, groups, uniform(1, "o", groups), uniform(1, "u", keys))
    assert (np.bincount(groups[taken], minlength=200) == total).all()


@pytest.mark.parametrize(("sampler", "rows"), [(systematic, 1), (nested, 2)])
def test_strata_hold_their_chances(sampler, rows):
    """Every stratum holds its summed chances, to within a row or two."""
    groups, strata = np.repeat(np.arange(100), 150), np.tile(np.repeat(np.arange(5), 30), 100)
    chance = np.full(len(groups), 0.37)
    taken = sampler(chance, groups, uniform(2, "o", groups), strata, uniform(2, "u", np.arange(len(groups))))
    counts = np.bincount(groups[taken] * 5 + strata[taken], minlength=500)
    assert np.abs(counts - 30 * 0.37).max() < rows


@SAMPLERS
def test_a_sample_does_not_depend_on_other_groups(sampler):
    """A group alone is taken as it is among others (X1: any chunk size)."""
    groups = np.repeat(np.arange(50), 40)
    keys = np.arange(len(groups))
    chance, offset, u = uniform(3, "c", keys), uniform(3, "o", groups), uniform(3, "u", keys)
    whole = sampler(chance, groups, offset, u)
    one = groups == 17
    assert (sampler(chance[one], groups[one], offset[one], u[one]) == whole[one]).all()


def test_a_larger_share_keeps_who_was_chosen():
    """Chances that rise in proportion add rows, drop none, and never take who has no chance."""
    groups, keys = np.repeat(np.arange(40), 150), np.arange(6_000)
    strata = (keys % 7, keys % 3)
    weight = (1 + uniform(4, "w", keys)) * (keys % 5 > 0)
    before = np.zeros(len(keys), dtype=bool)
    for total in range(1, 64, 7):
        chance = to_total(weight, groups, np.full(40, total))
        now = nested(chance, groups, uniform(4, "o", groups), *strata, uniform(4, "u", keys), ahead=weight > 1.99)
        assert (before <= now).all()
        assert (np.bincount(groups[now]) == total).all()
        assert not now[weight == 0].any()
        before = now


def test_to_total_never_exceeds_certainty():
    """Heavy rows get chance 1 and the others share what is left."""
    chance = to_total(np.array([100.0, 1, 1, 1, 0]), np.zeros(5, int), np.array([2.5]))
    assert chance.tolist() == pytest.approx([1, 0.5, 0.5, 0.5, 0])


def test_dealt_numbers_add_up():
    """Whole numbers in proportion to weights sum to each group's total."""
    groups = np.repeat(np.arange(60), 132)
    total = 400 + np.arange(60)
    counts = dealt(uniform(5, "w", np.arange(len(groups))), groups, total)
    assert (np.bincount(groups, weights=counts) == total).all()
    assert counts.min() >= 0


def test_ranks_number_each_group_from_zero():
    """Places follow the order within the group; sizes are the group's."""
    place, size = ranks(np.array([1, 0, 1, 1]), np.array([3, 9, 1, 2]))
    assert place.tolist() == [2, 0, 0, 1]
    assert size.tolist() == [3, 1, 3, 3]


def test_reconsidered_changes_only_rows_whose_chance_changed():
    """Who keeps the chance keeps the fate; over all, the new chance is met (R11)."""
    before, now = np.full(N, 0.6), np.where(KEYS % 2, 0.3, 0.6)
    chosen = uniform(8, "chosen", KEYS) < before
    after = reconsidered(chosen, before, now, uniform(8, "again", KEYS))
    assert (after == chosen)[KEYS % 2 == 0].all()
    assert after[KEYS % 2 == 1].mean() == pytest.approx(0.3, abs=0.02)


def test_halves_round_up():
    """Cumulative rounding needs one rule for halves."""
    assert rounded(np.array([0.5, 1.5, 2.4])).tolist() == [1, 2, 2]


def test_parts_take_turns_in_their_group():
    """Two tutors of a persona get no-shows one after the other, whatever their luck (P2)."""
    group, part = np.zeros(6, np.int64), np.array([0, 0, 0, 0, 1, 1])
    place = in_turns(group, part, np.array([0.1, 0.2, 0.3, 0.4, 0.8, 0.9]))
    assert sorted(part[place < 2]) == [0, 1]
    assert sorted(part[place < 4]) == [0, 0, 1, 1]
    assert sorted(place) == [0, 1, 2, 3, 4, 5]
