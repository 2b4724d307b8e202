"""Sums by label, of one chunk or of several: what pictures and the report are drawn from, whatever the size."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Part:
    """Vectors of sums by label; those of several chunks add up."""

    sums: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __add__(self, other: "Part") -> "Part":
        sums = dict(self.sums)
        for label, vector in other.sums.items():
            sums[label] = sums[label] + vector if label in sums else vector
        return Part(sums)


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
