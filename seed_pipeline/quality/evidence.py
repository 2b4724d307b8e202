"""The rows behind a failed verdict: each offender's row, with the columns that its statement looked at.

What a statement is about is not written down a second time: it is measured once more, alone, and the columns and facts
that it asks for on the way are the ones to show.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np
import pandas as pd

from seed_pipeline.quality.injected import ordinary
from seed_pipeline.quality.judgement import Tables, measure_of
from seed_pipeline.quality.observation import Chunk, Facts
from seed_pipeline.quality.subjects import with_subjects
from seed_pipeline.quality.verdict import Cell, Record, Verdict
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target

CHILDREN = 10
"""How many of the rows that hang on an offender (a session's tags, a tutor's sessions) are shown in its row."""

LONGEST = 240
"""Characters of a text that are shown."""


def with_rows(verdicts: Sequence[Verdict], chunks: Iterable[Tables], settings: Settings) -> list[Verdict]:
    """The same verdicts; those that failed have a row of `evidence` for each offender that they name (at most 20).

    `chunks` are those that the verdicts were measured on; they are read only if a verdict needs them.
    """
    targets = settings.targets.statements
    short = [v for v in verdicts if v.failed and v.offenders and v.name in targets]
    found: dict[str, dict[str, Record]] = {v.name: {} for v in short}
    for tables in with_subjects(chunks) if short else ():
        for verdict in short:
            of_cast = measure_of(targets[verdict.name], verdict.name).of_cast
            looked_at = ordinary(tables, settings) if of_cast else tables
            rows = _rows(Chunk(looked_at, settings), targets[verdict.name], verdict)
            found[verdict.name] = rows | found[verdict.name]
    return [replace(v, evidence=_in_order(v, found[v.name])) if v.name in found else v for v in verdicts]


def _in_order(verdict: Verdict, rows: Mapping[str, Record]) -> tuple[Record, ...]:
    return tuple(rows.get(offender, {"id": offender}) for offender in verdict.offenders)


def _rows(chunk: Chunk, target: Target, verdict: Verdict) -> dict[str, Record]:
    """Offender → its row, of those that this chunk has."""
    part = measure_of(target, verdict.name).collect(chunk, target)
    wrong: dict[str, list[str]] = {}
    for label, faults in part.faults.items():
        for offender in set(faults.offenders).intersection(verdict.offenders):
            wrong.setdefault(offender, []).append(label)
    columns, facts = chunk.seen()
    return {who: _row(chunk, columns, facts, who, labels) for who, labels in wrong.items()}


def _row(
    chunk: Chunk, columns: Mapping[str, list[str]], facts: list[tuple[Facts, list[str]]], who: str, labels: list[str]
) -> Record:
    """The key, what is wrong, and what was looked at: all of it, or the columns that a label names (`users.email`)."""
    said = "; ".join(filter(None, labels))
    named = {t: [c for c in names if f"{t}.{c} " in f"{said} "] for t, names in columns.items()}
    one_column = any(named.values())
    record: Record = {"id": who, "what is wrong": said} if said else {"id": who}
    for table, names in (named if one_column else columns).items():
        cells = _cells(chunk, table, names, _places(chunk, table, columns[table], who), who)
        cells = {name: value for name, value in cells.items() if name not in record or record[name] != value}
        record |= {f"{table}.{name}" if name in record else name: value for name, value in cells.items()}
    for of, names in [] if one_column else facts:
        # What is said in a session is judged by the session.
        about = str(record["session_id"]) if of.table == "sessions" and "session_id" in record else who
        at = _places(chunk, of.table, [], about)
        record |= {n: _cell(of[n][at[0]]) for n in names if len(at) == 1 and n not in record}
    return record


def _places(chunk: Chunk, table: str, seen: Sequence[str], who: str) -> np.ndarray:
    """Rows whose key is `who`, or that refer to it in a column that was seen."""
    frame = chunk.tables.get(table, pd.DataFrame())
    keys = [c.name for c in metadata.tables[table].columns if c.primary_key or (c.foreign_keys and c.name in seen)]
    links = [frame[name].astype(str).to_numpy(object) for name in keys if name in frame]
    if not links:
        return np.empty(0, dtype=int)
    parts = [reduce(or_, [link == part for link in links]) for part in _subject(who)]
    return np.flatnonzero(reduce(and_, parts))


def _subject(who: str) -> list[str]:
    """The keys that name an offender: several with strokes between them; a missing alert has a severity behind them."""
    return who.partition(" ")[0].split("/")


def _cells(chunk: Chunk, table: str, names: Sequence[str], at: np.ndarray, who: str) -> Record:
    """The values of one row; of several rows that hang on the offender, all in one cell. Its own keys are left out."""
    frame = chunk.tables.get(table, pd.DataFrame())
    rows = [{n: _cell(frame[n].iloc[i]) for n in names if n in frame} for i in at[:CHILDREN]]
    rows = [{name: value for name, value in row.items() if value not in _subject(who)} for row in rows]
    if len(at) == 1:
        return rows[0]
    more = [f"and {len(at) - CHILDREN} more"] if len(at) > CHILDREN else []
    lines = [" ".join(map(str, row.values())) for row in rows if row]
    return {table: "; ".join([*lines, *more])} if lines else {}


def _cell(value: Any) -> Cell:
    """A plain value: no NaN, times as text, long texts cut."""
    value = value.item() if hasattr(value, "item") and not isinstance(value, np.datetime64) else value
    if pd.isna(value):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 6)
    if isinstance(value, bool | int):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
