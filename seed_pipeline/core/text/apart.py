"""Lines for the rows of a group such that nobody repeats what another has said as long as there is something left.

Each row draws a line by weight among those that fit it. Where several rows of a group draw the same, the one with the
fewest lines to choose from keeps it (then chance decides), and the others draw again among what the group has used
least. A row whose draw nobody contests keeps it, whatever happens around it. A line is said at most as often as the
group has rows for each line that fits the pickiest of them: ceil(rows / lines).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seed_pipeline.core.columns import Words
from seed_pipeline.core.facts import Facts, fitting
from seed_pipeline.core.sampling.randomness import uniform
from seed_pipeline.core.text.wording import Slots, drawn, spoken
from seed_pipeline.settings.text_lines import Line


class Keyed(NamedTuple):
    """A draw of one purpose for rows with these keys; repeated draws have a number."""

    seed: int
    purpose: str
    keys: tuple[np.ndarray, ...]

    def uniform(self, again: int, rows: np.ndarray) -> np.ndarray:
        """A uniform for some of the rows: the draw itself (0), or one of its repetitions (1, 2, …)."""
        purpose = f"{self.purpose}/{again}" if again else self.purpose
        return uniform(self.seed, purpose, *(key[rows] for key in self.keys))


def choose_apart(
    lines: Sequence[Line], facts: Facts, draw: Keyed, groups: np.ndarray, filled_twice: bool = False
) -> np.ndarray:
    """The index of each row's line, apart from those of the other rows of its group.

    With `filled_twice`, a line with slots may be said twice before any line is repeated: its texts differ. Raises
    LookupError when no line fits a row.
    """
    fits, pattern = fitting(lines, facts)
    choices = fits.sum(axis=1)[pattern]
    if not choices.all():
        raise LookupError(f"{draw.purpose}: no line fits row {int(np.argmin(choices))}; add one without when")
    weight = np.array([line.weight for line in lines])
    room = np.array([2 if filled_twice and line.slots else 1 for line in lines])
    groups = groups - groups.min(initial=0)
    used = np.zeros((groups.max(initial=-1) + 1, len(lines)), dtype=np.int32)
    index, waiting, again = np.full(len(groups), -1), np.arange(len(groups)), 0
    turn = draw._replace(purpose=f"{draw.purpose}/turn").uniform(0, waiting)
    line = drawn(lines, fits, pattern, draw.uniform(0, waiting))
    while len(waiting):
        first = _first(groups[waiting] * len(lines) + line, choices[waiting], turn[waiting])
        index[waiting[first]] = line[first]
        used[groups[waiting[first]], line[first]] += 1
        waiting, again = waiting[~first], again + 1
        least = _least(fits[pattern[waiting]], used[groups[waiting]] // room)
        line = _drawn(least * weight, draw.uniform(again, waiting))
    return index


def say_apart(lines: Sequence[Line], facts: Facts, draw: Keyed, groups: np.ndarray, slots: Slots) -> Words:
    """What each row says: a line chosen by `choose_apart` with its slots filled."""
    return spoken(lines, choose_apart(lines, facts, draw, groups), slots)


def _drawn(weight: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A line (column of the weights) for each row, drawn by weight."""
    edges = np.cumsum(weight, axis=1, out=weight)
    return np.asarray((edges <= (u * edges[:, -1])[:, None]).sum(axis=1))


def _least(fits: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Which of the lines that fit were used least."""
    often = np.where(fits, used, np.iinfo(np.int32).max)
    return np.asarray(often == often.min(axis=1, initial=np.iinfo(np.int32).max, keepdims=True))


def _first(claim: np.ndarray, choices: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """One boolean per row: the first, by choices and then by turn, of those that claim the same."""
    first = np.bincount(claim)[claim] == 1
    contested = np.flatnonzero(~first)
    order = contested[np.lexsort((turn[contested], choices[contested], claim[contested]))]
    ordered = claim[order]
    first[order[np.r_[True, ordered[1:] != ordered[:-1]][: len(order)]]] = True
    return first
