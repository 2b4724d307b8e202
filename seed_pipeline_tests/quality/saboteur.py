"""A saboteur breaks exactly one thing, in the data or in the engine's settings; its own check must turn red."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd
import pyarrow as pa

from seed_pipeline.quality.scope import arrow
from seed_pipeline.settings import Settings
from seed_pipeline_tests.quality.datasets import LARGE, Data, settings, tables

SMALL: tuple[str, ...] = ()
COHORTS = ("main.total_sessions=450",)
CHUNKS = (*COHORTS, "main.chunk_cohorts=1")
"""The same world in three chunks: what is broken in a later one has to be noticed, too (X6)."""
SABOTEURS: list["Saboteur"] = []


@dataclass(frozen=True)
class Saboteur:
    """`statement` is the check that must notice; `base` are the overrides of the sound data, `engine` of the broken."""

    name: str
    statement: str
    base: tuple[str, ...]
    harm: Callable[[Data], None] | None = None
    engine: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings to judge by: the sound ones."""
        return settings(*self.base)

    def parts(self, n: int = 1) -> list[dict[str, pa.Table]]:
        """The tables after the harm, in n chunks, the last rows first: what was made when has no say (X6)."""
        sound = tables(*self.base)
        whole = {
            name: arrows(*self.base)[name] if frame is sound[name] else arrow(name, frame)
            for name, frame in self.broken().items()
        }
        return [
            {name: t.slice(len(t) * i // n, len(t) * (i + 1) // n - len(t) * i // n) for name, t in whole.items()}
            for i in reversed(range(n))
        ]

    def broken(self) -> dict[str, pd.DataFrame]:
        """The tables after the harm."""
        if self.harm is None:
            return tables(*self.base, *self.engine)
        data = Data(self.base)
        self.harm(data)
        return data.tables


@cache
def arrows(*overrides: str) -> dict[str, pa.Table]:
    """The sound tables as the judge takes them in."""
    return {name: arrow(name, frame) for name, frame in tables(*overrides).items()}


def breaks(*statements: str, base: Sequence[str] = SMALL) -> Callable[[Callable[[Data], None]], Callable[[Data], None]]:
    """Registers a function that harms the data; its name says how."""

    def register(harm: Callable[[Data], None]) -> Callable[[Data], None]:
        for statement in statements:
            SABOTEURS.append(Saboteur(harm.__name__.replace("_", " "), statement, tuple(base), harm))
        return harm

    return register


def engine(statement: str, name: str, *overrides: str, base: Sequence[str] = SMALL) -> None:
    """Registers settings that make the engine do something else than what is judged."""
    SABOTEURS.append(Saboteur(f"engine: {name}", statement, tuple(base), None, overrides))


__all__ = ["CHUNKS", "COHORTS", "LARGE", "SABOTEURS", "SMALL", "Data", "Saboteur", "breaks", "engine"]
