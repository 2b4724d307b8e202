"""Typed settings of configs/correlations.yaml: rules, what triggers them and what they do (contract R)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from seed_pipeline.settings.conditions import Conditions, fits
from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS, TRIGGER_FACTS
from seed_pipeline.settings.ranges import Name, Number, Strict, among


class Effect(Strict):
    """One thing a rule does to one metric."""

    metric: Name
    multiply: Number | None = None
    add: Number | None = None
    cap: Number | None = None
    set: Number | None = None

    @model_validator(mode="after")
    def _one_operation_on_a_known_metric(self) -> Self:
        given = [n for n in ("multiply", "add", "cap", "set") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"an effect does exactly one of multiply, add, cap, set; this one has {', '.join(given) or 'none'}"
            )
        among(self.metric, (*RULE_METRICS, *PROBABILITY_METRICS), "no metric a rule can act on")
        return self

    @property
    def operation(self) -> str:
        """multiply, add, cap or set."""
        return next(n for n in ("multiply", "add", "cap", "set") if getattr(self, n) is not None)

    @property
    def value(self) -> float:
        """The operand."""
        return float(getattr(self, self.operation))


class Rule(Strict):
    """A trigger and its effects (contract R)."""

    name: Name
    when: Annotated[Conditions, Field(min_length=1)]
    effects: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=50)]
    enabled: bool = True

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        for condition in self.when:
            fits(condition, TRIGGER_FACTS, "nothing a rule can look at in 'when'")
        return self


class Correlations(Strict):
    """configs/correlations.yaml."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=100)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [r.name for r in self.rules]
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise ValueError(f"two rules are called {twice[0]!r}; the journal tells rules by name, so rename one")
        return self
