"""What a peer is asked to make: our tables, their columns and types, and as many rows, values and nulls as ours have.

Each column says `how` its values come: `key` (a UUID of its own), `parent` (another table's key), `values` (one of
a list), `name`, `email`, `int`, `float`, `bool`, `timestamp` or `date` between `low` and `high`. Where a column is part
of a key, `turns` says after how many rows its value changes, so that no key comes twice; elsewhere values are free.
"""

from math import prod
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from benchmarks import floor
from seed_pipeline import schema
from seed_pipeline.store.frames import kind

MOST_VALUES = 200
"""Texts are drawn from as many of ours: the quickest way in all peers, and generous to them."""


def shape(folder: Path, rows: dict[str, int]) -> dict[str, Any]:
    """The tables that hold rows, those referred to first; `folder` has artifacts of ours to learn the columns from."""
    parts: dict[str, list[pa.Table]] = {}
    for name, data in floor.released(folder):
        parts.setdefault(name, []).append(data)
    tables = sorted(schema.metadata.sorted_tables, key=lambda t: any("holds" in c.info for c in t.columns))
    return {"tables": [_table(t, pa.concat_tables(parts[t.name]), rows) for t in tables if t.name in parts]}


def _table(table: sa.Table, data: pa.Table, rows: dict[str, int]) -> dict[str, Any]:
    columns = [_column(c, data.column(c.name), rows) for c in table.columns]
    sizes: list[int] = []
    for column in columns:
        if column["primary"]:
            column["turns"] = prod(sizes)
            sizes.append(_choices(column))
        elif column["unique"]:
            column["turns"] = 1
    return {"name": table.name, "rows": rows[table.name], "columns": columns}


def _column(column: sa.Column, data: pa.ChunkedArray, rows: dict[str, int]) -> dict[str, Any]:
    about = {
        "name": column.name,
        "kind": kind(column),
        "type": column.type.name if isinstance(column.type, sa.Enum) else None,
        "primary": column.primary_key,
        "unique": any(list(key.columns) == [column] for key in _unique(column.table)),
        "nulls": round(data.null_count / max(1, len(data)), 3),
    }
    return about | _making(column, data, rows)


def _unique(table: sa.Table) -> list[sa.PrimaryKeyConstraint | sa.UniqueConstraint]:
    return [c for c in table.constraints if isinstance(c, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]


def _making(column: sa.Column, data: pa.ChunkedArray, rows: dict[str, int]) -> dict[str, Any]:
    links = {child.name: parent.table.name for child, parent in schema.links(column.table)}
    of_kind = kind(column)
    if column.name in links:
        return {"how": "parent", "table": links[column.name], "rows": rows[links[column.name]]}
    if column.name == "id":
        return {"how": "key"}
    if column.table.name == "users" and column.name in ("name", "email"):
        return {"how": column.name}
    if of_kind == "bool":
        return {"how": "bool"}
    if of_kind in ("text", "enum", "json"):
        return {"how": "values", "values": data.drop_null().unique().to_pylist()[:MOST_VALUES] or ["none"]}
    low, high = pc.min_max(data).as_py().values()
    if of_kind in ("timestamp", "date"):
        return {"how": of_kind, "low": str(low), "high": str(high)}
    return {"how": of_kind, "low": low, "high": high, "decimals": schema.decimals(column) or 6}


def _choices(column: dict[str, Any]) -> int:
    if column["how"] == "parent":
        return int(column["rows"])
    if column["how"] == "values":
        return len(column["values"])
    return int(column["high"] - column["low"] + 1) if column["how"] == "int" else 1
