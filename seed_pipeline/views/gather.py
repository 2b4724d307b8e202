"""One pass over the chunks: the sums behind portraits, pictures, rules and alerts."""

from collections.abc import Iterable, Mapping

import numpy as np

from seed_pipeline.settings import Settings
from seed_pipeline.store.frames import Tables
from seed_pipeline.views import plots, portraits
from seed_pipeline.views.observation import Chunk
from seed_pipeline.views.sums import Part, by_label

SEPARATOR = "|"
RULES, ALERTS = "rules", "alerts"


def gathered(chunks: Iterable[Tables], settings: Settings) -> dict[str, Part]:
    """The sums of all chunks by name, whatever their number and size."""
    total: dict[str, Part] = {}
    for tables in chunks:
        chunk = Chunk(tables, settings)
        for name, part in {**plots.counted(chunk), **portraits.counted(chunk), **_causes(chunk)}.items():
            total[name] = total[name] + part if name in total else part
    return total


def _causes(chunk: Chunk) -> dict[str, Part]:
    """What each rule did to each metric (n, before, after), and how many alerts of each type and severity are due."""
    rule = _joined(chunk.column("truth_effects", "rule"), chunk.column("truth_effects", "metric"))
    before, after = (chunk.column("truth_effects", name) for name in ("before", "after"))
    source, kind, severity = (chunk.column("truth_alerts", name) for name in ("source", "alert_type", "severity"))
    alert = _joined(_joined(source, kind), severity)
    return {RULES: Part(by_label(rule, before, after)), ALERTS: Part(by_label(alert))}


def _joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return left.astype(object) + SEPARATOR + right.astype(object) if len(left) else np.empty(0, dtype=object)


def rule_rows(sums: Mapping[str, Part], settings: Settings) -> list[dict]:
    """Every rule and metric: how often it acted, and the means before and after, in the order of the settings."""
    found = sums.get(RULES, Part()).sums
    rows = []
    for rule in settings.correlations.rules:
        for metric in dict.fromkeys(effect.metric for effect in rule.effects):
            n, before, after = found.get(f"{rule.name}{SEPARATOR}{metric}", np.zeros(3))
            if n:
                rows.append(
                    {"rule": rule.name, "metric": metric, "times": int(n), "before": before / n, "after": after / n}
                )
    return rows


def alert_rows(sums: Mapping[str, Part], settings: Settings) -> list[dict]:
    """Every source and type of alert with the number due at each severity."""
    found = sums.get(ALERTS, Part()).sums
    severities = ("critical", "warning", "info")
    rows = []
    for source, rules in settings.alerts.sources.items():
        for name in rules:
            each = {s: int(found.get(SEPARATOR.join((source, name, s)), np.zeros(1))[0]) for s in severities}
            rows += [{"rules of": source, "alert": name, **each}] if any(each.values()) else []
    return rows
