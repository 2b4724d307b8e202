"""SQLite: one file, STRICT tables with plain affinities, WAL so that readers see whole releases."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect, SQLiteTypeCompiler
from sqlalchemy.schema import CreateTable

from seed_pipeline.core.columns import arrow_type, kind
from seed_pipeline.store.catalogue import Catalogue, ColumnFacts, Reference, TableFacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import file, redact

_BATCH = 20_000
_CACHE_KIB = 96 * 1024
_PATIENCE = 200  # milliseconds


class _StrictTypes(SQLiteTypeCompiler):
    """Only the types STRICT tables allow, so that no value ever changes its nature on the way in."""

    def visit_VARCHAR(self, type_: Any, **_: Any) -> str:  # noqa: N802
        return "TEXT"

    visit_CHAR = visit_DATE = visit_DATETIME = visit_TIMESTAMP = visit_JSON = visit_VARCHAR  # noqa: N815

    def visit_NUMERIC(self, type_: Any, **_: Any) -> str:  # noqa: N802
        return "REAL"

    visit_FLOAT = visit_DOUBLE = visit_DOUBLE_PRECISION = visit_NUMERIC  # noqa: N815

    def visit_BOOLEAN(self, type_: Any, **_: Any) -> str:  # noqa: N802
        return "INTEGER"

    visit_BIGINT = visit_BOOLEAN  # noqa: N815


class _StrictDialect(SQLiteDialect):
    type_compiler_cls = _StrictTypes


_STRICT = _StrictDialect()


class SQLite:
    """The store's SQLite face."""

    distinct = "IS NOT"
    row_id = "rowid"
    on_commit = ""

    def engine(self, url: sa.URL, writable: bool, target_schema: str) -> sa.Engine:
        """An engine; a file that does not exist is made with its folders, or, not writable, stood in for by memory."""
        path = file(url)
        if path is not None and not path.exists():
            if not writable:
                url = url.set(database=":memory:")
            else:
                self._make_folder(url, path)
        pool = sa.pool.StaticPool if url.database in (None, "", ":memory:") else sa.pool.NullPool
        engine = sa.create_engine(url, poolclass=pool)
        sa.event.listen(engine, "connect", lambda raw, _: _prepare(raw))
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql(c.get_execution_options().get("begin", "BEGIN")))
        return engine

    def _make_folder(self, url: sa.URL, path: Any) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"the folder cannot be made ({error.strerror})"
            raise StoreError(redact(url), None, why, "name a path in a folder that can be written") from None

    def begin(self, connection: sa.Connection, wait_seconds: float) -> sa.RootTransaction:
        """Begin the release's transaction as the only writer; waits for another writer, then fails."""
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
        connection.info["mode"] = raw.execute("PRAGMA journal_mode").fetchone()[0]
        return connection.execution_options(begin="BEGIN IMMEDIATE").begin()

    def let_readers_go_on(self, connection: sa.Connection) -> bool:
        """Before the first write: begin anew in WAL mode, until `finish`; whether others may have written meanwhile.

        Temporary tables stay. Where a reader is in the way of that, the file keeps its mode, and the commit waits.
        """
        raw: Any = connection.connection.driver_connection
        if raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal" or connection.info.pop("tried", False):
            return False
        connection.commit()
        with suppress(sqlite3.OperationalError):
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = NORMAL")
        connection.begin()
        connection.info["tried"] = True
        return True

    def lock_tables(self, connection: sa.Connection, names: Sequence[str], wait_seconds: float) -> None:
        """Nothing to do: the one writer has the whole file."""

    def books(self, connection: sa.Connection) -> None:
        """SQLite does not count per table what came and what left."""

    def finish(self, connection: sa.Connection) -> None:
        """Bring the log into the file and leave it in the mode in which it was found, for copies and read-only media.

        What is committed is committed: a reader in the way, or a full disk, leaves the log for the next time.
        """
        raw: Any = connection.connection.driver_connection
        with suppress(sqlite3.Error):
            raw.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            raw.execute(f"PRAGMA journal_mode = {connection.info.get('mode', 'wal')}").fetchall()

    def create(self, table: sa.Table) -> str:
        """DDL of the table."""
        return (
            str(CreateTable(table).compile(dialect=_STRICT)).strip()
            + " STRICT"
            + (", WITHOUT ROWID" if table.info.get("by_key") else "")
        )

    def create_types(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """SQLite has no enumerations of its own: CHECKs stand in for them."""
        return []

    def drop_type(self, connection: sa.Connection, name: str) -> None:
        """See `create_types`."""

    def take_over(self, connection: sa.Connection) -> list[str]:
        """Nothing to do: there is one schema, and it has been the same in every version."""
        return []

    def drop_schema(self, connection: sa.Connection) -> None:
        """See `take_over`."""

    def stage(self, table: sa.Table, name: str, target: str) -> str:
        """DDL of a temporary table with the table's columns and no rules."""
        types = [f'"{c.name}" {_STRICT.type_compiler_instance.process(c.type)}' for c in table.columns]
        return f"CREATE TEMP TABLE {name} ({', '.join(types)})"

    def fill(self, connection: sa.Connection, name: str, data: pa.Table) -> None:
        """Append the rows to a staged table."""
        raw = connection.connection.driver_connection
        marks = ", ".join("?" * data.num_columns)
        for batch in data.to_batches(max_chunksize=_BATCH):
            rows = zip(*(_values(column) for column in batch.columns), strict=True)
            raw.executemany(f"INSERT INTO temp.{name} VALUES ({marks})", rows)  # type: ignore[union-attr]

    def index(self, connection: sa.Connection, name: str, keys: Sequence[str], rows: int) -> None:
        """Make a temporary table fit for look-ups by key; IntegrityError where a key comes twice."""
        wanted = ", ".join(f'"{key}"' for key in keys)
        connection.exec_driver_sql(f"CREATE UNIQUE INDEX temp.{_key_of(name)} ON {name} ({wanted})")

    def prepare(self, connection: sa.Connection, name: str, keys: Sequence[str], rows: int) -> None:
        """Make a temporary table of so many unique keys fit for look-ups."""
        self.index(connection, name, keys, rows)

    def text(self, expression: str, column: sa.Column) -> str:
        """The column's value as the text that the manifest of rows keeps."""
        return f"CAST({expression} AS TEXT)" if kind(column) == "int" else expression

    def digest(self, values: Sequence[tuple[str, sa.Column]]) -> str:
        """SQL: a hash of the values."""
        return f"seed_digest({', '.join(expression for expression, _ in values)})"

    def add(self, table: str, column: sa.Column) -> str:
        """DDL that adds a column."""
        return f'ALTER TABLE {table} ADD COLUMN "{column.name}" {_STRICT.type_compiler_instance.process(column.type)}'

    def select(self, column: sa.Column, alias: str) -> str:
        """The column in a form that `fetch` reads."""
        name = f'{alias}."{column.name}"'
        return f"substr({name}, 1, 19)" if kind(column) == "timestamp" else name

    def order(self, expression: str, column: sa.Column) -> str:
        """SQL that sorts numbers by size and the rest by its bytes, in both databases alike."""
        return expression

    def fetch(self, connection: sa.Connection, sql: str, columns: Sequence[sa.Column]) -> pa.Table:
        """The query's rows, one Arrow column for each of `columns`."""
        schema = pa.schema([(c.name, arrow_type(c)) for c in columns])
        cursor = connection.connection.driver_connection.execute(sql)  # type: ignore[union-attr]
        batches = []
        while rows := cursor.fetchmany(_BATCH):
            arrays = [_array(c, list(values)) for c, values in zip(columns, zip(*rows, strict=True), strict=True)]
            batches.append(pa.record_batch(arrays, schema=schema))
        return pa.Table.from_batches(batches, schema=schema)

    def extent(self, connection: sa.Connection, table: str) -> int:
        """Rows that going through the whole table meets."""
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()

    def support(self, connection: sa.Connection, name: str, table: str, columns: Sequence[str]) -> None:
        """An index that lets the deletion of referenced rows find the referring ones; gone before the commit."""
        wanted = ", ".join(f'"{c}"' for c in columns)
        connection.exec_driver_sql(f'CREATE INDEX IF NOT EXISTS "{name}" ON {table} ({wanted})')

    def unsupport(self, connection: sa.Connection, names: Sequence[str]) -> None:
        """Drop the indexes of `support`, still within the transaction: readers do not notice."""
        for name in names:
            connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{name}"')

    def owns(self, connection: sa.Connection, table: str) -> bool:
        """Who may write the file may drop what is in it."""
        return True

    def indexes(self, connection: sa.Connection, table: str) -> list[tuple[str, ...]]:
        """The columns of every index of the table, in order."""
        listed = connection.exec_driver_sql(f"PRAGMA index_list({table})").all()
        return [tuple(str(r[2]) for r in connection.exec_driver_sql(f'PRAGMA index_info("{i[1]}")')) for i in listed]

    def catalogue(self, connection: sa.Connection) -> Catalogue:
        """What the file holds."""
        sql = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'"
        listed = connection.exec_driver_sql(sql).all()
        tables = {name: _facts(connection, name, of == "table") for name, of in listed}
        references = [r for name, of in listed if of == "table" for r in _references(connection, name, tables)]
        return Catalogue(tables, tuple(references))


def _prepare(raw: Any) -> None:
    raw.isolation_level = None
    raw.execute("PRAGMA busy_timeout = 5000")
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    raw.execute(f"PRAGMA temp.cache_size = -{_CACHE_KIB}")
    raw.create_function("seed_digest", -1, _digest, deterministic=True)


def _digest(*values: Any) -> int:
    """64 bits over values; numbers count by their size, as a column may keep a whole one either way."""
    plain = repr([int(v) if isinstance(v, float) and v.is_integer() else v for v in values])
    return int.from_bytes(hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


def _key_of(name: str) -> str:
    return '"key_of_' + name[1:]


def _values(array: pa.Array) -> list:
    """The column as Python values that sqlite3 takes: moments as text, flags as 0 and 1."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        array = array.cast(pa.string())
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if pa.types.is_string(array.type) or not array.null_count:
        return array.to_numpy(zero_copy_only=False).tolist()
    values = array.fill_null(0).to_numpy(zero_copy_only=False).astype(object)
    values[np.asarray(array.is_null())] = None
    return values.tolist()


def _array(column: sa.Column, values: list) -> pa.Array:
    of_kind = kind(column)
    if of_kind in ("timestamp", "date"):
        return pa.array(values, pa.string()).cast(arrow_type(column))
    return pa.array(values, pa.int64()).cast(pa.bool_()) if of_kind == "bool" else pa.array(values, arrow_type(column))


def _facts(connection: sa.Connection, name: str, is_table: bool) -> TableFacts:
    rows = connection.exec_driver_sql(f'PRAGMA table_info("{name}")').all()
    columns = {r[1]: ColumnFacts(r[2].upper(), not r[3] and not r[5], r[4]) for r in rows}
    key = tuple(r[1] for r in sorted((r for r in rows if r[5]), key=lambda r: r[5]))
    unique = [r[1] for r in connection.exec_driver_sql(f'PRAGMA index_list("{name}")') if r[2] and r[3] == "u"]
    uniques = [tuple(str(i[2]) for i in connection.exec_driver_sql(f'PRAGMA index_info("{u}")')) for u in unique]
    return TableFacts(f'"{name}"', columns, key, tuple(uniques), (), is_table)


def _references(connection: sa.Connection, name: str, tables: dict[str, TableFacts]) -> list[Reference]:
    grouped: dict[int, list] = {}
    for row in connection.exec_driver_sql(f'PRAGMA foreign_key_list("{name}")'):
        grouped.setdefault(row[0], []).append(row)
    found = []
    for rows in grouped.values():
        parent = next((t for t in tables if t.lower() == rows[0][2].lower()), rows[0][2])
        target = tuple(r[4] for r in rows) if rows[0][4] else tables[parent].key if parent in tables else ()
        found.append(Reference(name, tuple(r[3] for r in rows), parent, target, rows[0][6].lower()))
    return found
