"""Q1: tables and columns are there, keys are unique, references lead somewhere; read from `schema.metadata` alone.

Types, nulls, domains and enumerations are judged by the Pandera schemas (`schemas`), and nowhere else.
"""

from collections.abc import Iterator

from sqlalchemy import Column, Table, UniqueConstraint

from seed_pipeline.quality.sql import literal, values
from seed_pipeline.schema import columns_made_by, metadata

_WITH_USERS = ("tutors", "students", "sessions")
"""Entities at which `users` is looked at again, because people were added since."""


def select(entity: str) -> str:
    """The query for what is wrong with the keys of an entity's tables, one part for each key and reference."""
    tables = _tables(entity)
    parts = [_exist(entity, tables)]
    for table in tables:
        parts += [_unique(table, key) for key in _own_keys(entity, table)]
        parts += [_refers(table, column) for column in _columns(entity, table) if column.foreign_keys]
    return "\nUNION ALL BY NAME\n".join(parts)


def _tables(entity: str) -> list[Table]:
    """The tables that an entity fills, wholly or in part."""
    tables = [t for t in metadata.tables.values() if t.info["asset"] and columns_made_by(entity, t.name)]
    return [*tables, *([metadata.tables["users"]] if entity in _WITH_USERS else [])]


def _columns(entity: str, table: Table) -> list[Column]:
    names = columns_made_by(entity, table.name) or [c.name for c in table.columns]
    return [table.columns[name] for name in names]


def _exist(entity: str, tables: list[Table]) -> str:
    wanted = values(("table_name", "column_name"), ((t.name, c.name) for t in tables for c in _columns(entity, t)))
    return (
        "SELECT table_name || '.' || column_name AS offender, table_name || ' exists' AS label,\n"
        f"       given.column_name IS NULL AS wrong\nFROM ({wanted})\nLEFT JOIN given USING (table_name, column_name)"
    )


def _own_keys(entity: str, table: Table) -> Iterator[list[str]]:
    """Keys that must be unique: only the entity that makes the rows answers for them (and whoever adds users)."""
    if entity == table.info["asset"] or table.name == "users":
        yield [c.name for c in table.primary_key]
        yield from ([c.name for c in u.columns] for u in table.constraints if isinstance(u, UniqueConstraint))


def _unique(table: Table, key: list[str]) -> str:
    """A key that is used twice is wrong once for each further row, of which the last is named."""
    row = " || '/' || ".join(f'"{c.name}"' for c in table.primary_key)
    columns = ", ".join(f'"{name}"' for name in key)
    label = literal(f"{table.name}.{'+'.join(key)} unique")
    given = " AND ".join(f'"{name}" IS NOT NULL' for name in key)
    return (
        f"SELECT last({row}) AS offender, {label} AS label,\n"
        f"       count(*) > 1 AS wrong, {columns}\nFROM {table.name}\nWHERE {given}\nGROUP BY {columns}"
    )


def _refers(table: Table, column: Column) -> str:
    parent = next(iter(column.foreign_keys)).column
    row = " || '/' || ".join(f'"{c.name}"' for c in table.primary_key)
    label = f"{table.name}.{column.name} refers to {parent.table.name}.{parent.name}"
    known = f'SELECT "{parent.name}" FROM {parent.table.name} WHERE "{parent.name}" IS NOT NULL'
    return (
        f'SELECT {row} AS offender, {literal(label)} AS label, "{column.name}",\n'
        f'       "{column.name}" NOT IN ({known}) AS wrong\n'
        f'FROM {table.name}\nWHERE "{column.name}" IS NOT NULL'
    )
