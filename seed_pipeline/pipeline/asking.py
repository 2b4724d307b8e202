"""Queries that people ask of artifacts or of a database: in the judge's scope, and never able to change anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.checking import opened_artifacts, opened_target
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.quality.scope import Relation, Scope, opened
from seed_pipeline.quality.shown import queries_of, script
from seed_pipeline.settings import Settings
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.relations import relations

_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


@dataclass(frozen=True)
class Answer:
    """What a query yields: the names of its columns, and its rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@contextmanager
def scope(wishes: Wishes, folder: Path | None) -> Iterator[Scope]:
    """The tables of artifacts or of a database, with facts and settings as tables. Raises SettingsError, StoreError."""
    if folder is not None:
        tables, settings = at(wishes, folder)
        with opened(tables, settings) as there:
            yield there
        return
    with opened_target(wishes) as (there, _):
        yield there


def at(wishes: Wishes, folder: Path, *, here: bool = True) -> tuple[dict[str, Relation], Settings]:
    """Where the tables of a folder of artifacts are, and their settings. Raises SettingsError, StoreError."""
    artifacts, settings = opened_artifacts(wishes, folder)
    there = [asset for asset in ENTITIES if asset in artifacts.assets()]
    return relations(artifacts, there, here=here), settings


def ask(there: Scope, query: str) -> Answer:
    """The answer to one query. Raises StoreError for one that cannot be answered, or that would write."""
    try:
        found = duckdb.extract_statements(query)
        if len(found) != 1 or found[0].type not in _READING:
            why = "only one SELECT at a time is answered, so that nothing can be changed"
            raise StoreError("query", query, why, "write one SELECT, FROM …, DESCRIBE or EXPLAIN")
        cursor = there.run(query)
        return Answer(tuple(column[0] for column in cursor.description or ()), cursor.fetchall())
    except duckdb.Error as error:
        remedy = "mend it; FROM duckdb_tables() lists what there is, seed-pipeline check --sql NAME shows a statement's"
        raise StoreError("query", query, str(error).strip(), remedy) from None


def shown(wishes: Wishes, folder: Path | None, name: str) -> str:
    """The queries of a statement; for artifacts after all that `duckdb` needs to run them.

    Raises SettingsError, StoreError.
    """
    if folder is None:
        return queries_of(name, wishes.settings())
    tables, settings = at(wishes, folder, here=False)
    return script(name, settings, tables)
