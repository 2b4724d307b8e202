"""The journal that the stored values demand, beside the journal that is there (truth_effects)."""

from functools import cached_property

import numpy as np
import pandas as pd

from seed_pipeline.quality.observation import Chunk
from seed_pipeline.schema import metadata
from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS
from seed_pipeline.settings.rules import Effect, Rule

METRICS = (*RULE_METRICS, *PROBABILITY_METRICS)
HOME = {name: "sessions" for name in RULE_METRICS if name in metadata.tables["sessions"].columns}
HOME |= {
    name: "session_audio_metrics" for name in RULE_METRICS if name in metadata.tables["session_audio_metrics"].columns
}
HOME |= {name: "session_feedback" for name in RULE_METRICS if name in metadata.tables["session_feedback"].columns}
_MOST = 64  # effects of one rule on one metric
EXACT = 1e-9


class Journal:
    """One chunk's journal: what is there, aligned with what should be."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk, self.facts = chunk, chunk.sessions
        self.rules: tuple[Rule, ...] = chunk.settings.correlations.rules
        self.done = self.facts["status"] == "completed"

    def triggered(self, rule: Rule) -> np.ndarray:
        """One boolean per session: completed, and the stored values meet the rule's conditions."""
        return self.done & self.facts.hold(rule.when)

    def applies(self, rule: Rule, metric: str) -> np.ndarray:
        """Where an effect on this metric must be recorded: ratings only where there is feedback."""
        where = self.triggered(rule) if rule.enabled else np.zeros(len(self.facts), dtype=bool)
        return where & (self.facts["has_feedback"] == 1) if metric == "student_satisfaction_rating" else where

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows there are, sorted: session (position), metric and rule (codes, -1 unknown), seq, values, key."""
        chunk = self.chunk
        frame = pd.DataFrame(
            {
                "session": chunk.position("truth_effects", "session_id", "sessions", "id"),
                "metric": _codes(chunk.column("truth_effects", "metric"), METRICS),
                "rule": _codes(chunk.column("truth_effects", "rule"), [r.name for r in self.rules]),
                "seq": chunk.column("truth_effects", "seq"),
                "before": chunk.column("truth_effects", "before"),
                "after": chunk.column("truth_effects", "after"),
            }
        )
        frame["place"] = np.arange(len(frame))
        frame = frame.sort_values(["session", "metric", "seq"], kind="stable", ignore_index=True)
        turn = frame.groupby(["session", "metric", "rule"], sort=False).cumcount().to_numpy()
        frame["key"] = self.key(frame["session"].to_numpy(), frame["metric"].to_numpy(), frame["rule"].to_numpy(), turn)
        return frame

    def key(self, session, metric, rule, turn) -> np.ndarray:
        """One number for a rule's n-th effect on a metric of a session."""
        places = len(METRICS) + 1, len(self.rules) + 1, _MOST
        return ((np.asarray(session, np.int64) * places[0] + metric) * places[1] + rule) * places[2] + np.minimum(
            turn, _MOST - 1
        )

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Session IDs of rows of the journal."""
        return self.chunk.column("truth_effects", "session_id")[self.rows["place"].to_numpy()[rows]]

    @cached_property
    def last(self) -> np.ndarray:
        """One boolean per row: the last of its session and metric."""
        session, metric = self.rows["session"].to_numpy(), self.rows["metric"].to_numpy()
        return (
            np.r_[(np.diff(session) != 0) | (np.diff(metric) != 0), True] if len(session) else np.zeros(0, dtype=bool)
        )

    @cached_property
    def first(self) -> np.ndarray:
        """One boolean per row: the first of its session and metric."""
        return np.r_[True, self.last[:-1]] if len(self.last) else self.last


def _codes(words: np.ndarray, known) -> np.ndarray:
    return pd.Index(known, dtype=object).get_indexer(pd.Index(words, dtype=object)).astype(np.int64)


def effect_on(effect: Effect, before: np.ndarray) -> np.ndarray:
    """What the effect makes of values."""
    value = effect.value
    return {
        "multiply": lambda: before * value,
        "add": lambda: before + value,
        "cap": lambda: np.minimum(before, value),
        "set": lambda: np.full(len(before), value),
    }[effect.operation]()


def close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equal to within 1e-9, relative for large values."""
    return np.abs(a - b) <= EXACT * np.maximum(1.0, np.abs(b))


def domain(metric: str) -> tuple[float, float, int]:
    """Limits and decimal places of a stored metric."""
    column = metadata.tables[HOME[metric]].columns[metric]
    low, high = column.info.get("domain", (-np.inf, np.inf))
    return low, high, getattr(column.type, "scale", 0) or 0
