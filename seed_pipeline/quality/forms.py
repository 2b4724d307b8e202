"""The forms in which a target measures without code of its own: share, mean, each, correlation, and their splits."""

from collections.abc import Iterable
from itertools import pairwise
from math import floor, inf, isnan, nan, sqrt
from typing import TypeVar

import numpy as np

from seed_pipeline.quality.intervals import Size, around, bounds, rounded, row
from seed_pipeline.quality.measures_cast import cohorts
from seed_pipeline.quality.observation import Chunk, Facts
from seed_pipeline.quality.sums import Faults, Part, Sums, by_label
from seed_pipeline.quality.verdict import Findings, Row
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target, expectation

T = TypeVar("T")
_SCALE = {c.name: 10.0 ** -(getattr(c.type, "scale", 0) or 0) for t in metadata.tables.values() for c in t.columns}


def collect(chunk: Chunk, target: Target) -> Part:
    """The partial sums of a target in one of the forms."""
    facts = chunk.of(target.of)
    which = facts.meet(target.where)
    if target.form == "correlation":
        return _correlated(facts, which, target)
    value = (
        facts.meet(target.share).astype(float) if target.share is not None else facts[target.mean or target.each or ""]
    )
    which = which & ~np.isnan(value)
    if target.form == "each":
        return _each(chunk, facts, which, value, target)
    labels = facts[target.by][which] if target.by else np.full(int(which.sum()), "", dtype=object)
    if target.split:
        side = np.where(facts.meet(target.split)[which], "|yes", "|no")
        within = facts[target.within][which] if target.within else labels
        labels = np.array([f"{a}{b}" for a, b in zip(within, side, strict=True)], dtype=object)
    return Part(by_label(labels, value[which]))


def _correlated(facts: Facts, which: np.ndarray, target: Target) -> Part:
    x, y = (facts[name] for name in target.correlation or ())
    which = which & ~np.isnan(x) & ~np.isnan(y)
    x, y = x[which], y[which]
    return Part({"": np.array([len(x), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])})


def _each(chunk: Chunk, facts: Facts, which: np.ndarray, value: np.ndarray, target: Target) -> Part:
    """Rows outside their interval, which may differ from group to group; a group without one is not judged."""
    labels = facts[target.by].astype(str) if target.by else np.full(len(value), "", dtype=object)
    found = {}
    for label, (low, high) in _for_each(limits(target, chunk.settings), np.unique(labels[which])).items():
        rows = which & (labels == label)
        outside = (value[rows] < low - 1e-9) | (value[rows] > high + 1e-9)
        found[label] = Faults.of(outside, facts.ids[rows])
    return Part(faults=found)


def limits(target: Target, settings: Settings) -> dict[str, tuple[float, float]]:
    """Label → interval of an `inside`, `at_least`, `at_most` or scaled `expected` expectation."""
    if target.scale is not None:
        a, b = target.scale
        return {k: (min(a * v, b * v), max(a * v, b * v)) for k, v in _expected(target, settings).items()}
    low, high, inside = (expectation(target, key, settings) for key in ("at_least", "at_most", "inside"))
    if inside is not None:
        table = inside if isinstance(inside, dict) else {"": inside}
        return {str(k): (float(v[0]), float(v[1])) for k, v in table.items()}
    labels = list(low if isinstance(low, dict) else high if isinstance(high, dict) else {"": None})
    return {k: (_of(low, k, -inf), _of(high, k, inf)) for k in labels}


def _for_each(table: dict[str, T], labels: Iterable[str]) -> dict[str, T]:
    """One value for all groups as a value for each group there is."""
    return {str(label): table[""] for label in labels} if list(table) == [""] else table


def _of(value, label: str, otherwise: float) -> float:
    value = value.get(label) if isinstance(value, dict) else value
    return otherwise if value is None else float(value)


