"""A target made ready for a release: surveyed, held against our definition, locked, completed by what is missing."""

from collections.abc import Sequence

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import contradictions, ownership
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.plan import Options
from seed_pipeline.store.target import redact
from seed_pipeline.store.workspace import Workspace


def surveyed(connection: sa.Connection, options: Options) -> tuple[Workspace, list[str]]:
    """The target as it is, and what of the last version's would be moved."""
    catalogue, missing = _survey(connection, options.answer_key)
    dialect = dialect_of(connection)
    return Workspace(connection, dialect, catalogue, options, missing), dialect.take_over(connection, pretend=True)


def _survey(connection: sa.Connection, answer_key: bool) -> tuple[Catalogue, list[sa.Table]]:
    """What is there and what is missing; StoreError where what is there contradicts what we need."""
    there = dialect_of(connection).catalogue(connection)
    wanted = [t for t in schema.metadata.sorted_tables if answer_key or t.name not in schema.ANSWER_KEY]
    wanted += list(ownership.TABLES)
    contradictions.refuse(redact(connection.engine.url), connection.dialect.name, there, wanted)
    return there, [t for t in wanted if t.name not in there.tables]


def make_ready(space: Workspace, made: list[str]) -> None:
    """Lock what is there, then create what is missing."""
    space.dialect.lock_tables(space.connection, locked(space.catalogue), space.options.wait_seconds)
    create_missing(space, made)


def create_missing(space: Workspace, made: list[str], *, keyed: bool = True) -> list[sa.Table]:
    """Take over the last version's and create what is missing; what that was. `keyed`: with their foreign keys."""
    connection, there = space.connection, space.catalogue
    space.dialect.take_over(connection)
    missing = [t for t in (*space.tables, *ownership.TABLES) if t.name not in there.tables]
    made += create_types(connection, missing) + _create(connection, missing, keyed)
    if made or missing:
        space.catalogue = space.dialect.catalogue(connection)
    return missing


def create_types(connection: sa.Connection, missing: Sequence[sa.Table]) -> list[str]:
    """Create the enumerations that the missing tables need; `type:NAME` of each."""
    return [f"type:{name}" for name in dialect_of(connection).create_types(connection, missing)]


def _create(connection: sa.Connection, missing: Sequence[sa.Table], keyed: bool) -> list[str]:
    for table in missing:
        connection.exec_driver_sql(dialect_of(connection).create(table, keyed))
    connection.info["created"] = bool(missing)
    return [f"table:{t.name}" for t in missing if t.name not in ownership.metadata.tables]


def locked(catalogue: Catalogue) -> list[str]:
    """The tables that a release reads or writes: ours and those that refer to them, always in the same order."""
    ours = {*schema.metadata.tables, *ownership.OWN}
    referring = {r.child for r in catalogue.to(schema.metadata.tables)}
    return [catalogue.tables[label].name for label in sorted((ours | referring) & set(catalogue.tables))]
