"""What rules did to a session, metric by metric, from the journal (contract R)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seed_pipeline.quality.journal import METRICS, close, domain, effect_on
from seed_pipeline.quality.settings_tables import HOME
from seed_pipeline.settings.conditions import OPERATORS, Condition
from seed_pipeline.settings.rules import Effect, Rule
from seed_pipeline.views.cast import Row
from seed_pipeline.views.words import figure

_SIGNS = {"multiply": "× {}", "add": "+ {}", "cap": "at most {}", "set": "set to {}"}


def measures(session: Row, effects: Sequence[Row], rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Every metric a rule may act on: base, steps, stored value; in the order in which they are worked out."""
    return [_measure(session, m, [row for row in effects if row["metric"] == m], rules) for m in METRICS]


def _measure(session: Row, metric: str, rows: Sequence[Row], rules: Sequence[Rule]) -> dict[str, Any]:
    steps = [_step(session, row, rows[:place], rules) for place, row in enumerate(rows)]
    stored = float(session[metric]) if metric in HOME and session[metric] is not None else None
    return {
        "metric": metric,
        "base": steps[0]["before"] if steps else stored,
        "steps": steps,
        "stored": stored,
        "limit": _limit(metric, steps[-1]["after"]) if steps and stored is not None else None,
    }


def _limit(metric: str, value: float) -> float | None:
    """The end of the column's domain that the value was limited to, if it was."""
    low, high, _ = domain(metric)
    return high if value > high else low if value < low else None


def _step(session: Row, row: Row, earlier: Sequence[Row], rules: Sequence[Rule]) -> dict[str, Any]:
    rule = next((r for r in rules if r.name == row["rule"]), None)
    turn = sum(other["rule"] == row["rule"] for other in earlier)
    effects = [e for e in rule.effects if e.metric == row["metric"]] if rule else []
    effect = effects[turn] if turn < len(effects) else None
    before, after = np.array([row["before"]]), np.array([row["after"]])
    return {
        "rule": row["rule"],
        "effect": _sign(effect) if effect else None,
        "because": [_held(session, c) for c in rule.when] if rule else [],
        "before": row["before"],
        "after": row["after"],
        "as_configured": effect is not None and bool(close(effect_on(effect, before), after)[0]),
    }


def _sign(effect: Effect) -> str:
    """What an effect does: `× 0.7`, `- 1`, `at most 2`."""
    return _SIGNS[effect.operation].format(figure(effect.value)).replace("+ -", "- ")


def _held(session: Row, condition: Condition) -> str:
    """A condition with the session's own value: `tutor_talk_ratio 0.72 > 0.65`."""
    value = "" if condition.operator == "==" else f" {_shown(session[condition.fact])}"
    return f"{condition.fact}{value} {condition.operator} {_shown(condition.value)}"


def _shown(value: Any) -> str:
    """A fact's value; missing ones say so."""
    return "missing" if value is None else value if isinstance(value, str) else figure(float(value))


def idle(session: Row, rules: Sequence[Rule]) -> list[dict[str, str]]:
    """The rules that left this session alone, each with the condition that did not hold."""
    found = []
    for rule in rules:
        failing = [c for c in rule.when if not _holds(session[c.fact], c)]
        if not rule.enabled:
            found.append({"rule": rule.name, "because": "switched off in correlations.yaml"})
        elif failing:
            first = failing[0]
            bound = f"{'' if first.operator == '==' else first.operator + ' '}{_shown(first.value)}"
            found.append({"rule": rule.name, "because": f"{first.fact} is {_shown(session[first.fact])}, not {bound}"})
    return found


def _holds(value: Any, condition: Condition) -> bool:
    return value is not None and bool(OPERATORS[condition.operator](value, condition.value))
