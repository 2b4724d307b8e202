"""Says things: picks a line that fits each row's facts and fills its slots.

Everything is vectorised over rows; loops run over lines. A row's text depends on that row's facts, its uniform draw
and its slots alone, so that order, neighbours and chunking never change a word (X1, X3).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.text_lines import SLOT, Line

Columns = Mapping[str, Any]
NOTHING = np.array(None, dtype=object)
"""What stands in a column of words where there are none; broadcasts in np.where."""


def choose(lines: Sequence[Line], facts: Columns, u: np.ndarray, group: str = "lines") -> np.ndarray:
    """The index of the line each row says: drawn by weight among the lines whose conditions hold.

    `u` holds one uniform in (0, 1) per row. Raises LookupError for the first row that no line fits; `group` names
    the lines in that message.
    """
    return _choose(lines, _Fits(facts, len(u)), np.asarray(u, dtype=float), group)


def say(lines: Sequence[Line], facts: Columns, u: np.ndarray, slots: Columns, group: str = "lines") -> pd.Series:
    """What each row says: a line chosen by `choose` with its slots filled, as a str series.

    `slots` has one text per row for every slot the lines use; a slot that begins a sentence gets a capital letter.
    """
    index = choose(lines, facts, u, group)
    return pd.Series(_spoken(lines, index, _Slots(slots)), dtype="str")


def spoken(lines: Sequence[Line], index: np.ndarray, slots: Columns) -> np.ndarray:
    """The chosen lines (indexes) with their slots filled, as an object array."""
    return _spoken(lines, index, _Slots(slots))


def fitting(lines: Sequence[Line], facts: Columns, n: int) -> np.ndarray:
    """Which of the lines (first axis) fit each of `n` rows (second axis)."""
    fits = _Fits(facts, n)
    return np.stack([fits(line) for line in lines])


def compose(groups: Mapping[str, Sequence[Line]], facts: Columns, u: np.ndarray, slots: Columns) -> pd.Series:
    """A text of one line per group, in the mapping's order, joined with spaces; empty lines leave nothing behind.

    `u` has a row per text and a column per group, uniforms in (0, 1).
    """
    fits, values = _Fits(facts, len(u)), _Slots(slots)
    result: Any = np.full(len(u), "", dtype=object)
    for column, (name, lines) in enumerate(groups.items()):
        result = result + _spoken(lines, _choose(lines, fits, u[:, column], name), values, space=" ")
    return pd.Series(result, dtype="str").str.slice(1)


def uncovered(lines: Sequence[Line], facts: Columns) -> np.ndarray:
    """One boolean per row: no line fits, so `choose` would refuse it. For trying a configuration on a grid of facts."""
    n = len(next(iter(facts.values())))
    return np.asarray(~fitting(lines, facts, n).any(axis=0))


def _choose(lines: Sequence[Line], fits: "_Fits", u: np.ndarray, group: str) -> np.ndarray:
    """Inverse of the cumulated weights: as many lines are passed over as end at or before u times the total."""
    total = np.zeros(len(u))
    for line in lines:
        total += line.weight * fits(line)
    if (total == 0).any():
        raise LookupError(_nothing_fits(lines, fits.facts, int(np.argmax(total == 0)), group))
    threshold, passed = u * total, np.zeros(len(u))
    index = np.zeros(len(u), dtype=np.intp)
    for line in lines:
        passed += line.weight * fits(line)
        index += passed <= threshold
    return index


def _spoken(lines: Sequence[Line], index: np.ndarray, values: "_Slots", space: str = "") -> np.ndarray:
    """The chosen lines with their slots filled, as an object array; `space` goes in front of all that is not empty."""
    said = np.empty(len(index), dtype=object)
    order = np.argsort(index, kind="stable")
    numbers, starts = np.unique(index[order], return_index=True)
    for number, rows in zip(numbers, np.split(order, starts[1:]), strict=False):
        text = lines[number].text
        said[rows] = _fill(text, values, rows, space) if text else ""
    return said


class _Fits:
    """Says for which rows a line fits; each distinct condition is worked out once."""

    def __init__(self, facts: Columns, n: int) -> None:
        self.facts, self._n = facts, n
        self._plain: dict[str, np.ndarray] = {}
        self._known: dict[Condition, np.ndarray] = {}

    def __call__(self, line: Line) -> np.ndarray:
        result = np.ones(self._n, dtype=bool)
        for condition in line.when:
            if condition not in self._known:
                self._known[condition] = condition.holds({condition.fact: self._values(condition.fact)})
            result &= self._known[condition]
        return result

    def _values(self, fact: str) -> np.ndarray:
        if fact not in self._plain:
            series = pd.Series(self.facts[fact])
            number = pd.api.types.is_numeric_dtype(series.dtype)
            self._plain[fact] = series.to_numpy(float, na_value=np.nan) if number else series.to_numpy(object)
        return self._plain[fact]


class _Slots:
    """The slots' texts as object arrays, and the same with a capital first letter, each made when first asked for."""

    def __init__(self, slots: Columns) -> None:
        self._slots = slots
        self._plain: dict[tuple[str, bool], np.ndarray] = {}

    def __call__(self, slot: str, capital: bool) -> np.ndarray:
        if (slot, capital) not in self._plain:
            codes, texts = pd.factorize(np.asarray(self._slots[slot], dtype=object))
            if (codes < 0).any():
                raise LookupError(
                    f"slot {slot!r} has no text in row {int(np.argmax(codes < 0))}; fill it for every row"
                )
            texts = np.array([str(t)[:1].upper() + str(t)[1:] if capital else str(t) for t in texts], dtype=object)
            self._plain[slot, capital] = texts[codes]
        return self._plain[slot, capital]


def _fill(template: str, values: _Slots, rows: np.ndarray, space: str) -> np.ndarray | str:
    """The template with its slots filled for these rows."""
    pieces = SLOT.split(template)
    result: Any = space + pieces[0]
    before = pieces[0]
    for slot, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        result = result + values(slot, _begins_sentence(before))[rows] + literal
        before += "…" + literal
    return result


def _begins_sentence(before: str) -> bool:
    """Whether what follows this text starts a sentence; an ellipsis goes on with the one before."""
    text = before.rstrip().rstrip("\"'“‘(")
    return not text or (before != text and text[-1] in ".!?" and not text.endswith("..."))


def _nothing_fits(lines: Sequence[Line], facts: Columns, row: int, group: str) -> str:
    used = sorted({condition.fact for line in lines for condition in line.when})
    values = ", ".join(f"{name} = {pd.Series(facts[name]).iloc[row]}" for name in used)
    return f"{group}: none of {len(lines)} lines fits row {row} ({values}); add a line without conditions"
