"""The rule engine and its journal (contract R, truth_effects).

A rule acts on a metric's value before it is stored. Triggers look at stored values only, so the metrics are worked out
in an order in which everything a trigger looks at is settled. Every application is journalled, unrounded, in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from seed_pipeline.core.arrays import codes_of, text_array
from seed_pipeline.core.columns import Table, Words, stacked
from seed_pipeline.core.facts import Facts as Judged
from seed_pipeline.core.sampling.randomness import in_order
from seed_pipeline.schema import decimals, metadata
from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS, comes_from, known_before
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.rules import Rule

Facts = Mapping[str, np.ndarray]
JOURNALLED = sorted((*RULE_METRICS, *PROBABILITY_METRICS))
_JOURNALLED = text_array(JOURNALLED)
_FAR = 2**49  # keys from which a metric and a place in its chain no longer fit beside them


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


_OPERATIONS = {"multiply": (np.multiply, 1.0), "add": (np.add, 0.0), "cap": (np.minimum, np.inf)}
"""What each does with a value and a number, and the number that leaves the value as it is."""


@dataclass(frozen=True, eq=False)
class Step:
    """One rule's effect on one metric, and the rows it acts on."""

    rule: str
    operation: str
    value: float
    acts: np.ndarray

    def after(self, before: np.ndarray) -> np.ndarray:
        """The values after this effect; rows it does not act on stay."""
        if self.operation == "set":
            return np.where(self.acts, self.value, before)
        after: np.ndarray = _OPERATIONS[self.operation][0](before, self._numbers)
        return after

    @cached_property
    def _numbers(self) -> np.ndarray:
        return np.where(self.acts, self.value, _OPERATIONS[self.operation][1])

    def of(self, rows: np.ndarray) -> "Step":
        """The effect on some of the rows."""
        return replace(self, acts=self.acts[rows])


def steps(rules: Iterable[Rule], metric: str, facts: Facts, among: np.ndarray) -> list[Step]:
    """The effects of the rules on a metric, in order; they act on the rows of `among` whose facts trigger them."""
    judged = facts if isinstance(facts, Judged) else Judged(facts, len(among))
    return [
        Step(rule.name, effect.operation, effect.value, among & judged.all_hold(rule.when))
        for rule in rules
        for effect in rule.effects
        if effect.metric == metric
    ]


def applied(before: np.ndarray, chain: Sequence[Step]) -> np.ndarray:
    """The unrounded values after all effects."""
    for step in chain:
        before = step.after(before)
    return before


def journal(key: np.ndarray, metric: str, before: np.ndarray, chain: Sequence[Step]) -> Table:
    """Rows of the journal: session key, metric, seq, rule, before, after."""
    at, steps_, befores, afters, seqs = [], [], [], [], []
    seq = np.zeros(len(key), dtype=np.int64)
    for number, step in enumerate(chain):
        after, rows = step.after(before), np.flatnonzero(step.acts)
        seq[rows] += 1
        at.append(rows)
        steps_.append(np.full(len(rows), number))
        seqs.append(seq[rows])
        befores.append(before[rows])
        afters.append(after[rows])
        before = after
    rows = np.concatenate([np.empty(0, np.int64), *at])
    return Table(
        {
            "key": key[rows],
            "seq": np.concatenate([np.empty(0, np.int64), *seqs]),
            "before": np.concatenate([np.empty(0), *befores]),
            "after": np.concatenate([np.empty(0), *afters]),
            "metric": Words(_JOURNALLED, np.full(len(rows), JOURNALLED.index(metric))),
            "rule": Words([step.rule for step in chain], np.concatenate([np.empty(0, np.int64), *steps_])),
        }
    )


def journals(parts: Sequence[Table]) -> Table:
    """Journals of several metrics as one, by session, metric and order of application, whatever the chunk (X1)."""
    whole = stacked(parts)
    key, seq, words = whole.number("key"), whole.number("seq"), whole.words("metric")
    metric = codes_of(pc.index_in(words.vocabulary, value_set=_JOURNALLED))[words.codes]
    if key.max(initial=0) >= _FAR:
        return whole.take(in_order(key, metric, seq))
    # The three as one number, of which no two are alike: numpy's fastest sort will do.
    return whole.take(np.argsort((key * 2**4 + metric) * 2**10 + seq))


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
