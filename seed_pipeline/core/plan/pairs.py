"""Mean engagement of each tutor persona with each student persona, so that both sides' ranges hold at once (T3, S1).

personas.yaml states wishes (`pairs.engagement`). The means that are used are the nearest ones (least squares, Dykstra's
alternating projections) under which every persona's mean, weighted by who books whom, lies inside its range with a
margin; with the shipped settings the wishes themselves.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seed_pipeline.core.plan.world import World

MARGIN = 0.12  # points of engagement kept free on either side by the settings, so that cohorts have room
COHORT_MARGIN = 0.05  # … and by every cohort: what rounding and few sessions leave to chance
REACH = (0.2, 9.8)  # means beyond which the column's limits leave no room for spread
_ROUNDS = 3000
SLACK = 0.01


class Side(NamedTuple):
    """One persona's range for the weighted mean of its cells."""

    statement: str
    persona: str
    setting: str
    stated: tuple[float, float]
    weights: np.ndarray  # (…, tutor personas, student personas), sums to 1 or to nothing
    low: float
    high: float

    def mean(self, means: np.ndarray) -> np.ndarray:
        """The persona's mean, one per table of cell means."""
        return (self.weights * means).sum(axis=(-2, -1))

    def miss(self, means: np.ndarray, held: np.ndarray | np.bool = np.True_) -> np.ndarray:
        """How far the mean lies below (positive) or above (negative) the range; 0 inside, or where none is `held`."""
        value = self.mean(means)
        return np.where(held, np.clip(value, self.low, self.high) - value, 0.0)


def booked(world: World) -> np.ndarray:
    """Expected shares of sessions by tutor persona (rows) and student persona (columns), tutor no-shows left out."""
    shares = np.zeros((len(world.tutor_personas), len(world.student_personas)))
    for row, group in zip(world.booking_shares, world.groups, strict=True):
        shares[:, world.student_personas.index(group.persona)] += row
    held = 1 - np.array([p.no_show for p in world.settings.personas.tutors.values()])
    return shares * held[:, None]


def engagement_means(world: World) -> np.ndarray:
    """Mean stored engagement of each pair of personas (0-10), as near to all ranges as they allow each other."""
    return _nearest(_wishes(world), sides(world, booked(world), MARGIN))


def cohort_means(world: World, sessions: np.ndarray, leeway: np.ndarray) -> np.ndarray:
    """Mean stored engagement of each pair of personas in each cohort: shape of `sessions` (cohorts, tutors, students).

    Starts from `engagement_means` plus `leeway` (what a cell is let go by chance) and moves as little as is needed for
    the cohort's own numbers of sessions to meet every range.
    """
    held = sides(world, sessions.astype(np.float64), COHORT_MARGIN)
    return _nearest(engagement_means(world) + leeway, held)


def _wishes(world: World) -> np.ndarray:
    wishes = world.settings.personas.pairs.engagement
    return np.array([[wishes[t][s] for s in world.student_personas] for t in world.tutor_personas], dtype=np.float64)


def _nearest(start: np.ndarray, sides: list[Side]) -> np.ndarray:
    """The nearest tables of cell means (last two axes) that meet all sides, as far as they can be met.

    A table that meets them rests, whatever the others still need: cohorts do not depend on their neighbours (X1).
    """
    means = np.clip(start, *REACH)
    owed = [np.zeros_like(means) for _ in range(len(sides) + 1)]
    sizes = [np.maximum((side.weights**2).sum(axis=(-2, -1)), 1e-12) for side in sides]
    held = [side.weights.any(axis=(-2, -1)) for side in sides]
    for _ in range(_ROUNDS):
        unmet = np.max([np.abs(s.miss(means, some)) for s, some in zip(sides, held, strict=True)], axis=0) > SLACK
        if not unmet.any():
            break
        before = means
        for i, side in enumerate(sides):
            moved = means + owed[i]
            means = moved + (side.miss(moved, held[i]) / sizes[i])[..., None, None] * side.weights
            owed[i] = moved - means
        moved = means + owed[-1]
        means = np.clip(moved, *REACH)
        owed[-1] = moved - means
        means = np.where(unmet[..., None, None], means, before)
    return means


def sides(world: World, shares: np.ndarray, margin: float) -> list[Side]:
    """Every persona with its range less the margin; `shares`: sessions by tutor and student persona (last two axes)."""
    personas = world.settings.personas
    return [
        *_of_role(-2, "T3", "tutors", personas.tutors, shares, margin),
        *_of_role(-1, "S1", "students", personas.students, shares, margin),
    ]


def _of_role(axis: int, statement: str, role: str, personas: Mapping, shares: np.ndarray, margin: float) -> list[Side]:
    result = []
    for i, (name, persona) in enumerate(personas.items()):
        own = np.zeros(shares.shape[axis])
        own[i] = 1.0
        weights = shares * (own[:, None] if axis == -2 else own)
        total = weights.sum(axis=(-2, -1), keepdims=True)
        low, high = persona.engagement
        free = min(margin, (high - low) / 4)
        setting = f"personas.{role}.{name}.engagement"
        stated = persona.engagement
        result.append(
            Side(statement, name, setting, stated, weights / np.where(total > 0, total, 1), low + free, high - free)
        )
    return result
