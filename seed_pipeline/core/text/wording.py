"""Says things: picks a line that fits each row's facts and fills its slots.

Everything is vectorised over rows; loops run over lines. A row's text depends on that row's facts, its uniform draw
and its slots alone, so that order, neighbours and chunking never change a word (X1, X3). Until the end a text is a run
of pieces, numbers of literals and of the words that fill slots; Arrow joins them, all rows at once.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seed_pipeline.core.arrays import number_array, text_array
from seed_pipeline.core.columns import Words
from seed_pipeline.core.facts import Facts, fitting
from seed_pipeline.settings.text_lines import SLOT, Line

NOTHING = np.array(None, dtype=object)
"""What stands in a column of words where there are none; broadcasts in np.where."""
Slots = Mapping[str, Words]
_NONE = -1


def choose(lines: Sequence[Line], facts: Facts, u: np.ndarray, group: str = "lines") -> np.ndarray:
    """The index of the line each row says: drawn by weight among the lines whose conditions hold.

    `u` holds one uniform in (0, 1) per row. Raises LookupError for the first row that no line fits; `group` names
    the lines in that message.
    """
    fits, pattern = fitting(lines, facts)
    if (nothing := uncovered(lines, facts)).any():
        raise LookupError(_nothing_fits(lines, facts, int(np.argmax(nothing)), group))
    return drawn(lines, fits, pattern, u)


def drawn(lines: Sequence[Line], fits: np.ndarray, pattern: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A line (index) for each row, by weight among those that fit its pattern; `u` walks along the weights."""
    edges = np.cumsum(fits * np.array([line.weight for line in lines]), axis=1)
    threshold, index = u * edges[pattern, -1], np.empty(len(u), dtype=np.int64)
    for number, rows in _alike(pattern, len(fits)):
        index[rows] = np.searchsorted(edges[number], threshold[rows], side="right")
    return index


class Script:
    """Texts about some rows, on their way to being written: lines with these slots, one word per row for each."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._filled: dict[tuple[str, bool], np.ndarray] = {}
        self._vocabularies: list[pa.Array] = []
        self._literals: dict[str, int] = {}

    def say(self, lines: Sequence[Line], index: np.ndarray) -> np.ndarray:
        """The pieces of the chosen lines (indexes; -1 for none): shape (rows, pieces of the longest), -1 at the end."""
        templates = [_split(line.text) for line in lines]
        result = np.full((len(index), max(map(len, templates), default=0)), _NONE, dtype=np.int64)
        for number, rows in _alike(index + 1, len(lines) + 1):
            for place, (slot, capital, text) in enumerate(templates[number - 1] if number else ()):
                result[rows, place] = self._words(slot, capital)[rows] if slot else self._literal(text)
        return result

    def written(self, *parts: np.ndarray) -> pa.Array:
        """Each row's texts, those that are not empty joined by spaces."""
        runs: list[np.ndarray] = []
        begun = np.zeros(len(parts[0]), dtype=bool)
        for part in parts:
            there = part[:, :1] != _NONE if part.shape[1] else np.zeros((len(part), 1), bool)
            runs += [np.where(there & begun[:, None], self._literal(" "), _NONE), part]
            begun |= there[:, 0]
        pieces = np.hstack(runs)
        said = pieces != _NONE
        ends = np.concatenate([[0], np.cumsum(said.sum(axis=1))])
        codes = pieces[said]
        first_literal = sum(map(len, self._vocabularies))
        codes = np.where(codes < _NONE, first_literal - 2 - codes, codes)
        known = pa.concat_arrays([*self._vocabularies, text_array(self._literals)])
        runs_of_words = pa.ListArray.from_arrays(number_array(ends, pa.int32()), known.take(number_array(codes)))
        return pc.binary_join(runs_of_words, text_array([""])[0])

    def _literal(self, text: str) -> int:
        """Literals are numbered downwards from -2, because nobody knows yet how many words come before them."""
        return -2 - self._literals.setdefault(text, len(self._literals))

    def _words(self, slot: str, capital: bool) -> np.ndarray:
        """The piece that fills the slot, per row; where it begins a sentence, with a capital letter."""
        if (slot, capital) not in self._filled:
            words = self._slots[slot]
            if (missing := words.codes < 0).any():
                raise LookupError(f"slot {slot!r} has no text in row {int(missing.argmax())}; fill it for every row")
            start = sum(map(len, self._vocabularies))
            self._vocabularies.append(_with_capitals(words.vocabulary) if capital else words.vocabulary)
            self._filled[slot, capital] = start + words.codes
        return self._filled[slot, capital]


def say(lines: Sequence[Line], facts: Facts, u: np.ndarray, slots: Slots, group: str = "lines") -> Words:
    """What each row says: a line chosen by `choose` with its slots filled.

    `slots` has one word per row for every slot the lines use; a slot that begins a sentence gets a capital letter.
    """
    return spoken(lines, choose(lines, facts, u, group), slots)


def spoken(lines: Sequence[Line], index: np.ndarray, slots: Slots) -> Words:
    """The chosen lines (indexes) with their slots filled."""
    script = Script(slots)
    return Words(script.written(script.say(lines, index)))


def compose(groups: Mapping[str, Sequence[Line]], facts: Facts, u: np.ndarray, slots: Slots) -> Words:
    """A text of one line per group, in the mapping's order, joined with spaces; empty lines leave nothing behind.

    `u` has a row per text and a column per group, uniforms in (0, 1).
    """
    script = Script(slots)
    parts = [script.say(lines, choose(lines, facts, u[:, i], name)) for i, (name, lines) in enumerate(groups.items())]
    return Words(script.written(*parts))


def uncovered(lines: Sequence[Line], facts: Facts) -> np.ndarray:
    """One boolean per row: no line fits, so `choose` would refuse it. For trying a configuration on a grid of facts."""
    fits, pattern = fitting(lines, facts)
    return np.asarray(~np.any(fits, axis=1))[pattern]


def _alike(codes: np.ndarray, below: int) -> list[tuple[int, np.ndarray]]:
    """Each code in use, ascending, with its rows."""
    order, ends = np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes, minlength=below))
    starts = np.concatenate([[0], ends])
    return [(number, order[starts[number] : end]) for number, end in enumerate(ends) if starts[number] < end]


def _split(template: str) -> list[tuple[str, bool, str]]:
    """The pieces of a template: slot, whether it begins a sentence, or else literal text."""
    found, before = [], ""
    for number, piece in enumerate(SLOT.split(template)):
        if number % 2:
            found.append((piece, _begins_sentence(before), ""))
            before += "…"
        elif piece:
            found.append(("", False, piece))
            before += piece
    return found


def _begins_sentence(before: str) -> bool:
    """Whether what follows this text starts a sentence; an ellipsis goes on with the one before."""
    text = before.rstrip().rstrip("\"'“‘(")
    return not text or (before != text and text[-1] in ".!?" and not text.endswith("..."))


def _with_capitals(words: pa.Array) -> pa.Array:
    return text_array(word[:1].upper() + word[1:] for word in words.to_pylist())


def _nothing_fits(lines: Sequence[Line], facts: Facts, row: int, group: str) -> str:
    used = sorted({condition.fact for line in lines for condition in line.when})
    one = np.array([row])
    values = {name: facts[name][one] for name in used}
    said = ", ".join(f"{n} = {(v.texts() if isinstance(v, Words) else v)[0]}" for n, v in values.items())
    return f"{group}: none of {len(lines)} lines fits row {row} ({said}); add a line without conditions"
