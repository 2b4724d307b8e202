"""SQLite: one file, STRICT tables with plain affinities, WAL so that readers see whole releases."""

import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect, SQLiteTypeCompiler
from sqlalchemy.schema import CreateTable

from seed_pipeline.core.columns import arrow_type
from seed_pipeline.schema import kind
from seed_pipeline.store import sqlite_catalogue, sqlite_values
from seed_pipeline.store.catalogue import Catalogue, quoted
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import file, redact

_BATCH = 20_000
_AT_ONCE = 2_000
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
    seals_in_order = True

    def engine(self, url: sa.URL, writable: bool, target_schema: str) -> sa.Engine:
        """An engine; a file that does not exist is made with its folders, or, not writable, stood in for by memory."""
        path = file(url)
        if path is not None and not path.exists():
            if writable:
                self._make_folder(url, path)
            else:
                path, url = None, url.set(database=":memory:")
        pool = sa.pool.StaticPool if path is None else sa.pool.NullPool
        only_reads: dict[str, Any] = {} if writable or path is None else {"creator": partial(_reader, path)}
        engine = sa.create_engine(url, poolclass=pool, **only_reads)
        sa.event.listen(engine, "connect", lambda raw, _: _prepare(raw))
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql(c.get_execution_options().get("begin", "BEGIN")))
        return engine

    def _make_folder(self, url: sa.URL, path: Any) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"the folder cannot be made ({error.strerror})"
            raise StoreError(redact(url), None, why, "name a path in a folder that can be written") from None

    def wait(self, connection: sa.Connection, seconds: float) -> None:
        """How long any statement from now on waits for somebody else's lock."""
        connection.connection.driver_connection.execute(  # type: ignore[union-attr]
            f"PRAGMA busy_timeout = {int(seconds * 1000)}"
        )

    def look(self, connection: sa.Connection) -> None:
        """Begin a transaction that makes temporary tables and writes nothing else."""
        connection.begin()

    def begin(self, connection: sa.Connection, wait_seconds: float, unchecked: bool) -> None:
        """Begin the release's transaction as the only writer; waits for another writer, then fails.

        unchecked: without looking at each foreign key; `orphans` looks at all of them at once.
        """
        raw: Any = connection.connection.driver_connection
        marked = _mark(connection)
        mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
        connection.info["mode"] = marked.read_text() if marked and marked.exists() else mode
        raw.execute(f"PRAGMA foreign_keys = {'OFF' if unchecked else 'ON'}")
        connection.execution_options(begin="BEGIN IMMEDIATE").begin()

    def orphans(self, connection: sa.Connection, names: Sequence[str]) -> list[str]:
        """Where rows of these tables refer to rows that are not there, one line each."""
        found: Counter[tuple[str, str]] = Counter()
        for name in names:
            found.update((row[0], row[2]) for row in connection.exec_driver_sql(f"PRAGMA foreign_key_check({name})"))
        return [f"{child}: {rows} row(s) name {parent} that are not there" for (child, parent), rows in found.items()]

    def seal(self, connection: sa.Connection, table: str) -> str:
        """By what the table's rows can be known again: a digest of them all, in their order; "" where there is none."""
        seal = hashlib.blake2b(digest_size=16)
        with suppress(sqlite3.OperationalError), ThreadPoolExecutor(1) as aside:
            raw: Any = connection.connection.driver_connection
            cursor = raw.execute(f"SELECT * FROM {table} ORDER BY rowid")
            while rows := cursor.fetchmany(_AT_ONCE):
                aside.submit(seal.update, sqlite_values.bytes(rows))
            aside.shutdown()
            return seal.hexdigest()
        return ""

    def uses(self, connection: sa.Connection, table: str) -> list[str]:
        """Views and triggers elsewhere that speak of the table."""
        sql = "SELECT name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') AND '\"' || tbl_name || '\"' <> ?"
        word = re.compile(rf"\b{re.escape(table.strip(chr(34)))}\b", re.IGNORECASE)
        return [name for name, written in connection.exec_driver_sql(sql, (table,)) if word.search(written)]

    def let_readers_go_on(self, connection: sa.Connection) -> bool:
        """Before the first write: begin anew in WAL mode, until `finish`; whether others may have written meanwhile.

        Temporary tables stay. Where a reader is in the way of that, the file keeps its mode, and the commit waits.
        """
        raw: Any = connection.connection.driver_connection
        if raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal" or connection.info.pop("tried", False):
            return False
        connection.commit()
        with suppress(sqlite3.OperationalError, OSError):
            if marked := _mark(connection):
                marked.write_text(connection.info["mode"])
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
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute(f"PRAGMA journal_mode = {connection.info.get('mode', 'wal')}").fetchall()
            if marked := _mark(connection):
                marked.unlink(missing_ok=True)

    def create(self, table: sa.Table, keyed: bool = True) -> str:
        """DDL of the table; there are no foreign keys that come later."""
        return str(CreateTable(table).compile(dialect=_STRICT)).strip() + " STRICT"

    def keys(self, tables: Sequence[sa.Table]) -> list[str]:
        """See `create`."""
        return []

    def create_types(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """SQLite has no enumerations of its own: CHECKs stand in for them."""
        return []

    def drop_type(self, connection: sa.Connection, name: str) -> None:
        """See `create_types`."""

    def take_over(self, connection: sa.Connection, *, pretend: bool = False) -> list[str]:
        """Nothing to do: there is one schema, and it has been the same in every version."""
        return []

    def drop_schema(self, connection: sa.Connection) -> None:
        """See `take_over`."""

    def stage(self, table: sa.Table, name: str, target: str) -> str:
        """DDL of a temporary table with the table's columns and no rules."""
        types = [f'"{c.name}" {_STRICT.type_compiler_instance.process(c.type)}' for c in table.columns]
        return f"CREATE TEMP TABLE {name} ({', '.join(types)})"

    def fill(self, connection: sa.Connection, name: str, data: pa.Table, seal: Any = None) -> None:
        """Append the rows to a table; `seal` takes in what `seal` would find there."""
        raw: Any = connection.connection.driver_connection
        names = ", ".join(quoted(name) for name in data.column_names)
        sql = f"INSERT INTO {name} ({names}) VALUES ({', '.join('?' * data.num_columns)})"
        for batch in data.to_batches(max_chunksize=_AT_ONCE):
            rows = list(zip(*(sqlite_values.values(column) for column in batch.columns), strict=True))
            raw.executemany(sql, rows)
            if seal is not None:
                seal.update(sqlite_values.bytes(rows))

    def index(self, connection: sa.Connection, name: str, keys: Sequence[str], rows: int) -> None:
        """Make a temporary table fit for look-ups by key; IntegrityError where a key comes twice."""
        wanted = ", ".join(map(quoted, keys))
        connection.exec_driver_sql(f"CREATE UNIQUE INDEX temp.{_key_of(name)} ON {name} ({wanted})")

    def prepare(self, connection: sa.Connection, name: str, keys: Sequence[str], rows: int) -> None:
        """Make a temporary table of so many unique keys fit for look-ups."""
        self.index(connection, name, keys, rows)

    def text(self, expression: str, column: sa.Column) -> str:
        """The column's value as the text that the manifest of rows keeps."""
        return f"CAST({expression} AS TEXT)" if kind(column) == "int" else expression

    def select(self, column: sa.Column, alias: str) -> str:
        """The column in a form that `fetch` reads."""
        name = f'{alias}."{column.name}"'
        return f"substr({name}, 1, 19)" if kind(column) == "timestamp" else name

    def order(self, expression: str, column: sa.Column) -> str:
        """SQL that sorts numbers by size and the rest by its bytes, in both databases alike."""
        return expression

    def stream(self, connection: sa.Connection, sql: str, columns: Sequence[sa.Column]) -> Iterator[pa.RecordBatch]:
        """The query's rows batch by batch, one Arrow column for each of `columns`."""
        schema = pa.schema([(c.name, arrow_type(c)) for c in columns])
        cursor = connection.connection.driver_connection.execute(sql)  # type: ignore[union-attr]
        while rows := cursor.fetchmany(_BATCH):
            arrays = [
                sqlite_values.array(c, list(values)) for c, values in zip(columns, zip(*rows, strict=True), strict=True)
            ]
            yield pa.record_batch(arrays, schema=schema)

    def extent(self, connection: sa.Connection, table: str) -> int:
        """Rows that going through the whole table meets."""
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()

    def unsupport(self, connection: sa.Connection, names: Sequence[str]) -> None:
        """Drop the indexes of `supports`, still within the transaction: readers do not notice."""
        for name in names:
            connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{name}"')

    def owns(self, connection: sa.Connection, table: str) -> bool:
        """Who may write the file may drop what is in it."""
        return True

    def indexes(self, connection: sa.Connection, table: str) -> list[tuple[str, ...]]:
        """The columns of every index of the table, in order."""
        listed = connection.exec_driver_sql(f"PRAGMA index_list({table})").all()
        infos = [connection.exec_driver_sql(f"PRAGMA index_info({quoted(i[1])})") for i in listed]
        return [tuple(str(row[2]) for row in info) for info in infos]

    def catalogue(self, connection: sa.Connection) -> Catalogue:
        """What the file holds."""
        return sqlite_catalogue.read(connection)


def _prepare(raw: Any) -> None:
    raw.isolation_level = None
    raw.execute("PRAGMA busy_timeout = 5000")
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    raw.execute(f"PRAGMA temp.cache_size = -{_CACHE_KIB}")


def _reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; what a killed writer left is put in order first, as SQLite's readers do."""
    source = f"file:{quote(str(path.absolute()))}"
    for attempt in ("?mode=ro", "?mode=rw", "?mode=ro"):
        connection = sqlite3.connect(source + attempt, uri=True, check_same_thread=False)
        with suppress(sqlite3.OperationalError):
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if attempt == "?mode=ro":
                return connection
        connection.close()
    return sqlite3.connect(source + "?mode=ro", uri=True, check_same_thread=False)


def _mark(connection: sa.Connection) -> Path | None:
    """Where a release says, while it is in WAL mode, in which mode it found the file."""
    path = file(connection.engine.url)
    return path and path.with_name(f"{path.name}-seed-pipeline")


def _key_of(name: str) -> str:
    return '"key_of_' + name[1:]
