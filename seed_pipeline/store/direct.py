"""An empty target is filled as it is: no stage, no differences, nothing read back.

Nothing but the database's own rules acts on what is written (tables with triggers are not filled this way), and what is
read is compared with what was judged on the way (`artifacts`), so that there is nothing left to compare.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import ownership
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.stream import ArrowTables, Stream
from seed_pipeline.store.target import redact
from seed_pipeline.store.workspace import Workspace


def is_fresh(connection: sa.Connection) -> bool:
    """Whether nothing is in the tables that a release fills, no row of ours is known, and no trigger is in the way."""
    catalogue = dialect_of(connection).catalogue(connection)
    there = [catalogue.tables[name] for name in schema.metadata.tables if name in catalogue.tables]
    if ownership.ROWS in catalogue.tables or any(not facts.is_table or facts.triggers for facts in there):
        return False
    return not any(_has_rows(connection, catalogue, name) for name in (*schema.FILLED, ownership.KEYS))


def _has_rows(connection: sa.Connection, catalogue: Catalogue, label: str) -> bool:
    facts = catalogue.tables.get(label)
    return bool(facts and connection.exec_driver_sql(f"SELECT EXISTS (SELECT 1 FROM {facts.name})").scalar())


def fill(space: Workspace, stream: Stream) -> dict[str, str]:
    """Write the release into the empty tables, parents before children; the tables' seals, where they are at hand.

    While the database takes rows, another thread reads the next chunk and digests what the manifest has to know.
    """
    with ThreadPoolExecutor(1) as aside:
        seals = {name: _Seal(aside) for name in schema.FILLED}
        for tables in _ahead(stream.open(()), aside):
            names = [table.name for table in space.tables if table.name in tables and space.wants(table.name)]
            noted = [aside.submit(space.note, name, tables[name]) for name in names]
            for name in names:
                space.staged[name] = space.staged.get(name, 0) + tables[name].num_rows
                space.dialect.fill(space.connection, space.sql_name(name), tables[name], seals[name])
            for done in noted:
                done.result()
    lost = space.dialect.orphans(space.connection, [space.sql_name(t.name) for t in space.tables])
    if lost:
        why = f"the data breaks a rule of the database: {'; '.join(lost)}. Nothing was written"
        raise StoreError(redact(space.connection.engine.url), None, why, "run the checks on the data")
    return {name: seal.digest.hexdigest() for name, seal in seals.items()} if space.dialect.seals_in_order else {}


class _Seal:
    """A digest that another thread works out; complete when that thread has ended."""

    def __init__(self, aside: Executor) -> None:
        self.digest, self._aside = hashlib.blake2b(digest_size=16), aside

    def update(self, data: memoryview) -> None:
        self._aside.submit(self.digest.update, data)


def _ahead(chunks: Iterator[ArrowTables], aside: Executor) -> Iterator[ArrowTables]:
    """The same chunks, each read while the one before it is in use."""
    coming = aside.submit(next, chunks, None)
    while (tables := coming.result()) is not None:
        coming = aside.submit(next, chunks, None)
        yield tables
