"""Recomputed session scores against those that the sessions really came to."""

from dataclasses import dataclass

import numpy as np

from seed_pipeline.grade.places import Column
from seed_pipeline.grade.reading import Reader
from seed_pipeline.grade.words import share, table
from seed_pipeline.store.errors import StoreError

KEYS = ("session_id", "id")
_TRUTH = """
SELECT s.id, s.overall_session_score, t.persona, p.persona
FROM sessions s
JOIN truth_sessions own ON own.session_id = s.id
LEFT JOIN truth_personas t ON t.user_id = s.tutor_id
LEFT JOIN truth_personas p ON p.user_id = s.student_id
WHERE s.status = 'completed'
"""


@dataclass(frozen=True)
class Group:
    """The sessions of everybody, or of one persona. Correlation is None where scores or sessions do not vary."""

    role: str
    persona: str
    sessions: int
    mean: float
    correlation: float | None
    error: float
    bias: float


@dataclass(frozen=True)
class Scores:
    """`groups`: all sessions, then by persona of tutor and student; `missing`: completed sessions without a score."""

    column: str
    sessions: int
    missing: int
    groups: tuple[Group, ...]

    @property
    def overall(self) -> Group | None:
        """All sessions together; None where no session has a score."""
        return self.groups[0] if self.groups else None

    @property
    def text(self) -> str:
        """Correlation, error and bias, over all sessions and by persona, for people."""
        rows = [("", "", "sessions", "mean", "correlation", "abs. error", "bias")]
        for g in self.groups:
            figures = (f"{g.mean:.2f}", share(g.correlation), f"{g.error:.2f}", f"{g.bias:+.2f}")
            rows.append((g.role, g.persona, str(g.sessions), *figures))
        missing = f"  {self.missing} of {self.sessions} completed sessions have no score there"
        return "\n".join([f"Scores ({self.column})", *table(rows, left=2), *([missing] if self.missing else [])])


def grade(reader: Reader, column: Column) -> Scores:
    """Grade a column of scores, 0-10. Raises StoreError, also for the column that is the answer itself."""
    if (column.table.rpartition(".")[2], column.column) == ("sessions", "overall_session_score"):
        why = "this column is the answer: graded against itself every score is right"
        remedy = "let the application write its own scores to another column or table, or to a CSV file"
        raise StoreError(column.option, column.text, why, remedy)
    mine = reader.numbers(column, KEYS)
    truth = sorted(reader.query(_TRUTH), key=lambda row: row[0])
    rows = [(mine[id_], float(score), tutor, student) for id_, score, tutor, student in truth if id_ in mine]
    return Scores(column.text, len(truth), len(truth) - len(rows), tuple(_groups(rows)))


def _groups(rows: list[tuple[float, float, str | None, str | None]]) -> list[Group]:
    if not rows:
        return []
    mine, truth = (np.array([row[i] for row in rows]) for i in (0, 1))
    found = [_group("all", "", mine, truth)]
    for role, at in (("tutor", 2), ("student", 3)):
        personas = np.array([row[at] or "" for row in rows], dtype=object)
        names = [name for name in dict.fromkeys(personas) if name]
        found += [_group(role, str(name), mine[personas == name], truth[personas == name]) for name in sorted(names)]
    return found


def _group(role: str, persona: str, mine: np.ndarray, truth: np.ndarray) -> Group:
    varies = len(mine) > 2 and np.ptp(mine) > 0 and np.ptp(truth) > 0
    correlation = float(np.corrcoef(mine, truth)[0, 1]) if varies else None
    error = mine - truth
    means = (float(truth.mean()), correlation, float(np.abs(error).mean()), float(error.mean()))
    return Group(role, persona, len(mine), *means)
