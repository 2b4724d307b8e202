"""What queries see: the tables of a dataset in DuckDB, the settings as tables, and facts worked out from both.

Everything is in memory or in a scratch folder, nothing is written to the data. Broken data must be seen, not stumbled
over: tables that are not there are empty, columns that are not there hold nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Integer, Numeric

from seed_pipeline.quality import facts
from seed_pipeline.quality.settings_tables import settings_tables
from seed_pipeline.quality.sql import literal
from seed_pipeline.schema import FILLED, metadata
from seed_pipeline.settings import Settings

Connection = duckdb.DuckDBPyConnection
LABELS, ORDINARY = "truth_defects", "ordinary"
MEMORY = ("512MB", "1GB")
"""What DuckDB may hold before it takes to its scratch file: of data that fit into memory, and of others."""
FEW = 20_000
"""Rows below which several threads, and thoughts about the best plan, cost more than they spare."""
LARGE = 2_000_000
"""Rows from which a table stays where it is and is read when asked for."""

_READS = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)", re.IGNORECASE)
_KINDS: tuple[tuple[type, str, pa.DataType], ...] = (
    (Boolean, "BOOLEAN", pa.bool_()),
    (Integer, "INTEGER", pa.int64()),
    (Numeric, "DOUBLE", pa.float64()),
    (Double, "DOUBLE", pa.float64()),
    (Date, "DATE", pa.date32()),
    (DateTime, "TIMESTAMP", pa.timestamp("s")),
)


@dataclass(frozen=True)
class Relation:
    """Where the rows of a table are: a SELECT that DuckDB can run, the columns it yields, and how many rows.

    `kept`: they are in DuckDB already, and need not be copied to be looked at often.
    """

    select: str
    columns: tuple[str, ...]
    rows: int
    kept: bool = False


class Scope:
    """A connection in which queries run. `edge_cases=False` hides the rows that were injected on request."""

    def __init__(self, connection: Connection, settings: Settings, tables: Mapping[str, Relation], of: int = 0) -> None:
        """`of`: how many sessions there are, where the scope holds a part of them."""
        self.connection, self.settings, self.tables = connection, settings, tables
        self._made: set[tuple[str, str]] = set()
        recipes = {**settings_tables(settings), **facts.facts(settings, of)}
        self._recipes = {name: cache(recipe) for name, recipe in recipes.items()}
        self._needed = cache(partial(needed, recipes=self._recipes))
        if sum(relation.rows for relation in tables.values()) < FEW:
            connection.execute("SET threads = 1; PRAGMA disable_optimizer")
        for name in FILLED:
            relation = tables.get(name)
            there = relation and (relation.rows > LARGE or (relation.rows > FEW and relation.kept))
            kind = "VIEW" if there else "TABLE"
            connection.execute(f"CREATE {kind} {name} AS {typed(name, relation)}")
        for macro in facts.macros().values():
            connection.execute(f"CREATE MACRO {macro}")
        connection.execute(f"CREATE TABLE given AS {given(tables)}")
        self.hidden = self._labels()
        if self.hidden:
            self._hide()

    def rows(self, query: str, edge_cases: bool = True) -> list[dict[str, Any]]:
        """The rows of a query, each as a dict."""
        cursor = self.run(query, edge_cases)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def run(self, query: str, edge_cases: bool = True) -> Connection:
        """Runs a query after making the facts that it reads."""
        schema = ORDINARY if self.hidden and not edge_cases else "main"
        if self.hidden:
            self.connection.execute(f"SET search_path = '{schema},main'")
        for name in self._needed(query):
            if (schema, name) not in self._made:
                kind = "VIEW" if name in facts.VIEWS else "TABLE"
                self.connection.execute(f"CREATE {kind} {schema}.{name} AS {self._recipes[name]()}")
                self._made.add((schema, name))
        return self.connection.execute(query)

    def batches(self, names: Iterable[str], rows: int = 100_000) -> Iterator[dict[str, pa.Table]]:
        """The rows of tables as they were given, each batch by itself."""
        for name in names:
            found = self.connection.cursor().sql(self.tables[name].select)
            yield from ({name: pa.Table.from_batches([batch])} for batch in found.to_arrow_reader(rows))

    def _labels(self) -> list[str]:
        """The kinds of edge cases that are both labelled and injected by the settings."""
        kinds = list(self.settings.defects.scenes())
        if not kinds or not self.tables.get(LABELS):
            return []
        found = self.connection.execute(
            f"SELECT DISTINCT defect FROM {LABELS} WHERE list_contains({literal(kinds)}, defect)"
        )
        return [row[0] for row in found.fetchall()]

    def _hide(self) -> None:
        """Put in front of every table that has labelled rows one without them."""
        self.connection.execute(f"CREATE SCHEMA {ORDINARY}")
        known = f"SELECT row_key FROM main.{LABELS} WHERE list_contains({literal(self.hidden)}, defect)"
        for name in FILLED:
            key = " || '/' || ".join(f'"{c.name}"' for c in metadata.tables[name].primary_key)
            self.connection.execute(
                f"CREATE VIEW {ORDINARY}.{name} AS SELECT * FROM main.{name} "
                f"WHERE coalesce({key}, '') NOT IN ({known} AND table_name = '{name}')"
            )


def needed(query: str, recipes: Mapping[str, Any]) -> list[str]:
    """The names of `recipes` that a query reads, each after those that it is made from."""
    found: dict[str, None] = {}
    for name in dict.fromkeys(_READS.findall(query)):
        if name in recipes:
            found |= dict.fromkeys(needed(recipes[name](), recipes)) | {name: None}
    return list(found)


@contextmanager
def opened(tables: Mapping[str, Relation], settings: Settings, of: int = 0) -> Iterator[Scope]:
    """A scope over relations (Parquet, say), gone with its scratch files when left."""
    with _connected(sum(r.rows for r in tables.values())) as connection:
        yield Scope(connection, settings, tables, of)


@contextmanager
def of_frames(chunks: Iterable[Mapping[str, Any]], settings: Settings, of: int = 0) -> Iterator[Scope]:
    """A scope over frames (pandas or Arrow), given chunk by chunk and held one at a time."""
    with _connected(0) as connection:
        yield Scope(connection, settings, _taken_in(connection, chunks), of)


@contextmanager
def _connected(rows: int) -> Iterator[Connection]:
    with TemporaryDirectory(prefix="seed-pipeline-judge-") as scratch:
        place = f"{scratch}/scope.duckdb" if rows > LARGE else ":memory:"
        options: dict[str, Any] = {
            "memory_limit": MEMORY[rows > LARGE], "temp_directory": scratch, "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }  # fmt: skip
        connection = duckdb.connect(place, config=options)
        connection.execute("SET enable_progress_bar = false")  # it would go to standard output, into --json
        try:
            yield connection
        finally:
            connection.close()


def _taken_in(connection: Connection, chunks: Iterable[Mapping[str, Any]]) -> dict[str, Relation]:
    """Copies the frames of all chunks into tables named `given_…`."""
    found: dict[str, Relation] = {}
    for tables in chunks:
        for name, frame in tables.items():
            if name not in metadata.tables:
                continue
            data = arrow(name, frame)
            connection.register("incoming", data)
            if name in found:
                connection.execute(f"INSERT INTO given_{name} BY NAME SELECT * FROM incoming")
            else:
                connection.execute(f"CREATE TABLE given_{name} AS SELECT * FROM incoming")
            connection.unregister("incoming")
            rows = data.num_rows + (found[name].rows if name in found else 0)
            found[name] = Relation(f"SELECT * FROM given_{name}", tuple(data.column_names), rows, kept=True)
    return found


def arrow(name: str, frame: Any) -> pa.Table:
    """The known columns of a frame as Arrow; what is no value of the column's type is missing."""
    known = metadata.tables[name].columns
    names = [str(c) for c in (frame.column_names if isinstance(frame, pa.Table) else frame.columns) if str(c) in known]
    return pa.table({column: _array(known[column], frame[column]) for column in names})


