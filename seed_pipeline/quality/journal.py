"""What effects of rules make of values, for whoever explains the journal (truth_effects)."""

import numpy as np

from seed_pipeline.quality.settings_tables import HOME
from seed_pipeline.schema import metadata
from seed_pipeline.settings.facts import PROBABILITY_METRICS, RULE_METRICS
from seed_pipeline.settings.rules import Effect

METRICS = (*RULE_METRICS, *PROBABILITY_METRICS)
EXACT = 1e-9


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
