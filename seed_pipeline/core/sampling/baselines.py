"""Baselines: the levels before rules that make the stored data meet what the personas declare (T3, S1, T4).

Rules multiply, add and cap in between, so declared means cannot simply be drawn. A level per cohort and cell is
searched by halving an interval on the cohort's own sessions, with every rule of the configuration, switched off or
not: switching one off must not move the others' sessions (R11).
"""

from collections.abc import Callable

import numpy as np

Values = Callable[[np.ndarray], np.ndarray]
_HALVINGS = 40


def solve(stored: Values, groups: np.ndarray, target: np.ndarray, low: float, high: float) -> np.ndarray:
    """A level per group whose mean of `stored(level per row)` comes nearest to the group's target.

    `groups` (n,) are codes below len(target); `stored` must not fall when a level rises. Where the mean moves in
    jumps (whole numbers, few rows) the nearer side of the jump is taken.
    """
    counts = np.maximum(np.bincount(groups, minlength=len(target)), 1)

    def mean(level: np.ndarray) -> np.ndarray:
        return np.bincount(groups, weights=stored(level[groups]), minlength=len(target)) / counts

    below, above = np.full(len(target), low), np.full(len(target), high)
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        under = mean(middle) < target
        below, above = np.where(under, middle, below), np.where(under, above, middle)
    nearer_below = np.abs(mean(below) - target) < np.abs(mean(above) - target)
    return np.where(nearer_below, below, above)