def _array(column: Column, series: Any) -> pa.ChunkedArray | pa.Array:
    kind = _kind(column)[1]
    data = series if isinstance(series, pa.ChunkedArray) else _as_it_is(series)
    if pa.types.is_dictionary(data.type):
        data = data.cast(data.type.value_type)
    try:
        return data.cast(kind)
    except pa.ArrowInvalid:
        return pc.cast(data, kind, safe=False) if pa.types.is_floating(data.type) else _each(data, kind)


def _as_it_is(series: Any) -> pa.Array:
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value != value else str(value) for value in series], pa.string())


def _each(data: pa.Array, kind: pa.DataType) -> pa.Array:
    found = []
    for value in data:
        try:
            found.append(value.cast(kind).as_py())
        except pa.ArrowInvalid:
            found.append(None)
    return pa.array(found, kind)


def _kind(column: Column) -> tuple[str, pa.DataType]:
    return next(
        ((sql, kind) for type_, sql, kind in _KINDS if isinstance(column.type, type_)), ("VARCHAR", pa.string())
    )


def typed(name: str, relation: Relation | None) -> str:
    """All columns of the table in their types, from what is there."""
    columns = metadata.tables[name].columns
    there = relation.columns if relation else ()
    places = {c.name: f'"{c.name}"' if c.name in there else "NULL" for c in columns}
    chosen = ", ".join(f'CAST({places[c.name]} AS {_kind(c)[0]}) AS "{c.name}"' for c in columns)
    return f"SELECT {chosen} FROM ({relation.select})" if relation else f"SELECT {chosen} WHERE false"


def given(tables: Mapping[str, Relation]) -> str:
    """The tables and columns that are there."""
    rows = ", ".join(f"('{name}', '{column}')" for name, r in tables.items() for column in r.columns)
    return f"SELECT * FROM (VALUES {rows or '(NULL, NULL)'}) AS given (table_name, column_name)"
