"""The forms in which a target measures without a query of its own: each builds its query, and assesses what it yields.

A query yields a row for each group (`label`, and `side` where two are compared) with the sums that a verdict needs, or
a row for each thing looked at (`label`, `offender`, `wrong`).
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import floor, inf, isnan, nan, sqrt
from typing import Any, TypeVar

from seed_pipeline.quality.intervals import Size, around, bounds, rounded, row
from seed_pipeline.quality.sql import FLAGS, all_of, literal
from seed_pipeline.quality.verdict import Row
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.conditions import Condition
from seed_pipeline.settings.targets import Target, conditions, expectation

T = TypeVar("T")
Groups = Mapping[str, tuple[float, float]]
"""Label → how many, and the sum."""
_SCALE = {c.name: 10.0 ** -(getattr(c.type, "scale", 0) or 0) for t in metadata.tables.values() for c in t.columns}
_ROWS = {
    "sessions": ("session_fact", "id"),
    "students": ("student_fact", "user_id"),
    "tutors": ("tutor_fact", "user_id"),
}


def select(target: Target, settings: Settings) -> str:
    """The query of a target in one of the forms."""
    if target.form == "each":
        return _each(target, settings)
    if target.form == "correlation":
        return _correlated(target, settings)
    group = target.within or target.by
    where = [all_of(conditions(target.where, settings))] if target.where else []
    if target.share is not None:
        n, total = "count(*)", f"count(*) FILTER (WHERE {all_of(conditions(target.share, settings))})"
    else:
        n, total = f"count({target.mean})", f"sum({_number(target.mean or '')})"
    columns = [f"{group or literal('')} AS label", *_sides(target, settings), f"{n} AS n", f"{total} AS total"]
    where += [f"{group} IS NOT NULL"] if group else []
    lines = [f"SELECT {', '.join(columns)}", f"FROM {_ROWS[target.of][0]}"]
    lines += [f"WHERE {' AND '.join(where)}"] if where else []
    return "\n".join([*lines, f"GROUP BY {'label, side' if target.split else 'label'}", f"HAVING {n} > 0"])


def _sides(target: Target, settings: Settings) -> list[str]:
    if not target.split:
        return []
    return [f"CASE WHEN {all_of(conditions(target.split, settings))} THEN 'yes' ELSE 'no' END AS side"]


def _number(fact: str) -> str:
    return f"{fact}::INTEGER" if fact in FLAGS else fact


def _correlated(target: Target, settings: Settings) -> str:
    x, y = target.correlation or ("", "")
    where = [all_of(conditions(target.where, settings))] if target.where else []
    where += [f"{x} IS NOT NULL", f"{y} IS NOT NULL"]
    return (
        f"SELECT count(*) AS n, sum({x}) AS x, sum({y}) AS y, sum({x} * {x}) AS xx, sum({y} * {y}) AS yy,"
        f" sum({x} * {y}) AS xy\nFROM {_ROWS[target.of][0]}\nWHERE {' AND '.join(where)}"
    )


def _each(target: Target, settings: Settings) -> str:
    """Rows outside their interval, which may differ from group to group; a group without one is not judged."""
    table, key = _ROWS[target.of]
    fact = target.each or ""
    intervals = limits(target, settings)
    shared = intervals.get("") if list(intervals) == [""] else None
    low, high = (literal(bound) for bound in shared) if shared else ("low", "high")
    finite = list(intervals.values())
    outside = [f"{_number(fact)} < {low} - 1e-9"] if any(a > -inf for a, _ in finite) else []
    outside += [f"{_number(fact)} > {high} + 1e-9"] if any(b < inf for _, b in finite) else []
    wanted = conditions(target.where, settings)
    label = target.by or "''"
    shown = dict.fromkeys([fact, *([target.by] if target.by else []), *(c.fact for c in wanted)])
    lines = [
        f"SELECT {key} AS offender, {label} AS label, {' OR '.join(outside)} AS wrong,",
        f"       {', '.join(shown)}",
        f"FROM {table}",
    ]
    if not shared:
        listed = ", ".join(f"({literal(k)}, {literal(a)}, {literal(b)})" for k, (a, b) in intervals.items())
        lines.append(f"JOIN (VALUES {listed}) AS limits (name, low, high) ON name = {target.by}")
    return "\n".join([*lines, f"WHERE {_and(wanted, f'{fact} IS NOT NULL')}"])


def _and(wanted: tuple[Condition, ...], more: str) -> str:
    return f"{all_of(wanted)} AND {more}" if wanted else more


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


def _of(value: Any, label: str, otherwise: float) -> float:
    value = value.get(label) if isinstance(value, dict) else value
    return otherwise if value is None else float(value)


def assess(found: list[dict[str, Any]], target: Target, settings: Settings, size: Size) -> list[Row]:
    """The judged rows of a target whose query yields sums."""
    if target.form == "correlation":
        return [_correlation(found[0], target, settings)] if found and found[0]["n"] else []
    if target.split:
        return _splits(found, target, settings)
    groups = {str(r["label"]): (float(r["n"]), float(r["total"])) for r in found}
    rows = _groups(groups, target, settings, size)
    return [*rows, *([in_order(rows, size)] if target.in_order else [])]


def _groups(groups: Groups, target: Target, settings: Settings, size: Size) -> list[Row]:
    unit = 1.0 if target.share is not None else _SCALE.get(target.mean or "", 0.0)
    rows = []
    wanted = _expected(target, settings)
    plain = target.expected is not None and target.scale is None
    wanted = _for_each(wanted, groups) if target.by else wanted
    intervals = {} if plain else limits(target, settings)
    intervals = _for_each(intervals, groups) if target.by else intervals
    for label in wanted if plain else intervals:
        n, total = groups.get(label, (0.0, 0.0))
        expected = wanted.get(label, nan)
        if plain:
            low, high = around(expected, target.tolerance, int(n), size)
        else:
            low, high = bounds(target, *intervals[label], int(n), size)
            low, high = rounded(low, high, expected, int(n)) if unit == 1.0 else (low, high)
        rows.append(row(label, total / n if n else nan, low, high, int(n), expected, unit))
    return rows


def _expected(target: Target, settings: Settings) -> dict[str, float]:
    value = expectation(target, "expected", settings)
    if value is None:
        return {}
    return {str(k): float(v) for k, v in value.items()} if isinstance(value, dict) else {"": float(value)}


def in_order(rows: list[Row], size: Size) -> Row:
    """No group that should be higher is lower: the greatest inversion, 0 if there is none.

    Data smaller than the contract's smallest size cannot resolve neighbours closer than one unit of count, and of two
    rates so close that whole counts must turn them round (3 % of 93 are 3, 4 % of 7 are none) nothing is said.
    """
    judged = sorted((r for r in rows if r.n), key=lambda r: r.expected)
    small = size.sessions < size.small_at
    drops = [
        a.observed - b.observed - (1 / b.n + 1 / a.n if small else 0)
        for a, b in pairwise(judged)
        if a.expected < b.expected and floor(a.expected * a.n + 0.55) / a.n <= floor(b.expected * b.n + 0.45) / b.n
    ]
    return row("order", max([0.0, *drops]), 0.0, 0.0, len(drops))


def _correlation(sums: Mapping[str, Any], target: Target, settings: Settings) -> Row:
    n, x, y, xx, yy, xy = (float(sums[name]) for name in ("n", "x", "y", "xx", "yy", "xy"))
    spread = sqrt(max(0.0, n * xx - x * x)) * sqrt(max(0.0, n * yy - y * y))
    low, high = limits(target, settings)[""]
    return row("", (n * xy - x * y) / spread if spread else nan, low, high, int(n) if spread and n >= 3 else 0)


def _splits(found: list[dict[str, Any]], target: Target, settings: Settings) -> list[Row]:
    """Rows that meet the split's condition against those that do not: per `by` group, or averaged over `within`."""
    interval = limits(target, settings)
    both: dict[str, dict[str, tuple[float, float]]] = {}
    for r in found:
        both.setdefault(str(r["label"]), {})[r["side"]] = (float(r["n"]), float(r["total"]))
    sides = {stem: (s["yes"], s["no"]) for stem, s in sorted(both.items()) if len(s) == 2}
    if target.within:
        low, high = interval[""]
        weights = [yes[0] + no[0] for yes, no in sides.values()]
        total = sum(w * _compared(*s, target) for w, s in zip(weights, sides.values(), strict=True))
        n = int(sum(yes[0] for yes, _ in sides.values()))
        return [row("", total / sum(weights) if n else nan, low, high, n)]
    rows = [(stem, _compared(yes, no, target), int(yes[0])) for stem, (yes, no) in sides.items()]
    return [
        row(stem, value, *interval.get(stem, interval.get("", (-inf, inf))), 0 if isnan(value) else n)
        for stem, value, n in rows
    ]


def _compared(yes: tuple[float, float], no: tuple[float, float], target: Target) -> float:
    a, b = yes[1] / yes[0], no[1] / no[0]
    if target.compare == "ratio":
        return a / b if b else nan
    return a - b
