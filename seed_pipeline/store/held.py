"""Whether a target is still as its newest release left it, found out without a single artifact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import manifest, ownership
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.failures import explained


@dataclass(frozen=True)
class Held:
    """What a target holds: the release's rows by table, and the fingerprint of the data."""

    rows: dict[str, int]
    fingerprint: str


def held(engine: sa.Engine, said: Mapping[str, Any]) -> Held | None:
    """What the target holds, if its newest release says this of itself and every row of it is there as it was written.

    None where there is anything to do: another release, a table that is gone, a row that somebody wrote, changed or
    deleted in a table that the release fills. Raises StoreError where the target cannot be read.
    """
    dialect = dialect_of(engine)
    with explained(engine, writing=False), engine.connect() as connection, connection.begin():
        there = dialect.catalogue(connection)
        wanted = [name for name in schema.metadata.tables if said["answer_key"] or name not in schema.ANSWER_KEY]
        if any(name not in there.tables for name in (ownership.RELEASES, ownership.CONTENTS, *wanted)):
            return None
        last = manifest.last_release(connection)
        if last is None or any(getattr(last, name) != value for name, value in said.items()):
            return None
        seals = {row.table_name: row.seal for row in connection.execute(sa.select(ownership.contents))}
        filled = [name for name in wanted if name in schema.FILLED]
        if any(not seals.get(n) or seals[n] != dialect.seal(connection, there.tables[n].name) for n in filled):
            return None
        return Held({name: _rows(connection, there, name) for name in filled}, last.data_fingerprint)


def _rows(connection: sa.Connection, there: Catalogue, name: str) -> int:
    if ownership.is_ours(name):
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {there.tables[name].name}").scalar_one())
    return ownership.known(connection, there, name).num_rows
