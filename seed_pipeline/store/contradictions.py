"""Where a target's tables contradict the platform's: found before anything is written, and said all at once."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from seed_pipeline import schema
from seed_pipeline.store.catalogue import Catalogue, ColumnFacts, TableFacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import kind

_POSTGRES = postgresql.dialect()
_AFFINITIES = {
    "int": ("INTEGER", "NUMERIC"),
    "bool": ("INTEGER", "NUMERIC"),
    "float": ("REAL", "NUMERIC"),
    "timestamp": ("TEXT", "BLOB", "NUMERIC"),
    "date": ("TEXT", "BLOB", "NUMERIC"),
}


def refuse(where: str, backend: str, catalogue: Catalogue, tables: Iterable[sa.Table]) -> None:
    """Raise StoreError listing every contradiction between the target and our definition of the tables."""
    found = {table.name: contradictions(backend, catalogue, table) for table in tables}
    lines = [line for said in found.values() for line in said]
    if not lines:
        return
    why = f"the schema contradicts ours in {len(lines)} place(s):\n  " + "\n  ".join(lines) + "\nNothing was written"
    remedy = "run the platform's migrations, name another database, or update seed_pipeline/schema.py"
    if not any(said and name in schema.PLATFORM for name, said in found.items()):
        remedy = "another version of this pipeline filled it: seed-pipeline clean removes its rows, then run again"
    raise StoreError(where, None, why, remedy)


def contradictions(backend: str, catalogue: Catalogue, table: sa.Table) -> list[str]:
    """One line per place in which the target's table could not hold or would change our rows; none if it is missing."""
    facts = catalogue.tables.get(table.name)
    if facts is None:
        return []
    if not facts.is_table:
        return [f"{table.name}: is a view"]
    lines = [line for column in table.columns for line in _column(backend, catalogue, table, column, facts)]
    extra = [n for n, c in facts.columns.items() if n not in table.columns and not c.nullable and c.default is None]
    lines += [f"{table.name}.{name}: unknown to us, NOT NULL and without a default" for name in extra]
    key = tuple(c.name for c in table.primary_key)
    if set(facts.key) != set(key):
        lines.append(f"{table.name}: primary key is ({', '.join(facts.key)}), ours is ({', '.join(key)})")
    return lines + _references(catalogue, table)


def _column(backend: str, catalogue: Catalogue, table: sa.Table, column: sa.Column, facts: TableFacts) -> list[str]:
    there = facts.columns.get(column.name)
    name = f"{table.name}.{column.name}"
    if there is None:
        return [f"{name}: missing"]
    lines = _type(name, column, there) if backend == "postgresql" else _affinity(name, column, there)
    if column.nullable and not there.nullable:
        lines.append(f"{name}: NOT NULL, ours may be null")
    if backend == "postgresql" and isinstance(column.type, sa.Enum) and not lines:
        missing = [v for v in column.type.enums if v not in catalogue.enums.get(str(column.type.name), ())]
        lines += [f"{name}: enumeration {column.type.name} lacks {', '.join(missing)}"] if missing else []
    return lines


def _type(name: str, column: sa.Column, there: ColumnFacts) -> list[str]:
    expected = postgres_type(column)
    return [] if there.type == expected else [f"{name}: type is {there.type}, ours is {expected}"]


def postgres_type(column: sa.Column) -> str:
    """The column's type as PostgreSQL's catalogue writes it."""
    if isinstance(column.type, sa.Enum):
        return str(column.type.name)
    written = _POSTGRES.type_compiler_instance.process(column.type).lower().replace(", ", ",")
    return written.replace("varchar", "character varying")


def _affinity(name: str, column: sa.Column, there: ColumnFacts) -> list[str]:
    found, fitting = affinity(there.type), _AFFINITIES.get(kind(column), ("TEXT", "BLOB"))
    if found in fitting:
        return []
    return [f"{name}: declared {there.type}, which SQLite treats as {found}; values could change; declare {fitting[0]}"]


def affinity(declared: str) -> str:
    """SQLite's rule: how a column of the declared type treats values."""
    for words, result in ((("INT",), "INTEGER"), (("CHAR", "CLOB", "TEXT"), "TEXT"), (("BLOB",), "BLOB")):
        if any(word in declared.upper() for word in words):
            return result
    if not declared:
        return "BLOB"
    return "REAL" if any(word in declared.upper() for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def _references(catalogue: Catalogue, table: sa.Table) -> list[str]:
    there = {r.columns[0]: r for r in catalogue.references if r.child == table.name and len(r.columns) == 1}
    lines = []
    for key in table.foreign_keys:
        found, parent = there.get(key.parent.name), key.column.table.name
        if found and (found.parent, found.parent_columns) != (parent, (key.column.name,)):
            shown = f"{found.parent}({', '.join(found.parent_columns)})"
            lines.append(f"{table.name}.{key.parent.name}: refers to {shown}, ours to {parent}({key.column.name})")
    return lines
