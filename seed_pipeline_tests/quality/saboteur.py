"""A saboteur breaks exactly one thing, in the data or in the engine's settings; its own check must turn red."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from seed_pipeline.settings import Settings
from seed_pipeline_tests.quality.datasets import LARGE, Data, chunks, settings, tables

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

    def parts(self) -> list[dict[str, pd.DataFrame]]:
        """The tables after the harm, in the chunks they were made in where the harm leaves the number of rows."""
        whole, made = self.broken(), chunks(*self.base)
        if any(sum(len(chunk[name]) for chunk in made) != len(frame) for name, frame in whole.items()):
            return [whole]
        ends = {name: np.cumsum([0, *(len(chunk[name]) for chunk in made)]) for name in whole}
        return [
            {
                name: frame.iloc[ends[name][i] : ends[name][i + 1]].reset_index(drop=True)
                for name, frame in whole.items()
            }
            for i in range(len(made))
        ]

    def broken(self) -> dict[str, pd.DataFrame]:
        """The tables after the harm."""
        if self.harm is None:
            return tables(*self.base, *self.engine)
        data = Data(self.base)
        self.harm(data)
        return data.tables


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
