"""D, P10, Q4: when sessions happen, by the clocks of main.time_zone.

Bounds follow the configured weights where those are flatter than the contract's story.
"""

from datetime import datetime, time, timedelta
from math import inf, log, nan, pi, sqrt

import numpy as np

from seed_pipeline.quality.intervals import row
from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.sums import Faults, Part, Sums, by_label
from seed_pipeline.quality.verdict import Findings, Row
from seed_pipeline.settings import Settings
from seed_pipeline.settings.probabilities import WEEKDAYS
from seed_pipeline.settings.targets import Target
from seed_pipeline.settings.zones import zone_info

_ANGLE = 2 * pi / 24  # of an hour on the clock
CLEAR = 1.2
"""How many times heavier a weight must be before the data is asked to show it."""


def collect_window(chunk: Chunk, target: Target) -> Part:
    """D: every session starts in the window, by the zone's clocks and as stored, on a quarter hour of the zone."""
    ids, local = chunk.sessions.ids, chunk.local("sessions", "scheduled_start")
    close = np.datetime64(chunk.settings.main.as_of, "s")
    opened = close - np.timedelta64(chunk.settings.main.days, "D")
    minutes = local.astype("datetime64[m]").astype(np.int64)
    faults = {
        f"scheduled inside the window, {clock}": Faults.of(~((start >= opened) & (start < close)), ids)
        for clock, start in (("in UTC", chunk.column("sessions", "scheduled_start")), ("in time_zone", local))
    }
    odd = (minutes % 15 != 0) | (local != local.astype("datetime64[m]"))
    return Part(faults={**faults, "scheduled on a quarter hour": Faults.of(odd, ids)})


