"""PostgreSQL 13 and newer through psycopg 3: native enumerations and UUIDs, COPY, advisory lock."""

import io
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, CreateTable

from seed_pipeline import schema
from seed_pipeline.core.columns import arrow_type
from seed_pipeline.schema import kind
from seed_pipeline.store import moving, policy, postgres_catalogue
from seed_pipeline.store.catalogue import Catalogue, quoted
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import bare, redact, secrets

_DIALECT = postgresql.dialect()
_CATALOGUE = "pg_class, pg_constraint, pg_attribute, pg_depend, pg_type"
_MANY_ROWS, _MANY_WRITERS = 1_000, 50
_SPOOLED, _BLOCK = 1 << 24, 1 << 23  # Bytes of an answer that stay in memory, and that are made a batch.
# Any constant will do; it only has to be ours. PostgreSQL scopes advisory locks to the database.
_LOCK = 0x5EED_DA7A
_SUPPORT = "seed_pipeline_support_"


class Postgres:
    """The store's PostgreSQL face."""

    distinct = "IS DISTINCT FROM"
    row_id = "ctid"
    on_commit = "ON COMMIT DROP"
    seals_in_order = False

    def engine(self, url: sa.URL, writable: bool, target_schema: str) -> sa.Engine:
        """An engine whose own URL holds no secret: the password travels in the connection's arguments alone."""
        engine = sa.create_engine(
            bare(url).difference_update_query(["schema"]),
            poolclass=sa.pool.NullPool,
            connect_args=policy.arguments(url),
            execution_options={"secrets": secrets(url), "only_reads": not writable},
        )
        policy.install(engine, target_schema or str(url.query.get("schema", "")))
        return engine

    def wait(self, connection: sa.Connection, seconds: float) -> None:
        """How long any statement from now on waits for somebody else's lock."""
        connection.connection.info["lock_timeout"] = max(1, int(seconds * 1000))

    def look(self, connection: sa.Connection) -> None:
        """Begin a transaction that makes temporary tables and writes nothing else."""
        connection.begin()
        connection.exec_driver_sql("SET TRANSACTION READ WRITE")

    def begin(self, connection: sa.Connection, wait_seconds: float, unchecked: bool) -> None:
        """Begin the release's transaction under the advisory lock; waits for another release, then fails."""
        connection.begin()
        # A client that was killed must not hold the lock until its last statement ends (PostgreSQL 14 and newer).
        if _version(connection) >= 14:
            with suppress(sa.exc.DBAPIError), connection.begin_nested():
                connection.exec_driver_sql("SELECT set_config('client_connection_check_interval', '500ms', true)")
        until = time.monotonic() + wait_seconds
        while not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_LOCK})").scalar_one():
            if time.monotonic() >= until:
                raise self._taken(connection)
            time.sleep(0.1)

    def orphans(self, connection: sa.Connection, names: Sequence[str]) -> list[str]:
        """None: the database has looked at every key."""
        return []

    def seal(self, connection: sa.Connection, table: str) -> str:
        """By what the table's rows can be known again: how many were written by which transaction; "" if by many.

        A row that is changed is another row, of another transaction; a copy of the table is another table. Numbers of
        transactions come again after 2^32, so that a seal ends with each half of these.
        """
        counted = f"SELECT xmin::text, count(*) FROM {table} GROUP BY 1 ORDER BY 1"
        found = {str(row[0]): int(row[1]) for row in connection.exec_driver_sql(counted)}
        sql = f"SELECT '{table}'::regclass::oid, pg_snapshot_xmax(pg_current_snapshot())::text::numeric::bigint >> 31"
        place = connection.exec_driver_sql(sql).one()
        return json.dumps([*map(int, place), found]) if len(found) <= _MANY_WRITERS else ""

    def uses(self, connection: sa.Connection, table: str) -> list[str]:
        """Views and the like that are made of the table."""
        sql = """SELECT DISTINCT r.ev_class::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
            WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = %s::regclass AND r.ev_class <> d.refobjid"""
        return list(connection.exec_driver_sql(sql, (table,)).scalars())

    def _taken(self, connection: sa.Connection) -> StoreError:
        sql = (
            "SELECT a.pid, a.application_name, a.xact_start FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            f"WHERE l.locktype = 'advisory' AND l.granted AND l.objid = {_LOCK & 0xFFFFFFFF} "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        holder = connection.exec_driver_sql(sql).first()
        who = f" (pid {holder[0]}, {holder[1]}, since {holder[2]:%H:%M:%S})" if holder and holder[2] else ""
        where = redact(connection.engine.url)
        remedy = "wait for the other release to end, or raise wait_seconds"
        return StoreError(where, None, f"another release into this database is at work{who}", remedy, retry=True)

    def let_readers_go_on(self, connection: sa.Connection) -> bool:
        """They do."""
        return False

    def lock_tables(self, connection: sa.Connection, names: Sequence[str], wait_seconds: float) -> None:
        """Keep other writers (not readers) off the tables, so that what was planned is what is applied.

        Waits so long for all of them together, then fails.
        """
        mine = "SELECT n FROM unnest(%s::text[]) WITH ORDINALITY u(n, at) WHERE has_table_privilege(n, %s) ORDER BY at"
        lockable = connection.exec_driver_sql(mine, (list(names), "UPDATE, DELETE, TRUNCATE")).scalars().all()
        if not lockable:  # of others' tables that refer to ours a user may have no more than SELECT
            return
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(wait_seconds * 1000))}")
        try:
            locking = f"LOCK TABLE {', '.join(lockable)} IN SHARE ROW EXCLUSIVE MODE"
            connection.exec_driver_sql(locking, execution_options={"no_parameters": True})
        except sa.exc.DBAPIError as error:
            if isinstance(error.orig, psycopg.errors.QueryCanceled):
                raise psycopg.errors.LockNotAvailable from None
            raise
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

    def books(self, connection: sa.Connection) -> dict[str, tuple[int, int]] | None:
        """Rows that came to and left each table in this transaction: cascades and triggers, rows nobody may see, all.

        None where the server was told not to count.
        """
        if connection.exec_driver_sql("SHOW track_counts").scalar_one() != "on":
            return None
        return {row[0]: (int(row[1]), int(row[2])) for row in connection.exec_driver_sql(postgres_catalogue.BOOKS)}

    def finish(self, connection: sa.Connection) -> None:
        """After the commit: drop the indexes of `supports`, those that a crash left behind too.

        Where tables were created, the server's statistics on its own catalogue are renewed: the platform's schema tool
        asks for a key's columns without an order, and two databases answer alike only if they plan alike.

        One by one and not within the release's transaction, where a reader and the release could wait for each other.
        What cannot be had within ten seconds is left for the next time.
        """
        mine = f"schemaname = ANY (current_schemas(false)) AND starts_with(indexname, '{_SUPPORT}')"
        names: list[str] = []
        with suppress(sa.exc.DBAPIError, psycopg.Error), connection.begin():
            names = [row[0] for row in connection.exec_driver_sql(f"SELECT indexname FROM pg_indexes WHERE {mine}")]
        for name in names:
            with suppress(sa.exc.DBAPIError, psycopg.Error), connection.begin():
                connection.exec_driver_sql("SET LOCAL lock_timeout = 10000")
                connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{name}"')
        if connection.info.pop("created", False):
            with suppress(sa.exc.DBAPIError, psycopg.Error), connection.begin():
                connection.exec_driver_sql(f"ANALYZE {_CATALOGUE}")

    def create(self, table: sa.Table, keyed: bool = True) -> str:
        """DDL of the table; what is not the platform's goes into our own schema. Its foreign keys may come later."""
        some = None if keyed else ()
        written = str(CreateTable(table, include_foreign_key_constraints=some).compile(dialect=_DIALECT)).strip()
        return written.replace("CREATE TABLE ", f"CREATE TABLE {_place(table)}", 1)

    def keys(self, tables: Sequence[sa.Table]) -> list[str]:
        """DDL of the tables' foreign keys, which locks the tables that they refer to and looks at all rows at once."""
        keys = [AddConstraint(k, isolate_from_table=False) for t in tables for k in t.foreign_key_constraints]
        written = [(_place(key.element.table), str(key.compile(dialect=_DIALECT))) for key in keys]
        return sorted(ddl.replace("ALTER TABLE ", f"ALTER TABLE {place}", 1) for place, ddl in written)

    def create_types(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """Create our own schema and the enumerations that the tables need and the target lacks; the names of these."""
        if any(t.name not in schema.PLATFORM for t in tables):
            moving.make_schema(connection)
        present = set(postgres_catalogue.enums(connection))
        needed = _enums(tables)
        theirs = _enums([t for t in tables if t.name in schema.PLATFORM])
        missing = {name: values for name, values in needed.items() if name not in present}
        for name, values in missing.items():
            shown = ", ".join(f"'{value}'" for value in values)
            place = "" if name in theirs else f"{schema.OWN_SCHEMA}."
            connection.exec_driver_sql(f'CREATE TYPE {place}"{name}" AS ENUM ({shown})')
        return list(missing)

    def drop_type(self, connection: sa.Connection, name: str) -> None:
        """Drop an enumeration unless something still uses it."""
        used = "SELECT 1 FROM pg_attribute WHERE atttypid = to_regtype(quote_ident('{0}')) AND NOT attisdropped LIMIT 1"
        owner = "SELECT 1 FROM pg_type WHERE oid = to_regtype(quote_ident('{0}')) AND pg_has_role(typowner, 'USAGE')"
        unused = not connection.exec_driver_sql(used.format(name)).first()
        if unused and connection.exec_driver_sql(owner.format(name)).first():
            connection.exec_driver_sql(f'DROP TYPE IF EXISTS "{name}"')

    def stage(self, table: sa.Table, name: str, target: str) -> str:
        """DDL of a temporary table with the columns as the target has them, or would get them, and no rules."""
        if not target:
            types = [f"{quoted(c.name)} {_DIALECT.type_compiler_instance.process(c.type)}" for c in table.columns]
            return f"CREATE TEMP TABLE {name} ({', '.join(types)}) {self.on_commit}"
        columns = ", ".join(f'"{c.name}"' for c in table.columns)
        return f"CREATE TEMP TABLE {name} {self.on_commit} AS SELECT {columns} FROM {target} WITH NO DATA"

    def fill(self, connection: sa.Connection, name: str, data: pa.Table, seal: Any = None) -> None:
        """Append the rows to a table; `seal` is left to the database."""
        cursor = connection.connection.cursor()
        options = pacsv.WriteOptions(include_header=False)
        names = ", ".join(quoted(name) for name in data.column_names)
        with cursor.copy(f"COPY {name} ({names}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')") as copy:
            for batch in data.to_batches(max_chunksize=50_000):
                text = io.BytesIO()
                pacsv.write_csv(batch, text, options)
                copy.write(text.getbuffer())

    def index(self, connection: sa.Connection, name: str, keys: Sequence[str], rows: int) -> None:
        """Make a temporary table fit for joins by key; UniqueViolation where a key comes twice."""
        wanted = ", ".join(map(quoted, keys))
        connection.exec_driver_sql(f'CREATE UNIQUE INDEX "key_of_{name[1:]} ON pg_temp.{name} ({wanted})')
        if rows >= _MANY_ROWS:
            connection.exec_driver_sql(f"ANALYZE pg_temp.{name}")

    def prepare(self, connection: sa.Connection, name: str, keys: Sequence[str], rows: int) -> None:
        """Make a temporary table of so many unique keys fit for joins; a few need nothing."""
        if rows >= _MANY_ROWS:
            self.index(connection, name, keys, rows)

    def text(self, expression: str, column: sa.Column) -> str:
        """The column's value as the text that the manifest of rows keeps."""
        return f"CAST({expression} AS text)"

    def select(self, column: sa.Column, alias: str) -> str:
        """The column in a form that `fetch` reads."""
        name = f'{alias}."{column.name}"'
        if kind(column) == "timestamp":
            return f"date_trunc('second', CAST({name} AS timestamp))"
        return f"CAST({name} AS date)" if kind(column) == "date" else name

    def order(self, expression: str, column: sa.Column) -> str:
        """SQL that sorts numbers by size and the rest by its bytes, in both databases alike."""
        return expression if kind(column) == "int" else f'CAST({expression} AS text) COLLATE "C"'

    def stream(self, connection: sa.Connection, sql: str, columns: Sequence[sa.Column]) -> Iterator[pa.RecordBatch]:
        """The query's rows batch by batch, one Arrow column for each of `columns`; what is copied waits in a file."""
        types = {c.name: arrow_type(c) for c in columns}
        conversion = pacsv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
            true_values=["t"], false_values=["f"],
        )  # fmt: skip
        with tempfile.SpooledTemporaryFile(_SPOOLED) as text:
            with connection.connection.cursor().copy(f"COPY ({sql}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')") as copy:
                for part in copy:
                    text.write(part)
            reading = pacsv.ReadOptions(column_names=list(types), block_size=_BLOCK)
            if text.tell() and not text.seek(0):
                yield from pacsv.open_csv(text, reading, pacsv.ParseOptions(newlines_in_values=True), conversion)

    def extent(self, connection: sa.Connection, table: str) -> int:
        """Rows that going through the whole table meets, about; those already deleted are met, too."""
        return connection.exec_driver_sql(f"SELECT pg_relation_size('{table}'::regclass) / 100").scalar_one()

    def unsupport(self, connection: sa.Connection, names: Sequence[str]) -> None:
        """Nothing yet: see `finish`."""

    def owns(self, connection: sa.Connection, table: str) -> bool:
        """Whether the user may alter and drop the table."""
        sql = f"SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = '{table}'::regclass"
        return bool(connection.exec_driver_sql(sql).scalar_one())

    def indexes(self, connection: sa.Connection, table: str) -> list[tuple[str, ...]]:
        """The columns of every usable index of the table, in order."""
        sql = f"""SELECT ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(n, at)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY k.at)
            FROM pg_index i WHERE i.indrelid = '{table}'::regclass AND i.indpred IS NULL AND i.indisvalid"""
        return [tuple(row[0]) for row in connection.exec_driver_sql(sql)]

    def catalogue(self, connection: sa.Connection) -> Catalogue:
        """What the platform's schema and our own hold, and every table elsewhere that refers to it."""
        return postgres_catalogue.read(connection)

    def take_over(self, connection: sa.Connection, *, pretend: bool = False) -> list[str]:
        """Bring what the last version made to where this one has it: see `moving`."""
        return moving.take_over(connection, pretend)

    def drop_schema(self, connection: sa.Connection) -> None:
        """Drop our own schema if nothing is left in it."""
        moving.drop_schema(connection)


def _place(table: sa.Table) -> str:
    return "" if table.name in schema.PLATFORM else f"{schema.OWN_SCHEMA}."


def _enums(tables: Sequence[sa.Table]) -> dict[str, list[str]]:
    return {str(c.type.name): c.type.enums for t in tables for c in t.columns if isinstance(c.type, sa.Enum)}


def _version(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
