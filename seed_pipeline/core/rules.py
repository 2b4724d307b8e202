"""The rule engine and its journal (contract R, truth_effects).

A rule acts on a metric's value before it is stored. Triggers look at stored values only, so the metrics are worked out
in an order in which everything a trigger looks at is settled. Every application is journalled, unrounded, in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import pandas as pd

from seed_pipeline.schema import decimals, metadata
from seed_pipeline.settings.conditions import all_hold
from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS, comes_from, known_before
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.rules import Rule

Facts = Mapping[str, np.ndarray]


class Scale(NamedTuple):
    """How a metric is stored: limited to [low, high], rounded to decimals."""

    low: float
    high: float
    decimals: int

    def stored(self, value: np.ndarray) -> np.ndarray:
        """The stored value of an unrounded one."""
        return np.round(np.clip(value, self.low, self.high), self.decimals)


def _scales() -> dict[str, Scale]:
    found: dict[str, Scale] = {}
    for table in metadata.tables.values():
        for column in table.columns:
            if column.name in RULE_METRICS and "domain" in column.info:
                low, high = column.info["domain"]
                found[column.name] = Scale(low, high, decimals(column))
    return found


SCALES = _scales()


class Step(NamedTuple):
    """One rule's effect on one metric, and the rows it acts on."""

    rule: str
    operation: str
    value: float
    acts: np.ndarray

    def after(self, before: np.ndarray) -> np.ndarray:
        """The values after this effect; rows it does not act on stay."""
        changed = {
            "multiply": before * self.value,
            "add": before + self.value,
            "cap": np.minimum(before, self.value),
            "set": np.full_like(before, self.value),
        }[self.operation]
        return np.where(self.acts, changed, before)


def steps(rules: Iterable[Rule], metric: str, facts: Facts, among: np.ndarray) -> list[Step]:
    """The effects of the rules on a metric, in order; they act on the rows of `among` whose facts trigger them."""
    return [
        Step(rule.name, effect.operation, effect.value, among & all_hold(rule.when, facts, len(among)))
        for rule in rules
        for effect in rule.effects
        if effect.metric == metric
    ]


def applied(before: np.ndarray, chain: Sequence[Step]) -> np.ndarray:
    """The unrounded values after all effects."""
    for step in chain:
        before = step.after(before)
    return before


def journal(key: np.ndarray, metric: str, before: np.ndarray, chain: Sequence[Step]) -> pd.DataFrame:
    """Rows of the journal: session key, metric, seq, rule, before, after."""
    rows, seq = [], np.zeros(len(key), dtype=np.int64)
    for step in chain:
        after = step.after(before)
        seq = seq + step.acts
        at = np.flatnonzero(step.acts)
        values = {"key": key[at], "seq": seq[at], "before": before[at], "after": after[at]}
        rows.append(pd.DataFrame(values).assign(metric=metric, rule=step.rule))
        before = after
    return pd.concat(rows, ignore_index=True) if rows else EMPTY_JOURNAL.copy()


def journals(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Journals of several metrics as one, by session, metric and order of application, whatever the chunk (X1)."""
    return pd.concat(parts, ignore_index=True).sort_values(["key", "metric", "seq"], ignore_index=True)


EMPTY_JOURNAL = pd.DataFrame(
    {
        "key": np.empty(0, np.int64),
        "seq": np.empty(0, np.int64),
        "before": np.empty(0),
        "after": np.empty(0),
        "metric": pd.Series(dtype="str"),
        "rule": pd.Series(dtype="str"),
    }
)


def order(rules: Sequence[Rule]) -> list[str]:
    """The metrics in an order in which every trigger is settled before it is judged. SettingsError names a circle."""
    graph: dict[str, list[str]] = {m: list(comes_from(m)) for m in (*RULE_METRICS, *PROBABILITY_METRICS)}
    for rule in rules:
        for effect in rule.effects:
            for condition in rule.when:
                if condition.fact in RULE_METRICS:
                    graph[effect.metric].append(condition.fact)
                elif condition.fact not in known_before(effect.metric):
                    raise SettingsError(
                        f"correlations.yaml, rule {rule.name}", str(condition),
                        f"{condition.fact} follows from {effect.metric}, "
                        f"so a rule on {effect.metric} cannot look at it",
                        f"use one of {', '.join(known_before(effect.metric))}",
                    )  # fmt: skip
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise SettingsError(
            "correlations.yaml, rules", circle,
            "these metrics trigger rules on each other in a circle, so none can be settled first",
            "let one of the rules look at another metric",
        ) from None  # fmt: skip
