"""Judges data: every statement is a query; what the queries yield becomes verdicts, with the rows that offend."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, nan
from typing import Any

from seed_pipeline.quality import claims, forms, keys, sql
from seed_pipeline.quality.facts import cascade_tutors, stored_value
from seed_pipeline.quality.intervals import Size, rounded, row
from seed_pipeline.quality.merging import Merged, Sums, summing
from seed_pipeline.quality.platform import fewest, odd_cohorts, usual_density
from seed_pipeline.quality.scope import Scope, of_frames
from seed_pipeline.quality.settings_tables import cohorts, cut
from seed_pipeline.quality.verdict import NOTHING, Cell, Findings, Record, Row, Verdict, conclude, not_judged
from seed_pipeline.settings import Settings
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.references import check_references
from seed_pipeline.settings.targets import Target, holds_back, out_of_force
from seed_pipeline.settings.told import told

Tables = Mapping[str, Any]
CLEAR = 1.2
"""How many times heavier a weight must be before the data is asked to show it."""
NAMED = 20
"""How many offenders are named, with their rows."""
LONGEST = 240
"""Characters of a text that are shown."""


def judge(chunks: Iterable[Tables], settings: Settings, entities: Sequence[str] | None = None) -> list[Verdict]:
    """The verdicts on frames given chunk by chunk, in the order of targets.yaml; of some entities only, if told.

    How the data was chunked does not matter: every statement sees every row. Tables that are absent because their asset
    is not yet made are fine as long as no statement asked for reads them.
    """
    check_references(settings)
    with of_frames(chunks, settings) as scope:
        return judged(scope, entities)


def judged(scope: Scope | Merged, entities: Sequence[str] | None = None) -> list[Verdict]:
    """The verdicts on what is in a scope, in the order of targets.yaml; of some entities only, if told."""
    settings = scope.settings
    sessions = int(scope.rows(_SESSIONS, edge_cases=False)[0]["n"])
    size = Size(sessions, settings.targets.small_at, settings.targets.large_from, cohorts(settings))
    return [_verdict(name, target, scope, size) for name, target in chosen(settings, entities)]


_SESSIONS = "SELECT count(*) AS n FROM sessions"


def counted(scope: Scope) -> dict[str, Sums]:
    """What a range of chunks adds to the verdicts: query → its sums, or the first rows that offend.

    A range holds whole chunks, and the reference tables of all. What is said twice in two ranges is seen only by who
    sees both: the keys of Q1 are not counted, but asked of the whole.
    """
    found = {_SESSIONS: scope.rows(_SESSIONS, edge_cases=False)}
    asked = ((name, target) for name, target in chosen(scope.settings) if target.measure != "keys")
    for name, target in asked:
        for query in queries(name, target, scope.settings):
            whole = counting(query) if _lists_faults(query) else query
            found[whole] = scope.rows(summing(whole), target.edge_cases)
            if any(row.get("wrong") for row in found[whole]):
                found[offending(query)] = scope.rows(offending(query), target.edge_cases)
    return found


def chosen(settings: Settings, entities: Sequence[str] | None = None) -> Iterator[tuple[str, Target]]:
    """The statements that are asked for, and whether a failure of each holds the release back."""
    for name, target in settings.targets.statements.items():
        if entities is None or target.entity in entities:
            yield name, told(target, settings).model_copy(update={"blocking": holds_back(target, settings)})


def queries(name: str, target: Target, settings: Settings) -> list[str]:
    """The queries of a statement, parameters filled in. Raises SettingsError for a measure that does not exist."""
    if target.measure is None:
        return [forms.select(target, settings)]
    if target.measure == "keys":
        return [keys.select(target.entity)]
    if target.measure not in sql.queries():
        raise SettingsError(
            f"targets.yaml, statements.{name}.measure",
            target.measure,
            "there is no such measure",
            f"choose one of keys, {', '.join(sql.queries())}, or write queries/{target.measure}.sql",
        )
    text = sql.read(target.measure)
    return [part.strip() for part in sql.filled(text, settings, _parameters(text, target, settings)).split(";\n")]


def _parameters(text: str, target: Target, settings: Settings) -> dict[str, Any]:
    """What a query may be filled in with beside the settings: the statement's own parameters, and what follows."""
    derived = {
        "cohorts": lambda: cohorts(settings),
        "clearly": lambda: CLEAR,
        "fewest": lambda: fewest(settings),
        "judged": lambda: usual_density(settings, cohorts(settings)) and not odd_cohorts(settings, cohorts(settings)),
        "cascade_tutors": lambda: cascade_tutors(settings),
        "newest": lambda: int(cut(settings)[0]),
        "oldest": lambda: int(cut(settings)[1]),
        "stored_value": stored_value,
        "claims_hold": lambda: claims.claims_hold(settings),
    }
    return {name: make() for name, make in derived.items() if f"{{{name}}}" in text} | target.using


