"""What rules did to a session, metric by metric, from the journal (contract R)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from seed_pipeline.quality.journal import METRICS, close, domain, effect_on
from seed_pipeline.quality.settings_tables import HOME
from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.rules import Effect, Rule
from seed_pipeline.views.explanation import figure
from seed_pipeline.views.lookup import Around

_SIGNS = {"multiply": "× {}", "add": "+ {}", "cap": "at most {}", "set": "set to {}"}


def measures(around: Around, place: int, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Every metric a rule may act on: base, steps, stored value; in the order in which they are worked out."""
    effects = around.effects[around.effects["session_id"] == around.sessions["id"].iloc[place]]
    return [_measure(around, place, m, effects[effects["metric"] == m], rules) for m in METRICS]


def _measure(around: Around, place: int, metric: str, rows: pd.DataFrame, rules: Sequence[Rule]) -> dict[str, Any]:
    steps = [_step(around, place, metric, row, rows, rules) for _, row in rows.sort_values("seq").iterrows()]
    stored = float(around[metric][place]) if metric in HOME else None
    known = stored is not None and not np.isnan(stored)
    base = steps[0]["before"] if steps else stored if known else None
    return {
        "metric": metric,
        "base": base,
        "steps": steps,
        "stored": stored if known else None,
        "limit": _limit(metric, steps[-1]["after"]) if steps and known else None,
    }


def _limit(metric: str, value: float) -> float | None:
    """The end of the column's domain that the value was limited to, if it was."""
    low, high, _ = domain(metric)
    return high if value > high else low if value < low else None


def _step(around: Around, place: int, metric: str, row: pd.Series, rows: pd.DataFrame, rules: Sequence[Rule]) -> dict:
    rule = next((r for r in rules if r.name == row["rule"]), None)
    turn = int(((rows["rule"] == row["rule"]) & (rows["seq"] < row["seq"])).sum())
    effects = [e for e in rule.effects if e.metric == metric] if rule else []
    effect = effects[turn] if turn < len(effects) else None
    return {
        "rule": str(row["rule"]),
        "effect": sign(effect) if effect else None,
        "because": [held(around, place, c) for c in rule.when] if rule else [],
        "before": float(row["before"]),
        "after": float(row["after"]),
        "as_configured": effect is not None and _agrees(effect, row),
    }


def _agrees(effect: Effect, row: pd.Series) -> bool:
    return bool(close(effect_on(effect, np.array([row["before"]])), np.array([row["after"]]))[0])


def sign(effect: Effect) -> str:
    """What an effect does: `× 0.7`, `- 1`, `at most 2`."""
    text = _SIGNS[effect.operation].format(figure(effect.value))
    return text.replace("+ -", "- ")


def held(around: Around, place: int, condition: Condition) -> str:
    """A condition with the session's own value: `tutor_talk_ratio 0.72 > 0.65`."""
    value = "" if condition.operator == "==" else f" {shown(around[condition.fact][place])}"
    return f"{condition.fact}{value} {condition.operator} {shown(condition.value)}"


def shown(value: Any) -> str:
    """A fact's value; missing ones say so."""
    return str(value) if isinstance(value, str) else "missing" if np.isnan(float(value)) else figure(float(value))


def idle(around: Around, place: int, rules: Sequence[Rule]) -> list[dict[str, str]]:
    """The rules that left this session alone, each with the condition that did not hold."""
    found = []
    for rule in rules:
        failing = [c for c in rule.when if not around.facts.hold([c])[place]]
        if not rule.enabled:
            found.append({"rule": rule.name, "because": "switched off in correlations.yaml"})
        elif failing:
            value = shown(around[failing[0].fact][place])
            found.append({"rule": rule.name, "because": f"{failing[0].fact} is {value}, not {_bound(failing[0])}"})
    return found


def _bound(condition: Condition) -> str:
    sign = "" if condition.operator == "==" else f"{condition.operator} "
    return f"{sign}{shown(condition.value)}"
