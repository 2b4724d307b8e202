"""Data moved to the edge of a statement's tolerance, and one step over it: by a row, a star, a hundredth, a minute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from seed_pipeline_tests.quality.saboteur import SABOTEURS, SMALL, Data, Saboteur

Harm = Callable[[Data, int], None]
EDGES: list["Edge"] = []
AUDIO, DONE = "session_audio_metrics", "status == 'completed'"


@dataclass(frozen=True)
class Edge:
    """`harm(data, 0)` moves the data to the edge, where the statement still holds; `harm(data, 1)` just over it."""

    statement: str
    base: tuple[str, ...]
    harm: Harm

    @property
    def name(self) -> str:
        """What is done, in words."""
        return self.harm.__name__.replace("_", " ")

    def step(self, over: int) -> Saboteur:
        """The data at the edge (0) or just over it (1)."""
        words = f"{self.name}, {'just over' if over else 'at'} the edge"
        return Saboteur(words, self.statement, self.base, lambda d: self.harm(d, over))


def edge(*statements: str, base: Sequence[str] = SMALL) -> Callable[[Harm], Harm]:
    """Registers a harm that takes a step: 0 at the edge, 1 over it."""

    def register(harm: Harm) -> Harm:
        for statement in statements:
            EDGES.append(found := Edge(statement, tuple(base), harm))
            SABOTEURS.append(found.step(1))
        return harm

    return register


def exactly(d: Data, n: int, query: str, table: str, column: str, yes: object, no: object) -> None:
    """Of the sessions that a query finds, n have the one value and all others the other."""
    ids = d.sessions(query)
    assert 0 <= n <= len(ids), f"{n} of {len(ids)} sessions with {query}"
    d.put(table, ids, column, no)
    d.put(table, ids[:n], column, yes)


def answer_only(d: Data, ids: Sequence[str]) -> None:
    """These sessions have feedback, and no others."""
    rows = d["session_feedback"].iloc[[0] * len(ids)]
    d.tables["session_feedback"] = rows.assign(session_id=list(ids)).reset_index(drop=True)


def mean(d: Data, query: str, table: str, column: str, level: float, last: float) -> None:
    """All values at one level, but for one."""
    ids = d.sessions(query)
    d.put(table, ids, column, level)
    d.put(table, ids[:1], column, last)


def starts(d: Data, moments: Sequence[pd.Timestamp]) -> None:
    """The sessions start at these moments."""
    d["sessions"]["scheduled_start"] = pd.Series(list(moments), index=d["sessions"].index).astype("datetime64[s]")


def count(d: Data, query: str) -> int:
    """How many sessions a query finds."""
    return len(d.sessions(query))
