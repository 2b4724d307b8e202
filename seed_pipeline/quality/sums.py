"""Partial sums of a measurement: bounded, mergeable in any order, enough to judge any number of rows in one pass."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

KEPT = 20
"""How many offenders are remembered by ID."""


@dataclass(frozen=True)
class Faults:
    """How many things were looked at, how many were wrong, and the first of the wrong ones in key order."""

    checked: int = 0
    wrong: int = 0
    offenders: tuple[str, ...] = ()

    @classmethod
    def of(cls, wrong: np.ndarray, ids: np.ndarray | Callable[[np.ndarray], Iterable]) -> "Faults":
        """From one boolean per thing looked at and their IDs, or what makes the IDs of the rows it is given."""
        wrong = np.asarray(wrong, dtype=bool)
        rows = np.flatnonzero(wrong)
        if not len(rows):
            return cls(len(wrong))
        found = sorted({str(i) for i in (ids(rows) if callable(ids) else np.asarray(ids, dtype=object)[rows])})
        return cls(len(wrong), len(rows), tuple(found[:KEPT]))

    def __add__(self, other: "Faults") -> "Faults":
        offenders = sorted({*self.offenders, *other.offenders})[:KEPT]
        return Faults(self.checked + other.checked, self.wrong + other.wrong, tuple(offenders))


@dataclass(frozen=True)
class Part:
    """The sums of one statement: vectors of sums by label, faults by label, hashed keys by name."""

    sums: Mapping[str, np.ndarray] = field(default_factory=dict)
    faults: Mapping[str, Faults] = field(default_factory=dict)
    keys: Mapping[str, tuple[np.ndarray, ...]] = field(default_factory=dict)

    def __add__(self, other: "Part") -> "Part":
        sums, faults, keys = dict(self.sums), dict(self.faults), dict(self.keys)
        for label, vector in other.sums.items():
            sums[label] = sums[label] + vector if label in sums else vector
        for label, found in other.faults.items():
            faults[label] = faults.get(label, Faults()) + found
        for name, arrays in other.keys.items():
            keys[name] = keys.get(name, ()) + arrays
        return Part(sums, faults, keys)

    def hashed(self, name: str) -> np.ndarray:
        """All hashes collected under a name."""
        return np.concatenate([np.empty(0, np.uint64), *self.keys.get(name, ())])


@dataclass(frozen=True)
class Sums:
    """The sums of all statements measured on some chunks, with the number of sessions and the tables seen."""

    sessions: int = 0
    tables: frozenset[str] = frozenset()
    parts: Mapping[str, Part] = field(default_factory=dict)

    def __add__(self, other: "Sums") -> "Sums":
        parts = dict(self.parts)
        for name, part in other.parts.items():
            parts[name] = parts[name] + part if name in parts else part
        return Sums(self.sessions + other.sessions, self.tables | other.tables, parts)


def by_label(labels: np.ndarray, *columns: np.ndarray) -> dict[str, np.ndarray]:
    """For each distinct label the vector (n, sum of the first column, of the second …); missing labels are left out."""
    codes, names = _codes(labels)
    known = codes >= 0
    codes = codes[known]
    totals = [np.bincount(codes, minlength=len(names)).astype(float)]
    totals += [np.bincount(codes, np.asarray(c, dtype=float)[known], minlength=len(names)) for c in columns]
    table = np.column_stack(totals)
    return {name: table[i] for i, name in enumerate(names)}


def _codes(labels: np.ndarray) -> tuple[np.ndarray, list[str]]:

    codes, values = pd.factorize(np.asarray(labels), sort=True)
    return codes, [_text(v) for v in values]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def hashes(values: Iterable[str] | np.ndarray) -> np.ndarray:
    """A 64-bit hash for each text, the same on every machine and in every process."""

    return pd.util.hash_array(np.asarray(values, dtype=object), categorize=False)
