"""Randomness as a function: a draw is a hash of (seed, purpose, keys), never a stream's next number (X1, X3, X4).

Three kinds of allotment are built on it, so that shares hold for every seed instead of on average:
`nested` takes rows such that each row's chance and each stratum's share are met, and a larger share takes more of them;
`systematic` meets every stretch of an order to within one row, and takes others when the share changes;
`spread` turns draws into evenly spread quantiles within a group, so that a group's distribution is exact.

Only integer arithmetic, the four operations and square roots are used: they give the same bits on every machine.
"""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from seed_pipeline.core.arrays import uuid_texts
from seed_pipeline.core.columns import Words

Keys = np.ndarray | int

_UNIT = 2**40
_STRATA, _PLASTIC = 64, 0.7548776662466927
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MANY = 2000  # rows from which sorting key by key is faster than at once
_SIP_KEY = np.frombuffer(b"0123456789123456", dtype="<u8")
_SIP_START = np.frombuffer(b"uespemosmodnarodarenegylsetybdet", dtype="<u8") ^ np.tile(_SIP_KEY, 2)
GOLDEN_SHARE = 0.6180339887498949
"""Steps of this size, wrapped at 1, fill the interval more evenly than chance: offsets for cohorts 0, 1, 2, …"""


def _constant(seed: int, purpose: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(f"{seed}\x1f{purpose}".encode(), digest_size=8).digest(), "little"))


def _mixed(x: np.ndarray) -> np.ndarray:
    """A one-to-one scrambling of 64-bit integers (the finaliser of splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def bits(seed: int, purpose: str, *keys: Keys) -> np.ndarray:
    """64 random bits for each row of the keys (integers of equal length, or scalars). One key: no two rows collide."""
    with np.errstate(over="ignore"):
        state = np.atleast_1d(np.asarray(_constant(seed, purpose)))
        for key in keys:
            state = _mixed((state ^ np.atleast_1d(np.asarray(key)).astype(np.uint64)) + _GOLDEN)
        return state if keys else _mixed(state + _GOLDEN)


def uniform(seed: int, purpose: str, *keys: Keys) -> np.ndarray:
    """A float in the open interval (0, 1) for each row of the keys."""
    return ((bits(seed, purpose, *keys) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def ids(seed: int, purpose: str, *keys: Keys) -> Words:
    """A UUID in the form of version 4 for each row (X4)."""
    return Words(uuid_texts(*(bits(seed, f"{purpose}/{half}", *keys) for half in ("high", "low"))))


def keys_of(texts: np.ndarray) -> np.ndarray:
    """A key (uint64) for each ASCII text, by which what belongs to any ID can be drawn: a mixed SipHash-2-4."""
    raw = texts.astype("S")
    length = np.char.str_len(raw).astype(np.int64)
    blocks = length // 8 + 1  # the last one ends with the length
    padded = np.zeros((len(raw), int(blocks.max(initial=1)) * 8), dtype=np.uint8)
    padded[:, : raw.dtype.itemsize] = raw.view(np.uint8).reshape(len(raw), raw.dtype.itemsize)
    padded[np.arange(len(raw)), blocks * 8 - 1] = length % 256
    with np.errstate(over="ignore"):
        state = [np.full(len(raw), start, dtype=np.uint64) for start in _SIP_START]
        for number, block in enumerate(padded.view("<u8").T):
            there = number < blocks
            after = _sip_rounds(2, state[0], state[1], state[2], state[3] ^ block)
            after[0] ^= block
            state = [np.where(there, new, old) for new, old in zip(after, state, strict=True)]
        state[2] ^= np.uint64(0xFF)
        a, b, c, d = _sip_rounds(4, *state)
        return _mixed(a ^ b ^ c ^ d)


def _sip_rounds(count: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> list[np.ndarray]:
    for _ in range(count):
        a, c = a + b, c + d
        b, d = _turned(b, 13) ^ a, _turned(d, 16) ^ c
        a, c = _turned(a, 32) + d, c + b
        d, b = _turned(d, 21) ^ a, _turned(b, 17) ^ c
        c = _turned(c, 32)
    return [a, b, c, d]


def _turned(x: np.ndarray, places: int) -> np.ndarray:
    return (x << np.uint64(places)) | (x >> np.uint64(64 - places))


def bell(u: np.ndarray) -> np.ndarray:
    """Quantiles of a bell-like distribution with mean 0 and standard deviation 1, bounded at 2.45 (a triangle)."""
    low = np.minimum(u, 1 - u)
    return np.sqrt(6.0) * (np.sqrt(2 * low) - 1) * np.where(u < 0.5, 1.0, -1.0)


def between(u: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> np.ndarray:
    """The value at quantile `u` of the interval."""
    return low + u * (np.asarray(high) - low)


def whole_between(u: np.ndarray, low: np.ndarray | int, high: np.ndarray | int) -> np.ndarray:
    """An integer from low to high inclusive, each equally likely."""
    return (np.asarray(low) + np.floor(u * (np.asarray(high) - low + 1))).astype(np.int64)


def pick(u: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The index at quantile `u` of relative weights (one vector for all rows)."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.minimum(np.searchsorted(edges, u * edges[-1], side="right"), len(edges) - 1)


def in_order(*keys: np.ndarray) -> np.ndarray:
    """The rows sorted by the first key, then by the next, and so on; rows alike keep their order."""
    if len(keys[0]) < _MANY:
        return np.lexsort(keys[::-1])
    index = _sorted(keys[-1])
    for key in keys[-2::-1]:
        index = index[_sorted(key[index])]
    return index


def _sorted(values: np.ndarray) -> np.ndarray:
    """A stable order. Small whole numbers by their digits; where no two are alike, by numpy's fastest sort."""
    if values.dtype.kind == "b":
        return np.argsort(values, kind="stable")
    if values.dtype.kind == "i":
        digits = values - values.min()
        if (most := int(digits.max())) < 2**32:
            order = np.argsort(digits.astype(np.uint16), kind="stable")
            if most < 2**16:
                return order
            return order[np.argsort((digits[order] >> 16).astype(np.uint16), kind="stable")]
    order = np.argsort(values)
    ordered = values[order]
    return np.argsort(values, kind="stable") if (ordered[1:] == ordered[:-1]).any() else order