def collect_clock(chunk: Chunk, target: Target) -> Part:
    """P10: hours of start by how far the zone's clocks are ahead of UTC: summer time is a row of its own."""
    ahead = chunk.ahead(chunk.column("sessions", "scheduled_start")) / np.timedelta64(1, "m")
    label = np.array(["" if np.isnan(m) else _offset(int(m)) for m in ahead], dtype=object)
    angle = chunk.sessions["hour"] * _ANGLE
    return Part(by_label(np.where(np.isnan(ahead), np.nan, label), np.cos(angle), np.sin(angle)))


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def assess_clock(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The mean hour of start, round the clock, is that of the weights: within `hours`, and four standard errors."""
    weights = settings.probabilities.time.hours
    usual = sum(w * np.exp(1j * _ANGLE * h) for h, w in weights.items()) / sum(weights.values())
    mean, spread = np.angle(usual) / _ANGLE % 24, sqrt(-2 * log(max(abs(usual), 1e-9))) / _ANGLE
    rows = []
    for label, (n, x, y) in part.sums.items():
        room = float(target.using["hours"]) + 4 * spread / sqrt(n)
        off = (np.arctan2(y, x) / _ANGLE - mean + 12) % 24 - 12
        rows.append(row(f"mean hour at {label}", float(mean + off), mean - room, mean + room, int(n), float(mean)))
    return Findings(rows)


def collect_hours(chunk: Chunk, target: Target) -> Part:
    """Sessions by the hour they start in."""
    return Part(by_label(chunk.sessions["hour"]))


def assess_hours(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """D1: the peak hours (the heaviest weights, as many as the contract names) hold their part of all sessions."""
    weights = {str(h): w for h, w in settings.probabilities.time.hours.items()}
    counts = {h: float(part.sums[h][0]) if h in part.sums else 0.0 for h in {**weights, **part.sums}}
    total = sum(counts.values())
    order = sorted(weights, key=lambda h: (-weights[h], int(h)))
    peak, rest = order[: int(target.using["hours"])], order[int(target.using["hours"]) :]
    configured = sum(weights[h] for h in peak) / sum(weights.values())
    low = min(float(target.using["at_least"]), 0.6 * configured)
    observed = sum(counts[h] for h in peak) / total if total else nan
    rows = [row(f"hours {', '.join(sorted(peak, key=int))}", observed, low, 1.0, int(total), configured)]
    rows += [
        row(f"hour {h}", counts[h] / max(total, 1), 0.0, 0.0, int(total), 0.0) for h in counts if not weights.get(h)
    ]
    return Findings([*rows, *(_beats(peak, rest, counts, weights, "hour") if _large(sums, settings) else [])])


def _large(sums: Sums, settings: Settings) -> bool:
    return sums.sessions >= settings.targets.large_from


def _beats(peak: list[str], rest: list[str], counts: dict, weights: dict, word: str) -> list[Row]:
    """For each of the peak, the closest of the rest that its weight clearly exceeds: above 1 times as many."""
    rows = []
    for top in peak:
        lesser = [counts[o] for o in rest if weights[top] >= CLEAR * weights[o] and counts[o]]
        if lesser:
            rows.append(
                row(f"{word} {top} against the next", counts[top] / max(lesser), 1.0, inf, int(counts[top]) or 1)
            )
    return rows


def collect_days(chunk: Chunk, target: Target) -> Part:
    """Sessions by the zone's day, counted back from as_of (1 is the last day of the window)."""
    start = chunk.local("sessions", "scheduled_start")
    days = np.datetime64(chunk.settings.main.as_of, "D") - start.astype("datetime64[D]")
    return Part(by_label(np.where(np.isnat(start), np.nan, days.astype(float))))


def _per_day(part: Part, settings: Settings) -> np.ndarray:
    """Sessions of each day of the window, the last day first."""
    found = {int(float(label)): vector[0] for label, vector in part.sums.items()}
    return np.array([found.get(day, 0.0) for day in range(1, settings.main.days + 1)])


def _cut(settings: Settings) -> tuple[bool, bool]:
    """Whether the window leaves out hours of its newest day (west of UTC), or of its oldest (east)."""
    info, close = zone_info(settings.main.time_zone), datetime.combine(settings.main.as_of, time())
    opened = close - timedelta(days=settings.main.days)
    ahead = [moment.replace(tzinfo=info).utcoffset() or timedelta() for moment in (close, opened)]
    return ahead[0] < timedelta(), ahead[1] > timedelta()


def assess_weekdays(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """D2: the busiest weekdays are those with the heaviest weights, the trend removed by comparing within weeks."""
    newest, oldest = _cut(settings)
    days = _per_day(part, settings)[newest : settings.main.days - oldest]
    weeks = days[: len(days) // 7 * 7].reshape(-1, 7)
    weeks = weeks[weeks.sum(axis=1) > 0]
    if not len(weeks):
        return Findings()
    level = (weeks / weeks.mean(axis=1, keepdims=True)).mean(axis=0)
    last = settings.main.as_of.weekday() - 1 - newest
    levels = {WEEKDAYS[(last - i) % 7]: float(level[i]) for i in range(7)}
    weights: dict[str, float] = dict(settings.probabilities.time.weekdays)
    order = sorted(weights, key=lambda d: (-weights[d], WEEKDAYS.index(d)))
    busy, rest = order[: int(target.using["days"])], order[int(target.using["days"]) :]
    rows = [Row(d, levels[d], 0.0, inf, int(weeks.sum()), weights[d] / (sum(weights.values()) / 7)) for d in WEEKDAYS]
    means = [np.mean([table[d] for d in names]) for table in (levels, weights) for names in (busy, rest)]
    if means[2] >= CLEAR * means[3]:
        rows.append(row(f"{', '.join(busy)} above the rest", float(means[0] - means[1]), 1e-6, inf, int(weeks.sum())))
    return Findings([*rows, *(_beats(busy, rest, levels, weights, "day") if _large(sums, settings) else [])])


def assess_trend(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """D4: the newer half is busier than the older by the contract's factor, or by 0.825 of the configured one."""
    days, half = _per_day(part, settings), settings.main.days // 2
    new, old = float(days[:half].sum()), float(days[-half:].sum())
    grown = settings.probabilities.time.recency - 1
    configured = (1 + 0.75 * grown) / (1 + 0.25 * grown)
    low = min(float(target.using["at_least"]), 0.825 * configured)
    return Findings(
        [row("newer half / older half", new / old if old else 1000.0, low, inf, int(new + old), configured)]
    )


def collect_durations(chunk: Chunk, target: Target) -> Part:
    """Sessions by scheduled duration."""
    return Part(by_label(chunk.sessions["scheduled_duration"]))


def assess_durations(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """D3: the usual durations hold most, others some; a duration that is not configured does not occur."""
    shares = {str(d): p for d, p in settings.probabilities.time.durations.items()}
    counts = {d: float(part.sums[d][0]) if d in part.sums else 0.0 for d in {**shares, **part.sums}}
    total = sum(counts.values())
    usual = [d for d in map(str, target.using["usual"]) if d in shares]
    both = sum(shares[d] for d in usual)
    low = min(float(target.using["at_least"]), 0.85 * both)
    rows = [
        row(f"{' and '.join(usual)} min", sum(counts[d] for d in usual) / max(total, 1), low, 1.0, int(total), both)
    ]
    bottom, top = target.using["others"]
    for d, share in counts.items():
        p = shares.get(d, 0.0)
        if d not in usual:
            low, high = (min(bottom, 0.4 * p), max(top, 1.8 * p)) if p else (0.0, 0.0)
            rows.append(row(f"{d} min", share / max(total, 1), low, high, int(total), p, unit=1.0 if p else 0.0))
    return Findings(rows)


def collect_timed_pairs(chunk: Chunk, target: Target) -> Part:
    """Q4: sessions that overlap the person's session before, as scheduled and as held."""
    faults = {}
    for kind in ("scheduled", "actual"):
        start = chunk.column("sessions", f"{kind}_start")
        minutes = chunk.sessions[f"{kind}_duration"]
        for person in ("tutor", "student"):
            faults[f"{person}, as {kind}"] = _overlaps(chunk, f"{person}_id", start, minutes)
    return Part(faults=faults)


def _overlaps(chunk: Chunk, person: str, start: np.ndarray, minutes: np.ndarray) -> Faults:
    timed = ~np.isnat(start) & ~np.isnan(minutes)
    who = chunk.position("sessions", person, "users", "id")[timed]
    seconds = start[timed].astype(np.int64)
    until = seconds + minutes[timed] * 60
    order = np.lexsort((seconds, who))
    same = np.diff(who[order]) == 0
    overlapping = (
        np.r_[False, same & (seconds[order][1:] < until[order][:-1])] if len(order) else np.zeros(0, dtype=bool)
    )
    return Faults.of(overlapping, chunk.sessions.ids[timed][order])
