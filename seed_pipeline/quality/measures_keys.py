"""Q1: keys, references, enumerations, limits and types, read from `schema.metadata` alone."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Enum, Integer, Numeric, String, Table, UniqueConstraint

from seed_pipeline.quality.observation import Chunk, positions
from seed_pipeline.quality.sums import Faults, Part, Sums, hashes
from seed_pipeline.quality.verdict import Findings
from seed_pipeline.schema import columns_made_by, metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target

SHARED = ("subjects",)
"""Tables that belong to no chunk: a reference to them may be answered by another chunk."""

_WITH_USERS = ("tutors", "students", "sessions")
"""Entities at which `users` is looked at again, because people were added since."""


def tables_of(entity: str) -> list[Table]:
    """The tables that an entity fills, wholly or in part."""
    tables = [t for t in metadata.tables.values() if t.info["asset"] and columns_made_by(entity, t.name)]
    return [*tables, *([metadata.tables["users"]] if entity in _WITH_USERS else [])]


def _columns(entity: str, table: Table) -> list[Column]:
    names = columns_made_by(entity, table.name) or [c.name for c in table.columns]
    return [table.columns[name] for name in names]


def collect(chunk: Chunk, target: Target) -> Part:
    """The faults of what an entity filled in this chunk, and hashes of keys for what only the whole can tell."""
    part = Part()
    for table in tables_of(target.entity):
        if chunk.has(table.name):
            part += Part(faults=dict(_table_faults(chunk, target.entity, table))) + _hashed(chunk, target.entity, table)
    return part


def assess(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """Adds what only the whole can tell: tables that are not there, keys used in two chunks, references to nothing."""
    faults = dict(part.faults)
    for table in tables_of(target.entity):
        lacking = table.name not in sums.tables
        faults[f"{table.name} exists"] = Faults(1, int(lacking), (table.name,) if lacking else ())
    for name in part.keys:
        kind, _, what = name.partition(" ")
        hashed = part.hashed(name)
        if kind == "unique":
            faults[f"{what} unique"] += Faults(0, len(hashed) - len(np.unique(hashed)))
        elif kind == "refers":
            label, _, parent = what.partition(" ")
            lost = ~np.isin(hashed, part.hashed(f"known {parent}"))
            faults[f"{label} refers to {parent}"] += Faults(0, int(lost.sum()))
    return Findings(faults=faults)


def _table_faults(chunk: Chunk, entity: str, table: Table) -> Iterator[tuple[str, Faults]]:
    frame = chunk.tables[table.name]
    ids = _ids(chunk, table)
    for column in _columns(entity, table):
        if column.name not in frame:
            yield f"{table.name}.{column.name} exists", Faults(1, 1, (f"{table.name}.{column.name}",))
            continue
        wrong = _unlawful(chunk.raw(table.name, column.name), column)
        yield f"{table.name}.{column.name} lawful", Faults.of(wrong, ids)
        for reference in column.foreign_keys:
            yield _answered(chunk, table, column, reference.column, ids)
    for key in _own_keys(entity, table):
        again = pd.DataFrame({c: chunk.column(table.name, c) for c in key}).duplicated().to_numpy()
        yield f"{table.name}.{'+'.join(key)} unique", Faults.of(again, ids)


def _ids(chunk: Chunk, table: Table) -> Callable[[np.ndarray], list[str]]:
    """Makes the primary keys of some rows, each as one word."""
    keys = [chunk.column(table.name, c.name) for c in table.primary_key]
    return lambda rows: ["/".join(map(str, key)) for key in zip(*(k[rows] for k in keys), strict=True)]


def _own_keys(entity: str, table: Table) -> list[tuple[str, ...]]:
    """Keys that must be unique: only the entity that makes the rows answers for them (and whoever adds users)."""
    if entity != table.info["asset"] and table.name != "users":
        return []
    keys = [tuple(c.name for c in table.primary_key)]
    return keys + [tuple(c.name for c in u.columns) for u in table.constraints if isinstance(u, UniqueConstraint)]


def _unlawful(series: pd.Series, column: Column) -> np.ndarray:
    """Values that are missing but may not be, of the wrong kind, outside domain, length, scale or enumeration."""
    missing = series.isna().to_numpy()
    wrong = missing.copy() if not column.nullable else np.zeros(len(series), dtype=bool)
    kind = column.type
    if isinstance(kind, Enum):
        return wrong | (~series.isin(kind.enums).to_numpy() & ~missing)
    if isinstance(kind, Date | DateTime):
        return wrong | _wrong_time(series, missing, isinstance(kind, Date))
    if isinstance(kind, Boolean):
        return wrong | (~series.isin([True, False]).to_numpy() & ~missing)
    if isinstance(kind, Integer | Numeric | Double):
        return wrong | _wrong_number(series, missing, column)
    return wrong | _wrong_text(series, missing, getattr(kind, "length", None) if isinstance(kind, String) else None)


def _wrong_time(series: pd.Series, missing: np.ndarray, day: bool) -> np.ndarray:
    times = pd.to_datetime(series, errors="coerce").to_numpy("datetime64[s]")
    wrong = np.isnat(times) & ~missing
    return wrong | (~np.isnat(times) & (times != times.astype("datetime64[D]"))) if day else wrong


def _wrong_number(series: pd.Series, missing: np.ndarray, column: Column) -> np.ndarray:
    values = pd.to_numeric(series, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.isnan(values) & ~missing
    low, high = column.info.get("domain", (-np.inf, np.inf))
    with np.errstate(invalid="ignore"):
        wrong |= (values < low) | (values > high) | np.isinf(values)
        places = 0 if isinstance(column.type, Integer) else getattr(column.type, "scale", None)
        if places is not None:
            wrong |= np.abs(values - np.round(values, places)) > 1e-9
    return wrong


def _wrong_text(series: pd.Series, missing: np.ndarray, longest: int | None) -> np.ndarray:
    values = series.to_numpy(object, na_value=np.nan)
    lengths = np.array([len(v) if isinstance(v, str) else -1 for v in values])
    return ~missing & ((lengths <= 0) | (lengths > (longest or np.inf)))


def _answered(chunk: Chunk, table: Table, column: Column, parent: Column, ids) -> tuple[str, Faults]:
    """References that no row of the chunk answers; those to shared tables are left to the whole."""
    label = f"{table.name}.{column.name} refers to {parent.table.name}.{parent.name}"
    if parent.table.name in SHARED:
        return label, Faults(chunk.rows(table.name), 0)
    values = chunk.column(table.name, column.name)
    where = positions(values, chunk.column(parent.table.name, parent.name))
    return label, Faults.of((where < 0) & ~pd.isna(values), ids)


def _hashed(chunk: Chunk, entity: str, table: Table) -> Part:
    """Hashes of keys that other chunks might use too, and of references that other chunks may answer."""
    keys: dict[str, tuple[np.ndarray, ...]] = {}
    for key in _own_keys(entity, table):
        if len(key) == 1 and not table.columns[key[0]].foreign_keys:
            keys[f"unique {table.name}.{key[0]}"] = (_distinct(chunk, table.name, key[0]),)
    for column in _columns(entity, table):
        for reference in column.foreign_keys:
            parent = reference.column
            if parent.table.name in SHARED:
                name = f"{parent.table.name}.{parent.name}"
                keys[f"refers {table.name}.{column.name} {name}"] = (_distinct(chunk, table.name, column.name),)
                keys[f"known {name}"] = (_distinct(chunk, parent.table.name, parent.name),)
    return Part(keys=keys)


def _distinct(chunk: Chunk, table: str, column: str) -> np.ndarray:
    values = chunk.column(table, column)
    return hashes(pd.unique(values[pd.notna(values)]))