def ranks(groups: np.ndarray, *order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row: its place (0, 1, …) within its group when sorted by `order`, and the group's size."""
    index = in_order(groups, *order)
    ordered = groups[index]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(groups) else np.empty(0, int)
    sizes = np.diff(np.r_[first, len(groups)])
    place = np.empty(len(groups), dtype=np.int64)
    size = np.empty(len(groups), dtype=np.int64)
    place[index] = np.arange(len(groups)) - np.repeat(first, sizes)
    size[index] = np.repeat(sizes, sizes)
    return place, size


def in_turns(groups: np.ndarray, parts: np.ndarray, *order: np.ndarray) -> np.ndarray:
    """For each row: its place (0, 1, …) within its group when the group's parts take turns, each in the given order."""
    turn, _ = ranks(groups * (parts.max(initial=0) + 1) + parts, *order)
    return ranks(groups, turn, *order)[0]


def spread(groups: np.ndarray, u: np.ndarray, jitter: np.ndarray) -> np.ndarray:
    """Quantiles in (0, 1), evenly spread within each group: `u` decides who gets which, `jitter` where in it."""
    place, size = ranks(groups, u)
    return (place + jitter) / np.maximum(size, 1)


def systematic(chance: np.ndarray, groups: np.ndarray, offset: np.ndarray, *order: np.ndarray) -> np.ndarray:
    """Choose rows with the given chances (0-1), as evenly as can be along `order` within each group.

    `offset` is one number in [0, 1) per row, the same within a group. Each row's probability is its chance, and every
    stretch of consecutive rows of a group holds its summed chances to within one row; a group whose chances sum to a
    whole number gets exactly that many. Fixed-point sums keep float noise from losing a row.
    """
    index = in_order(groups, *order)
    steps = np.rint(np.clip(chance, 0, 1)[index] * _UNIT).astype(np.int64)
    ordered = groups[index]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(groups) else np.empty(0, bool)
    total = np.cumsum(steps)
    before = (total - steps)[first][np.cumsum(first) - 1] if len(groups) else total
    within = total - before
    # A sum meant to be whole may miss by the rounding of its steps; half a row's worth of those is added to it.
    start = np.floor(offset[index] * (_UNIT - 2 * 2**16)).astype(np.int64) + 2**16
    taken = (within + start) // _UNIT - (within - steps + start) // _UNIT
    chosen = np.empty(len(groups), dtype=bool)
    chosen[index] = taken > 0
    return chosen


def nested(
    chance: np.ndarray, groups: np.ndarray, offset: np.ndarray, *order: np.ndarray, ahead: np.ndarray | None = None
) -> np.ndarray:
    """Choose rows with the given chances (0-1), as evenly as can be over the strata `order[:-1]` of each group.

    `offset` is one number in [0, 1) per row, the same within a group; `order[-1]` is a uniform per row. A group holds
    its summed chances to within one row, exactly where they are a whole number, a stratum nearly so; rows `ahead` come
    first. Nested: where the chances rise in proportion, all that were chosen stay chosen. For every row has its turn in
    its stratum and every stratum among the others, and the sum says no more than how many turns there are.
    """
    *strata, u = order
    sure = (chance >= 1) if ahead is None else (chance >= 1) | ahead
    rows, group = np.flatnonzero((chance > 0) & ~sure), groups - groups.min(initial=0)
    levels, code, number = [], group, np.zeros(len(u), np.int64)
    for stratum in strata:
        code, number = code * (int(stratum.max(initial=0)) + 1) + stratum, number * _STRATA + stratum
        levels.append((code, (offset + number * _PLASTIC) % 1.0))
    turn = u[rows] / chance[rows]
    for code, begin in reversed(levels):
        turn = (_place(code, sure, rows, turn) + begin[rows]) / np.bincount(code, weights=chance)[code[rows]]
    place = ranks(group * 2 + ~sure, np.arange(len(u)))[0]
    place[rows] = _place(group, sure, rows, turn)
    # A sum meant to be whole may miss by the rounding of its steps; half a row's worth of those is added to it.
    start = np.floor(offset * (_UNIT - 2 * 2**16)).astype(np.int64) + 2**16
    total = np.bincount(group, weights=np.rint(np.clip(chance, 0, 1) * _UNIT)).astype(np.int64)
    return (place * _UNIT + start < total[group]) & ((chance > 0) | sure)


def _place(code: np.ndarray, sure: np.ndarray, rows: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The place of each of `rows` among those of its code, by turn and after all that are sure."""
    before = np.bincount(code[sure], minlength=int(code.max(initial=0)) + 1)
    return np.asarray(ranks(code[rows], turn)[0] + before[code[rows]])


def dealt(weights: np.ndarray, groups: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Whole numbers per row, in proportion to the weights within each group, that sum to the group's total exactly.

    `groups` are codes below len(total), in ascending order. Walks along the rows in fixed point, so that neither
    float noise nor the rows of other groups can move a number.
    """
    unit = 2**40
    steps = np.rint(
        weights / np.bincount(groups, weights=weights, minlength=len(total))[groups] * total[groups] * unit
    ).astype(np.int64)
    first = np.r_[True, groups[1:] != groups[:-1]]
    last = np.r_[first[1:], True]
    walked = np.cumsum(steps)
    within = walked - (walked - steps)[first][np.cumsum(first) - 1]
    edge = (np.where(last, total[groups] * unit, within) + unit // 2) // unit
    return edge - np.where(first, 0, np.r_[0, edge[:-1]])


def chosen(
    seed: int,
    purpose: str,
    chance: np.ndarray,
    cohort: np.ndarray,
    within: np.ndarray | int,
    key: np.ndarray,
    *order: np.ndarray,
    sampler: Callable[..., np.ndarray] = nested,
) -> np.ndarray:
    """Rows chosen by chance, evenly along `order` in each group: the rows of a cohort with the same number `within`.

    From cohort to cohort a group's offset walks on, so that what the cohorts round up and down nearly cancels.
    """
    within = np.broadcast_to(within, len(cohort)).astype(np.int64)
    offset = (uniform(seed, f"group/{purpose}", within) + cohort * GOLDEN_SHARE) % 1.0
    groups = cohort * (within.max(initial=0) + 1) + within
    return sampler(chance, groups, offset, *order, uniform(seed, f"session/{purpose}", key))


def reconsidered(chosen: np.ndarray, before: np.ndarray, now: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The choice when chances change from `before` to `now`: rows whose chance stays keep their fate (R11)."""
    dropped = (now < before) & (u * before >= now)
    added = (now > before) & (u * (1 - before) < now - before)
    return (chosen & ~dropped) | added


def to_total(weights: np.ndarray, groups: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Chances in [0, 1] in proportion to the weights that sum to `total` (one number per group) in each group.

    Where a group's total exceeds its rows of positive weight, all of those get chance 1 (and the sum falls short).
    """
    chance = np.where(weights > 0, 1.0, 0.0)
    free = weights > 0
    for _ in range(30):
        full = np.bincount(groups, weights=np.where(free, 0.0, chance), minlength=len(total))
        mass = np.bincount(groups, weights=np.where(free, weights, 0.0), minlength=len(total))
        factor = np.maximum(total - full, 0) / np.where(mass > 0, mass, 1)
        chance = np.where(free, weights * factor[groups], chance)
        over = free & (chance >= 1)
        if not over.any():
            break
        chance[over] = 1.0
        free &= ~over
    return np.clip(chance, 0, 1)


def rounded(x: np.ndarray | float) -> np.ndarray:
    """The nearest whole number, halves up."""
    return np.floor(np.asarray(x) + 0.5).astype(np.int64)
