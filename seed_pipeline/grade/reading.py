"""Reading a database that an application has worked on, in one read-only transaction."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from seed_pipeline.grade.places import Column
from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
from seed_pipeline.store.target import redact

_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
}


class Reader:
    """Tables by name, their rows as plain Python values: ids and enumerations as text, numbers as float."""

    def __init__(self, connection: sa.Connection, where: str) -> None:
        self._connection, self._inspector, self.where = connection, sa.inspect(connection), where

    def has(self, table: str) -> bool:
        """Whether there is such a table or view."""
        return self._found(table) is not None

    def columns(self, table: str, option: str | None = None) -> list[str]:
        """The names of a table's columns. Raises StoreError: there is no such table."""
        if _is_file(table):
            return self._lines(table, option)[0]
        found = self._found(table)
        if found is None:
            raise StoreError(option or self.where, table, "there is no such table", self._instead(table))
        return [str(c["name"]) for c in self._inspector.get_columns(found[1], schema=found[0])]

    def rows(self, table: str, wanted: Sequence[str], option: str | None = None) -> list[tuple[Any, ...]]:
        """The columns `wanted` of every row. Raises StoreError where table or column is not there."""
        there = self.columns(table, option)
        for name in wanted:
            if name not in there:
                remedy = f"it has the columns {', '.join(there)}"
                raise StoreError(option or self.where, f"{table}.{name}", "there is no such column", remedy)
        if _is_file(table):
            names, *lines = self._lines(table, option)
            return [tuple(line[names.index(name)] or None for name in wanted) for line in lines]
        place, name = self._found(table) or (None, table)
        source = sa.table(name, *(sa.column(c) for c in wanted), schema=place)
        found = self._connection.execute(sa.select(*(source.c[c] for c in wanted)))
        return [tuple(map(_plain, row)) for row in found]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return [tuple(map(_plain, row)) for row in self._connection.execute(sa.text(sql))]

    def numbers(self, source: Column, keys: Sequence[str]) -> dict[str, float]:
        """Whose → value, without those that have none. `keys`: what the key's column is called if it is not named.

        Raises StoreError: no such table or column, a value that is no number, two values for one key.
        """
        key = source.key or self._key(source, keys)
        found: dict[str, float] = {}
        for whose, value in self.rows(source.table, [key, source.column], source.option):
            if value is None:
                continue
            if str(whose) in found:
                why = f"{key} {whose} has several rows, and only one can be graded"
                raise StoreError(source.option, source.text, why, "name a table or view with one row for each")
            found[str(whose)] = number(source, value)
        return found

    def single(self, source: Column) -> float | None:
        """The value of a table with one row. Raises StoreError as `numbers` does."""
        rows = self.rows(source.table, [source.column], source.option)
        if len(rows) > 1:
            why, remedy = f"the table has {len(rows)} rows", f"say whose they are: {source.text}:tutor_id"
            raise StoreError(source.option, source.text, why, remedy)
        return number(source, rows[0][0]) if rows and rows[0][0] is not None else None

    def _key(self, source: Column, keys: Sequence[str]) -> str:
        there = self.columns(source.table, source.option)
        for name in keys:
            if name in there:
                return name
        why = f"none of its columns is called {' or '.join(keys)}"
        remedy = f"name the column that says whose value it is: {source.text}:KEY, of {', '.join(there)}"
        raise StoreError(source.option, source.text, why, remedy)

    def _found(self, table: str) -> tuple[str | None, str] | None:
        """Schema, where one is named, and name of a table or view that is there."""
        schema, _, name = table.rpartition(".")
        return (schema or None, name) if self._inspector.has_table(name, schema=schema or None) else None

    def _instead(self, table: str) -> str:
        there = [*self._inspector.get_table_names(), *self._inspector.get_view_names()]
        near = get_close_matches(table, there, n=3, cutoff=0.5) or sorted(there)
        return f"name one that is there, or run the service first: {', '.join(near)}"

    def _lines(self, name: str, option: str | None) -> list[list[str]]:
        try:
            with Path(name).open(encoding="utf-8", newline="") as file:
                lines = [line for line in csv.reader(file) if line]
        except OSError as error:
            why = f"the file cannot be read ({error.strerror})"
            raise StoreError(
                option or self.where, name, why, "name a CSV file whose first line has the names"
            ) from None
        if not lines or len({len(line) for line in lines}) > 1:
            why = "this is no CSV file with a line of names and lines of as many values"
            raise StoreError(option or self.where, name, why, "write one, in UTF-8, with commas between the values")
        return lines


@contextmanager
def opened(target: str, target_schema: str = "") -> Iterator[Reader]:
    """The target, opened read-only; `target_schema` (else the session's own) has the platform's tables.

    Raises StoreError, also for a database without a dataset or without its answer key.
    """
    engine = database.connect(target, writable=False, schema=target_schema)
    try:
        with explained(engine, writing=False), engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(_READ_ONLY[connection.dialect.name])
            reader = Reader(connection, redact(target))
            _refuse(reader)
            yield reader
    finally:
        engine.dispose()


def number(source: Column, value: Any) -> float:
    """A value as a number. Raises StoreError."""
    try:
        return float(value)
    except ValueError:
        remedy = "name the column that holds it as a number"
        raise StoreError(source.option, source.text, f"it holds {value!r}, which is no number", remedy) from None


def _refuse(reader: Reader) -> None:
    if not reader.has("sessions"):
        raise StoreError(reader.where, None, "there is no dataset in it", "load one first: seed-pipeline run")
    if not reader.has("truth_alerts"):
        remedy = "load it together with its answer key: seed-pipeline run, without --no-answer-key (main.answer_key)"
        raise StoreError(reader.where, None, "it has no answer key to grade against", remedy)
    if "source" not in reader.columns("truth_alerts") or not reader.has("truth_dashboard"):
        why = "its answer key is that of an earlier version, which cannot grade"
        raise StoreError(reader.where, None, why, "load the dataset anew: seed-pipeline run")


def _is_file(table: str) -> bool:
    return table.lower().endswith(".csv")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return float(value) if hasattr(value, "is_finite") else str(value)
