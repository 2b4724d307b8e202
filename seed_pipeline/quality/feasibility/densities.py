"""Whether the densities of configs/probabilities.yaml meet what is measured on them (D1-D4), and ones that do."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sessions.calendar import trend_ratio
from seed_pipeline.quality.feasibility.ways import off
from seed_pipeline.settings.contradictions import ContradictionError, Way
from seed_pipeline.settings.targets import asked, named

Miss = tuple[str, str, Way]
"""The key under time that misses, by how much, and what would do."""


def densities(world: World) -> Iterator[ContradictionError]:
    """D1-D4: the densities themselves meet what is measured on them."""
    time, targets = world.settings.probabilities.time, world.settings.targets.statements
    tests: dict[str, Callable[[Mapping[str, Any]], Iterator[Miss]]] = {
        "D1_peak_hours": lambda using: _hours(time.hours, using),
        "D2_busy_weekdays": lambda using: _weekdays(time.weekdays, using),
        "D4_recency": lambda using: _recency(world, using),
        "D3_durations": lambda using: _durations(time.durations, using),
    }
    for name, test in tests.items():
        known = named(world.settings, name) or name
        for key, why, way in test(targets[known].using) if asked(world.settings, name) else ():
            yield ContradictionError(
                f"probabilities.yaml, time.{key}", None, f"{name[:2]} cannot hold: {why}", [way, off(known)]
            )


def _hours(weights: Mapping[int, float], using: Mapping[str, Any]) -> Iterator[Miss]:
    busiest = sorted(weights, key=lambda hour: (-weights[hour], not 15 <= hour <= 19, hour))[: using["hours"]]
    peak, total = sum(weights[hour] for hour in busiest), sum(weights.values())
    least = using["at_least"] + 0.03
    if peak / total < least:
        times = (least + 0.01) * (total - peak) / max(1 - least - 0.01, 0.001) / peak
        way = {f"probabilities.time.hours.{h}": round(weights[h] * times, 3) for h in sorted(busiest)}
        yield "hours", f"the busiest hours hold {peak / total:.0%}, and {least:.0%} are needed", way


def _weekdays(weights: Mapping[str, float], using: Mapping[str, Any]) -> Iterator[Miss]:
    days = sorted(weights, key=lambda day: (-weights[day], day not in ("tuesday", "wednesday", "thursday")))
    busy, next_one = days[: using["days"]], weights[days[using["days"]]]
    if weights[busy[-1]] < 1.25 * next_one:
        least = round(1.3 * next_one, 3)
        way = {f"probabilities.time.weekdays.{day}": least for day in busy if weights[day] < least}
        yield "weekdays", f"the {len(busy)} busiest weekdays must have 1.25 times the weight of the next", way


def _recency(world: World, using: Mapping[str, Any]) -> Iterator[Miss]:
    least = using["at_least"] + 0.03
    if (ratio := trend_ratio(world)) < least:
        recency = world.settings.probabilities.time.recency
        days, half = np.linspace(0, 1, world.settings.main.days), world.settings.main.days // 2
        older, newer = days[:half].sum(), days[-half:].sum()
        # Of a line from 1 to r the halves hold half + (r - 1) × (their part of the slope).
        rise = half * (least - 1) / (newer - least * older) if newer > least * older else np.inf
        way = {"probabilities.time.recency": round(1.05 + rise, 2)} if rise < 1000 else {}
        yield "recency", f"at {recency:g} the newer half holds {ratio:.2f} times the older, not {least:.2f}", way


def _durations(shares: Mapping[int, float], using: Mapping[str, Any]) -> Iterator[Miss]:
    usual, least = sum(shares.get(m, 0) for m in using["usual"]), using["at_least"] + 0.02
    low, high = using["others"][0] + 0.02, using["others"][1] - 0.02
    edges = {minutes: shares.get(minutes, 0.0) for minutes in (30, 90) if minutes not in using["usual"]}
    wrong = [minutes for minutes, share in edges.items() if not low <= share <= high]
    if usual >= least and not wrong:
        return
    mended = {minutes: round(min(max(share, low), (low + high) / 2), 3) for minutes, share in edges.items()}
    rest = [m for m in shares if m not in mended and m not in using["usual"]]
    spared = 1 - sum(mended.values())
    keep = min(1.0, max(0.0, spared - least) / max(sum(shares[m] for m in rest), 1e-9))
    mended |= {m: round(shares[m] * keep, 3) for m in rest}
    parts = {m: shares.get(m, 0.0) / usual if usual else 1 / len(using["usual"]) for m in using["usual"]}
    mended |= {m: round((1 - sum(mended.values())) * part, 3) for m, part in parts.items()}
    mended[using["usual"][-1]] = round(mended[using["usual"][-1]] + 1 - sum(mended.values()), 3)
    way = {f"probabilities.time.durations.{m}": share for m, share in sorted(mended.items()) if share != shares.get(m)}
    key, held = ("durations", f"the usual durations hold {usual:.0%}, and {least:.0%} are needed")
    if usual >= least:
        key = f"durations.{wrong[0]}"
        held = f"{wrong[0]} minutes hold {edges[wrong[0]]:.0%}, and {low:.0%} to {high:.0%} are needed"
    yield key, held, way
