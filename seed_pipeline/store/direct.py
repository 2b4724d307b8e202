"""An empty target is filled as it is: no stage, no differences, nothing read back.

Nothing but the database's own rules acts on what is written (tables with triggers are not filled this way), and what is
read is compared with what was judged on the way (`artifacts`), so that there is nothing left to compare.
"""

import hashlib

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import ownership
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.stream import Stream
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
    """Write the release into the empty tables, parents before children; the tables' seals, where they are at hand."""
    seals = {name: hashlib.blake2b(digest_size=16) for name in schema.FILLED}
    for tables in stream.open(()):
        for name in (table.name for table in space.tables if table.name in tables and space.wants(table.name)):
            data = tables[name]
            space.staged[name] = space.staged.get(name, 0) + data.num_rows
            space.note(name, data)
            space.dialect.fill(space.connection, space.sql_name(name), data, seals[name])
    lost = space.dialect.orphans(space.connection, [space.sql_name(t.name) for t in space.tables])
    if lost:
        why = f"the data breaks a rule of the database: {'; '.join(lost)}. Nothing was written"
        raise StoreError(redact(space.connection.engine.url), None, why, "run the checks on the data")
    return {name: seal.hexdigest() for name, seal in seals.items()} if space.dialect.seals_in_order else {}
