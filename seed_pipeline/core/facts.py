"""Facts of rows by name; each distinct condition on them is worked out once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seed_pipeline.core.columns import Column, Rows, Words
from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.text_lines import Line

_ENOUGH = 2**16  # patterns that are told apart by number; beyond, they are counted anew


class Facts(Mapping[str, Any]):
    """Columns of one length. Some of the rows (`take`) read and judge only what is asked of them."""

    def __init__(self, columns: Mapping[str, Column], rows: int) -> None:
        self._columns, self.rows = dict(columns), rows
        self._known: dict[Condition, np.ndarray] = {}
        self._of: tuple[Facts, Rows] | None = None

    def __getitem__(self, name: str) -> Any:
        if name not in self._columns and self._of:
            self._columns[name] = self._of[0][name][self._of[1]]
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._of[0] if self._of else ()), **self._columns})

    def __len__(self) -> int:
        return len(list(iter(self)))

    def take(self, rows: np.ndarray, **more: Column) -> "Facts":
        """The facts of some of the rows, in this order, and `more` of them that only these have."""
        return self._seen(more, rows, int(rows.sum()) if rows.dtype == bool else len(rows))

    def but(self, columns: Mapping[str, Column]) -> "Facts":
        """The same rows with some facts more, or others."""
        return self._seen(columns, slice(None), self.rows)

    def _seen(self, columns: Mapping[str, Column], rows: Rows, count: int) -> "Facts":
        seen = Facts(columns, count)
        seen._of = (self, rows)
        return seen

    def holds(self, condition: Condition) -> np.ndarray:
        """One boolean per row; what is missing (NaN, no word) never satisfies a condition."""
        if condition not in self._known:
            self._known[condition] = self._judged(condition)
        return self._known[condition]

    def _judged(self, condition: Condition) -> np.ndarray:
        if self._of and condition.fact not in self._columns:
            return self._of[0].holds(condition)[self._of[1]]
        column = self[condition.fact]
        if not isinstance(column, Words):
            return condition.holds({condition.fact: column})
        words = np.array(column.vocabulary.to_pylist(), dtype=object)
        return np.append(condition.holds({condition.fact: words}), False)[column.codes]

    def all_hold(self, conditions: Iterable[Condition]) -> np.ndarray:
        """One boolean per row: every condition holds (none at all hold everywhere)."""
        result = np.ones(self.rows, dtype=bool)
        for condition in conditions:
            result &= self.holds(condition)
        return result


def fitting(lines: Sequence[Line], facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    """Which lines fit: one row of booleans (one per line) for each pattern of conditions, and each row's pattern."""
    conditions = list(dict.fromkeys(c for line in lines for c in line.when))
    pattern, patterns = np.zeros(facts.rows, dtype=np.int64), 1
    for condition in conditions:
        pattern, patterns = pattern * 2 + facts.holds(condition), patterns * 2
        if patterns > _ENOUGH:
            pattern, patterns = _dense(pattern, patterns)
    pattern, patterns = _dense(pattern, patterns)
    example = np.zeros(patterns, dtype=np.int64)
    example[pattern] = np.arange(facts.rows)
    held = {c: facts.holds(c)[example] if facts.rows else np.zeros(patterns, bool) for c in conditions}
    fits = np.ones((patterns, len(lines)), dtype=bool)
    for column, line in enumerate(lines):
        for condition in line.when:
            fits[:, column] &= held[condition]
    return fits, pattern


def _dense(codes: np.ndarray, below: int) -> tuple[np.ndarray, int]:
    """The codes renumbered so that none is unused, and how many there are."""
    there = np.zeros(below, dtype=bool)
    there[codes] = True
    return (np.cumsum(there) - 1)[codes], int(there.sum())