def assess(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The findings of a target in one of the forms."""
    if target.form == "each":
        return Findings(faults=part.faults)
    if target.form == "correlation":
        return Findings([_correlation(part.sums[""], target, settings)] if part.sums else [])
    if target.split:
        return Findings(_splits(part, target, settings))
    rows = _groups(sums, part, target, settings)
    return Findings([*rows, *([in_order(rows, sums, settings)] if target.in_order else [])])


def _groups(sums: Sums, part: Part, target: Target, settings: Settings) -> list[Row]:
    size = Size(sums.sessions, settings.targets.small_at, settings.targets.large_from, cohorts(settings))
    unit = 1.0 if target.share is not None else _SCALE.get(target.mean or "", 0.0)
    rows = []
    wanted = _expected(target, settings)
    plain = target.expected is not None and target.scale is None
    wanted = _for_each(wanted, part.sums) if target.by else wanted
    intervals = (
        {} if plain else _for_each(limits(target, settings), part.sums) if target.by else limits(target, settings)
    )
    for label in wanted if plain else intervals:
        n, total = part.sums.get(label, np.zeros(2))
        expected = wanted.get(label, nan)
        if plain:
            low, high = around(expected, target.tolerance, int(n), size)
        else:
            low, high = bounds(target, *intervals[label], int(n), size)
            low, high = rounded(low, high, expected, int(n)) if unit == 1.0 else (low, high)
        rows.append(row(label, _mean(total, n), low, high, int(n), expected, unit))
    return rows


def _expected(target: Target, settings: Settings) -> dict[str, float]:
    value = expectation(target, "expected", settings)
    if value is None:
        return {}
    return {str(k): float(v) for k, v in value.items()} if isinstance(value, dict) else {"": float(value)}


def _mean(total: float, n: float) -> float:
    return float(total / n) if n else nan


def in_order(rows: list[Row], sums: Sums, settings: Settings) -> Row:
    """No group that should be higher is lower: the greatest inversion, 0 if there is none.

    Data smaller than the contract's smallest size cannot resolve neighbours closer than one unit of count, and of two
    rates so close that whole counts must turn them round (3 % of 93 are 3, 4 % of 7 are none) nothing is said.
    """
    judged = sorted((r for r in rows if r.n), key=lambda r: r.expected)
    small = sums.sessions < settings.targets.small_at
    drops = [
        a.observed - b.observed - (1 / b.n + 1 / a.n if small else 0)
        for a, b in pairwise(judged)
        if a.expected < b.expected and floor(a.expected * a.n + 0.55) / a.n <= floor(b.expected * b.n + 0.45) / b.n
    ]
    return row("order", max([0.0, *drops]), 0.0, 0.0, len(drops))


def _correlation(vector: np.ndarray, target: Target, settings: Settings) -> Row:
    n, x, y, xx, yy, xy = vector
    spread = sqrt(max(0.0, n * xx - x * x)) * sqrt(max(0.0, n * yy - y * y))
    low, high = limits(target, settings)[""]
    return row("", (n * xy - x * y) / spread if spread else nan, low, high, int(n) if spread and n >= 3 else 0)


def _splits(part: Part, target: Target, settings: Settings) -> list[Row]:
    """Rows that meet the split's condition against those that do not: per `by` group, or averaged over `within`."""
    interval = limits(target, settings)
    stems = sorted({label.rpartition("|")[0] for label in part.sums})
    none = np.zeros(2)
    both = {stem: (part.sums.get(f"{stem}|yes", none), part.sums.get(f"{stem}|no", none)) for stem in stems}
    sides = {stem: (yes, no) for stem, (yes, no) in both.items() if yes[0] and no[0]}
    if target.within:
        low, high = interval[""]
        weights = [yes[0] + no[0] for yes, no in sides.values()]
        values = [_compared(yes, no, target) for yes, no in sides.values()]
        n = int(sum(yes[0] for yes, _ in sides.values()))
        return [row("", float(np.average(values, weights=weights)) if n else nan, low, high, n)]
    rows = [(stem, _compared(yes, no, target), int(yes[0])) for stem, (yes, no) in sides.items()]
    return [
        row(stem, value, *interval.get(stem, interval.get("", (-inf, inf))), 0 if isnan(value) else n)
        for stem, value, n in rows
    ]


def _compared(yes: np.ndarray, no: np.ndarray, target: Target) -> float:
    a, b = yes[1] / yes[0], no[1] / no[0]
    if target.compare == "ratio":
        return float(a / b) if b else nan
    return float(a - b)
