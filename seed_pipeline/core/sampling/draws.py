"""Keyed draws over the completed sessions of a chunk, and the groups within which they are spread or allotted."""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from seed_pipeline.core.columns import Table
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import chosen, nested, pick, ranks, spread, uniform
from seed_pipeline.settings.ranges import Strict


class Draws:
    """Draws of one entity's sessions; all arrays have one value per completed session, in key order."""

    def __init__(self, world: World, done: Table) -> None:
        self.world, self.done = world, done
        self.key, self.cohort, self.pair = (np.asarray(done[c]) for c in ("key", "cohort", "pair"))
        self.tutor_persona, self.student_persona = (np.asarray(done[c]) for c in ("tutor_persona", "student_persona"))
        self.by_tutor = self.cohort * len(world.tutor_personas) + self.tutor_persona
        self.by_student = self.cohort * len(world.student_personas) + self.student_persona
        self.by_cell = self.by_tutor * len(world.student_personas) + self.student_persona

    def __len__(self) -> int:
        return len(self.key)

    def uniform(self, purpose: str) -> np.ndarray:
        """An independent uniform per session."""
        return uniform(self.world.seed, f"session/{purpose}", self.key)

    def of_student(self, purpose: str) -> np.ndarray:
        """A uniform per student, the same for all their sessions."""
        return uniform(self.world.seed, f"student/{purpose}", self.cohort, np.asarray(self.done["student"]))

    def of_pair(self, purpose: str) -> np.ndarray:
        """A uniform per pair, the same for all its sessions."""
        return uniform(self.world.seed, f"pair/{purpose}", self.pair)

    def of_cell(self, purpose: str, cells: np.ndarray) -> np.ndarray:
        """A uniform per cell (a value of `by_cell`)."""
        return uniform(self.world.seed, f"cell/{purpose}", cells)

    def spread(self, purpose: str, groups: np.ndarray) -> np.ndarray:
        """Quantiles evenly spread within each group."""
        return spread(groups, self.uniform(purpose), self.uniform(f"{purpose}/jitter"))

    def pick(self, purpose: str, groups: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Indexes of relative weights, their shares even over the cohort's rows of the same group number."""
        return pick(self.spread(purpose, self.cohort * 2 + groups), weights)

    def chosen(
        self,
        purpose: str,
        chance: np.ndarray,
        within: np.ndarray | int,
        *order: np.ndarray,
        sampler: Callable[..., np.ndarray] = nested,
    ) -> np.ndarray:
        """Rows chosen by chance, evenly along `order` in each group: the rows of a cohort with the same `within`."""
        return chosen(self.world.seed, purpose, chance, self.cohort, within, self.key, *order, sampler=sampler)

    def first_of(
        self, purpose: str, groups: np.ndarray, among: np.ndarray, weight: np.ndarray | float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """A random order (0, 1, …) of the rows of `among` in each group, heavy rows sooner; how many the group has."""
        return ranks(groups * 2 + ~among, -np.log(self.uniform(purpose)) / np.maximum(weight, 1e-9))

    def tutor(self, personas: Mapping[str, Strict], name: str) -> np.ndarray:
        """A setting of each session's tutor persona."""
        return np.array([getattr(p, name) for p in personas.values()], dtype=np.float64)[self.tutor_persona]

    def student(self, personas: Mapping[str, Strict], name: str) -> np.ndarray:
        """A setting of each session's student persona."""
        return np.array([getattr(p, name) for p in personas.values()], dtype=np.float64)[self.student_persona]

    def ranges(self, personas: Mapping[str, Strict], name: str) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of a range of each session's student persona."""
        low, high = self.student(personas, name).T
        return low, high

    def tutor_ranges(self, personas: Mapping[str, Strict], name: str) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of a range of each session's tutor persona."""
        low, high = self.tutor(personas, name).T
        return low, high

    def of_personas(self, means: np.ndarray) -> np.ndarray:
        """Values of a table of tutor personas (rows) and student personas (columns) for each session."""
        return means[self.tutor_persona, self.student_persona]

    def cell_mean(self, values: np.ndarray) -> np.ndarray:
        """The mean over each session's cohort and pair of personas."""
        codes = np.unique(self.by_cell, return_inverse=True)[1]
        return (np.bincount(codes, weights=values) / np.bincount(codes))[codes]

    @cached_property
    def trend(self) -> np.ndarray:
        """Points of score by which the pair's course lifts or lowers each session; a pair's sum to nearly nothing."""
        slope = self.slope * self.world.settings.probabilities.events.trend
        number, size = np.asarray(self.done["number"]), np.asarray(self.done["pair_size"])
        return slope * (number - (size + 1) / 2)

    @cached_property
    def slope(self) -> np.ndarray:
        """Between -1 (the pair's sessions get worse) and 1 (better)."""
        return 2 * self.of_pair("trend") - 1