def _verdict(name: str, target: Target, scope: Scope | Merged, size: Size) -> Verdict:
    settings = scope.settings
    if target.entity == "answer_key" and not any(table.startswith("truth_") for table in scope.tables):
        return not_judged(name, target, "needs the answer key (main.answer_key), which this data does not have")
    if why := out_of_force(target, settings):
        return conclude(name, target, Findings(note=f"{why}: {NOTHING}"))
    if target.only_large and size.sessions < size.large_from:
        return conclude(name, target, Findings(note=f"judged from {size.large_from:,} sessions"))
    rows: list[Row] = []
    wrong: list[str] = []
    for query in queries(name, target, settings):
        if _lists_faults(query):
            found = _counted(query, target, scope)
            rows += found
            wrong += [query] if any(not r.passed for r in found) else []
        else:
            rows += _measured(scope.rows(query, target.edge_cases), target, settings, size)
    return conclude(name, target, Findings(rows), evidence=_evidence(wrong, target, scope))


def _lists_faults(query: str) -> bool:
    """Whether the query yields a row for each thing looked at, rather than sums."""
    return " AS wrong" in query or "'wrong':" in query or "rule_fault" in query


def counting(query: str) -> str:
    """How many things a query of faults looks at, and how many of them are wrong, by label."""
    sums = "count(*) AS n, count(*) FILTER (WHERE wrong) AS wrong"
    return f"SELECT label, {sums} FROM (\n{query}\n) GROUP BY label ORDER BY label"


def offending(query: str) -> str:
    """The rows of a query of faults that are wrong: those of the first offenders in key order."""
    return f"SELECT * EXCLUDE (wrong) FROM (\n{query}\n) WHERE wrong ORDER BY offender, label LIMIT {5 * NAMED}"


def _counted(query: str, target: Target, scope: Scope | Merged) -> list[Row]:
    found = {str(r["label"]): r for r in scope.rows(counting(query), target.edge_cases)}
    if target.form == "each":
        found = {k: found.get(k, {"n": 0, "wrong": 0}) for k in forms.limits(target, scope.settings)} | found
        found = {k: r for k, r in found.items() if k or r["n"]}
    return [_fault_row(label, int(r["n"]), int(r["wrong"])) for label, r in found.items()]


def _fault_row(label: str, n: int, wrong: int) -> Row:
    return Row(label, wrong, 0, 0, n, 0.0, not wrong, 1.0 + wrong if wrong else 0.0)


def _measured(found: list[dict[str, Any]], target: Target, settings: Settings, size: Size) -> list[Row]:
    """Rows that a query measured: against the target's expectation, or the bounds that the query gives itself."""
    if target.measure is None or (found and "total" in found[0]):
        return forms.assess(found, target, settings, size)
    return [_bounded({k: v for k, v in r.items() if v is not None}) for r in found]


def _bounded(r: Mapping[str, Any]) -> Row:
    low, high, expected = (float(r.get(key, none)) for key, none in (("low", -inf), ("high", inf), ("expected", nan)))
    n, unit = int(r.get("n", 0)), float(r.get("unit", 0))
    if unit:
        low, high = rounded(low, high, expected, n)
    return row(str(r["label"]), float(r.get("observed", nan)), low, high, n, expected, unit)


def _evidence(wrong: Sequence[str], target: Target, scope: Scope | Merged) -> list[Record]:
    """A row for each offender: its key, what is wrong with it, and what the query looked at."""
    found: dict[str, Record] = {}
    for query in wrong:
        for r in scope.rows(offending(query), target.edge_cases):
            who, label = str(r["offender"]), str(r["label"])
            record = found.setdefault(who, {"id": who, **({"what is wrong": label} if label else {})})
            if label and label not in str(record["what is wrong"]).split("; "):
                record["what is wrong"] = f"{record['what is wrong']}; {label}"
            # Where parts are put together, a part leaves the columns of the others empty.
            apart = "UNION ALL BY NAME" in query
            mine = {k: v for k, v in r.items() if k not in ("offender", "label") and not (apart and v is None)}
            record |= {name: cell(value) for name, value in mine.items() if record.get(name) is None}
    return [found[who] for who in sorted(found)[:NAMED]]


def cell(value: Any) -> Cell:
    """A plain value: times as text, long texts cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 6)
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
