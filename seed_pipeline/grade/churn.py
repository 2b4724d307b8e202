"""Predicted churn risk against who left, and against how likely that was."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from seed_pipeline.grade.places import Column
from seed_pipeline.grade.reading import Reader
from seed_pipeline.grade.words import share, table

BANDS = (0.0, 0.1, 0.25, 0.4, 0.55, 0.7, 1.0)
"""Edges of the bands in which risks are compared with what happened; the last one is closed."""

KEYS = ("student_id", "user_id", "id")


@dataclass(frozen=True)
class Band:
    """The students to whom about this risk was given: the mean of what was said, who left, how likely it really was."""

    low: float
    high: float
    students: int
    said: float
    left: float
    truth: float


@dataclass(frozen=True)
class Churn:
    """A prediction's grades. Students without one (`missing`) count as those of whom nobody was warned: risk 0.

    `warned_left`, `warned_stayed`, `silent_left`, `silent_stayed`: the confusion from `warn_from` on; `truth_auc`: what
    the answer key's own probability reaches, the best that anybody can; `error`: the mean distance, band by band,
    between what was said and the share that left.
    """

    column: str
    percent: bool
    students: int
    missing: int
    warn_from: float
    auc: float | None
    truth_auc: float | None
    brier: float
    error: float
    warned_left: int
    warned_stayed: int
    silent_left: int
    silent_stayed: int
    bands: tuple[Band, ...]

    @property
    def precision(self) -> float | None:
        """Of those warned of, the share that left; None where nobody was."""
        warned = self.warned_left + self.warned_stayed
        return self.warned_left / warned if warned else None

    @property
    def recall(self) -> float | None:
        """Of those who left, the share that was warned of; None where nobody left."""
        left = self.warned_left + self.silent_left
        return self.warned_left / left if left else None

    @property
    def text(self) -> str:
        """AUC, confusion and calibration, for people."""
        left = self.warned_left + self.silent_left
        lines = [
            f"Churn risk ({self.column}{', percent' if self.percent else ''})",
            f"  students           {self.students}, of whom {left} left; {self.missing} without a prediction",
            f"  AUC                {share(self.auc)}   (the answer key's own probability: {share(self.truth_auc)})",
            f"  Brier score        {self.brier:.3f}",
            f"  calibration error  {self.error:.3f}",
            f"  warned from {self.warn_from:<6g} precision {share(self.precision)}, recall {share(self.recall)}",
        ]
        confusion = [
            ("", "left", "stayed"),
            ("warned", str(self.warned_left), str(self.warned_stayed)),
            ("not warned", str(self.silent_left), str(self.silent_stayed)),
        ]
        bands = [("risk said", "students", "mean said", "left", "truth")]
        bands += [
            (f"{b.low:g} to {b.high:g}", str(b.students), f"{b.said:.2f}", f"{b.left:.2f}", f"{b.truth:.2f}")
            for b in self.bands
        ]
        return "\n".join([*lines, *table(confusion), *table(bands)])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall}


def grade(reader: Reader, column: Column, warn_from: float) -> Churn:
    """Grade a column of risks: shares, or percent if any is above 1. Raises StoreError."""
    said = reader.numbers(column, KEYS)
    percent = max(said.values(), default=0.0) > 1
    truth = {
        str(student): (bool(left), float(probability))
        for student, left, probability in reader.rows("truth_churn", ["student_id", "churned", "churn_probability"])
    }
    risks = {student: said.get(student, 0.0) / (100 if percent else 1) for student in truth}
    rows = [(risks[student], left, probability) for student, (left, probability) in sorted(truth.items())]
    bands = tuple(_bands(rows))
    return Churn(
        column=column.text,
        percent=percent,
        students=len(rows),
        missing=len(truth.keys() - said.keys()),
        warn_from=warn_from,
        auc=auc([risk for risk, *_ in rows], [left for _, left, _ in rows]),
        truth_auc=auc([probability for *_, probability in rows], [left for _, left, _ in rows]),
        brier=sum((risk - left) ** 2 for risk, left, _ in rows) / max(len(rows), 1),
        error=sum(band.students * abs(band.said - band.left) for band in bands) / max(len(rows), 1),
        **_confusion(rows, warn_from),
        bands=bands,
    )


def auc(risks: Sequence[float], left: Sequence[bool]) -> float | None:
    """How often one who left has the higher risk than one who stayed, ties half; None without both of them."""
    ranks = _ranks(risks)
    positives = sum(left)
    negatives = len(left) - positives
    if not positives or not negatives:
        return None
    total = sum(ranks[risk] for risk, gone in zip(risks, left, strict=True) if gone)
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def _ranks(values: Sequence[float]) -> Mapping[float, float]:
    """Each value's mean rank, from 1 on."""
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for rank, value in enumerate(sorted(values), start=1):
        first.setdefault(value, rank)
        last[value] = rank
    return {value: (first[value] + last[value]) / 2 for value in first}


def _confusion(rows: Sequence[tuple[float, bool, float]], warn_from: float) -> dict[str, int]:
    def count(warned: bool, gone: bool) -> int:
        return sum((risk >= warn_from - 1e-9) == warned and left == gone for risk, left, _ in rows)

    return {
        "warned_left": count(True, True),
        "warned_stayed": count(True, False),
        "silent_left": count(False, True),
        "silent_stayed": count(False, False),
    }


def _bands(rows: Sequence[tuple[float, bool, float]]) -> list[Band]:
    found = []
    for low, high in pairwise(BANDS):
        inside = [row for row in rows if low <= row[0] < high or (high == BANDS[-1] and row[0] >= high)]
        if inside:
            means = (sum(float(row[i]) for row in inside) / len(inside) for i in range(3))
            found.append(Band(low, high, len(inside), *means))
    return found
