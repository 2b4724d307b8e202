"""The release: plan it against a target, load it in one transaction, read it back, clean it away.

A target is a SQLite file or a PostgreSQL database (`target.parse` says how to name one). Whatever happens, readers see
the whole previous release or the whole new one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import pyarrow as pa
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.core.columns import arrow_type
from seed_pipeline.store import (
    accounting,
    application,
    decisions,
    direct,
    manifest,
    ownership,
    readiness,
    removal,
    trial,
)
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.differences import Difference
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
from seed_pipeline.store.frames import Tables, columns, from_arrow
from seed_pipeline.store.plan import ON_EDITED, ON_FOREIGN, Options, Plan, Release
from seed_pipeline.store.stream import Stream
from seed_pipeline.store.target import parse, redact
from seed_pipeline.store.workspace import Workspace

_DEFAULT, _NOBODYS = Options(), Release(0, "", "")


def connect(target: str | sa.URL, *, writable: bool = True, schema: str = "") -> sa.Engine:
    """An engine for the target; nothing is opened yet, and no secret is in its repr.

    PostgreSQL: see `policy`; `schema` is that of the platform's tables.

    SQLite: foreign keys on; writable: the file and its folders are made when first used; not writable: a file
    that does not exist stays so, an empty database in memory stands in for it. Raises StoreError for a bad target.
    """
    url = parse(target) if isinstance(target, str) else target
    return dialect_of(url).engine(url, writable, schema)


def create_missing(engine: sa.Engine, *, answer_key: bool = True) -> list[str]:
    """Create the tables and enumerations that the target lacks; `table:NAME` or `type:NAME` of each.

    Raises StoreError where what is there contradicts the platform's schema.
    """
    with _transaction(engine, _DEFAULT) as (connection, _):
        space, made = readiness.surveyed(connection, Options(answer_key=answer_key))
        readiness.create_missing(space, made)
        connection.commit()
    return made


def plan(engine: sa.Engine, chunks: Stream | Iterable[Tables], options: Options = _DEFAULT) -> Plan:
    """What `load` would do; the target stays untouched, and nobody who writes to it waits for this.

    Refusals are part of the plan (`effects` with what == "refused"). Raises StoreError as `load` does otherwise.
    """
    _validate(options)
    stream, dialect = Stream.of(chunks), dialect_of(engine)
    with explained(engine), engine.connect() as connection:
        dialect.wait(connection, options.wait_seconds)
        dialect.look(connection)
        space, made = readiness.surveyed(connection, options)
        made += [f"table:{t.name}" for t in space.tables if t.name not in space.catalogue.tables]
        space.settled = manifest.untouched(space, stream.contents)
        connection.rollback()
        dialect.look(connection)
        space.stage(stream, planning=True)
        differences, effects = decisions.settle(space)
        if space.renamed and space.settled:
            connection.rollback()
            return plan(engine, Stream(stream.open), options)
        found = decisions.plan_of(space, differences, effects, made)
        if found.changes and not found.refused:
            again = partial(load, chunks=Stream(stream.open), release=_NOBODYS, options=options)
            found = replace(found, doubts=tuple(trial.doubts(space, again)))
        connection.rollback()
    return found


def load(engine: sa.Engine, chunks: Stream | Iterable[Tables], release: Release, options: Options = _DEFAULT) -> Plan:
    """Make the target hold this release, in one transaction; what was done.

    `chunks`: complete tables, at most one chunk in memory at a time. An empty target is filled as it is; else what may
    differ is staged and merged. Writes nothing when nothing differs. Raises StoreError (`retry` set where trying again
    may help): a schema that contradicts the platform's, collisions with foreign rows under `on_foreign="refuse"`, a
    value the database refuses, another release at work, a lost connection. What the iterable raises comes through; in
    every case nothing is applied.
    """
    _validate(options)
    stream = Stream.of(chunks)
    with _transaction(engine, options, filling=True) as (connection, fresh):
        if fresh:
            return _fill(connection, stream, release, options)
        done = _merge(connection, stream, release, options)
    return done or load(engine, Stream(stream.open), release, options)


def _fill(connection: sa.Connection, stream: Stream, release: Release, options: Options) -> Plan:
    """Fill an empty target, no lock in anybody's way: the keys of new tables come last, and briefly."""
    space, made = readiness.surveyed(connection, options)
    missing = readiness.create_missing(space, made, keyed=False)
    before = accounting.tally(space)
    seals = direct.fill(space, stream)
    differences = {t.name: Difference(t.name, staged=space.staged.get(t.name, 0)) for t in space.tables}
    accounting.settle(space, before, differences)
    manifest.refresh(space, differences)
    manifest.seal(space, stream, differences, seals)
    for statement in space.dialect.keys(missing):
        connection.exec_driver_sql(statement)
    return _recorded(space, decisions.plan_of(space, differences, [], made), made, release)


def _merge(connection: sa.Connection, stream: Stream, release: Release, options: Options) -> Plan | None:
    """Stage what may differ, then lock, create, compare and write; None where the whole release has to be looked at."""
    space, made = readiness.surveyed(connection, options)
    space.settled = manifest.untouched(space, stream.contents)
    made += readiness.create_types(connection, [t for t in space.tables if t.name not in space.catalogue.tables])
    space.stage(stream)
    readiness.make_ready(space, made)
    decided = decisions.decide(space, made, stream)
    if decided is None:
        space.close()
        return None
    differences, found = decided
    _carry_out(space, differences)
    written = manifest.refresh(space, differences)
    if found.changes:
        accounting.confirm(space)
    if found.changes or written or made or manifest.is_news(connection, release, options):
        manifest.seal(space, stream, differences, {})
        space.close()
        return _recorded(space, found, made, release)
    if not space.settled.keys() >= stream.contents.keys():  # touched, and the same: known again the next time
        manifest.seal(space, stream, differences, {})
        with suppress(sa.exc.OperationalError):
            connection.commit()
    space.close()
    last = manifest.last_release(connection)
    return replace(found, applied=True, release=last.release if last else None)


def _recorded(space: Workspace, found: Plan, made: list[str], release: Release) -> Plan:
    number = manifest.record(space.connection, release, space.options, made)
    space.connection.commit()
    return replace(found, applied=True, release=number)


def read(engine: sa.Engine, tables: Sequence[str] | None = None) -> Tables:
    """The rows of the newest release, in schema order and dtypes, sorted by key; foreign and kept rows are left out.

    A target without our manifest is read as a whole. Tables it does not have are absent.
    """
    parts: dict[str, list[pa.Table]] = {}
    for name, part in stream(engine, tables):
        parts.setdefault(name, []).append(part)
    return {name: from_arrow(name, pa.concat_tables(found)) for name, found in parts.items()}


def stream(engine: sa.Engine, tables: Sequence[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
    """The same as Arrow tables, batch by batch, each with the name of its table; an empty table is one empty batch."""
    dialect = dialect_of(engine)
    with explained(engine, writing=False), engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        catalogue = dialect.catalogue(connection)
        ours = ownership.Ours(connection, catalogue)
        for name in schema.FILLED:
            if name in catalogue.tables and (tables is None or name in tables):
                yield from ((name, part) for part in _read(connection, catalogue.tables[name].name, name, ours))


def clean(engine: sa.Engine, options: Options = _DEFAULT) -> Plan:
    """Remove our rows, the manifest, the answer key and whatever a release created and nobody else uses.

    `on_foreign` as in `load`; rows that stay under `keep` are no longer ours afterwards.
    """
    _validate(options)
    options = replace(
        options, answer_key=False, clear_existing_data=True, on_edited="overwrite", empty_foreign_data=False
    )
    with _transaction(engine, options) as (connection, _):
        dialect = dialect_of(connection)
        dialect.take_over(connection)
        catalogue = dialect.catalogue(connection)
        if {ownership.KEYS, ownership.ROWS}.isdisjoint(catalogue.tables):
            return Plan(redact(engine.url), (), applied=True)
        space = Workspace(connection, dialect, catalogue, options)
        dialect.lock_tables(connection, readiness.locked(catalogue), options.wait_seconds)
        decided = decisions.decide(space, [], Stream.of([]))
        assert decided is not None
        differences, found = decided
        _carry_out(space, differences)
        space.forget()
        removal.remove(space)
        space.close()
        connection.commit()
    return replace(found, applied=True)


@contextmanager
def _transaction(engine: sa.Engine, options: Options, *, filling: bool = False) -> Iterator[tuple[sa.Connection, bool]]:
    """A connection in the one transaction of a release, rolled back unless the block commits.

    `filling`: find out whether the target is empty, and do without looking at each foreign key if so.
    """
    dialect = dialect_of(engine)
    with explained(engine), engine.connect() as connection:
        dialect.wait(connection, options.wait_seconds)
        fresh = filling and _is_fresh(connection)
        dialect.begin(connection, options.wait_seconds, fresh)
        try:
            if fresh and not direct.is_fresh(connection):
                connection.rollback()
                fresh = False
                dialect.begin(connection, options.wait_seconds, fresh)
            yield connection, fresh
        finally:
            connection.rollback()
            dialect.finish(connection)


def _is_fresh(connection: sa.Connection) -> bool:
    with connection.begin():
        return direct.is_fresh(connection)


def _carry_out(space: Workspace, differences: dict[str, Difference]) -> None:
    """Apply the plan, and nothing else: StoreError, to be rolled back, where more came of it."""
    before = accounting.tally(space)
    application.apply(space, differences)
    accounting.settle(space, before, differences)


def _read(connection: sa.Connection, sql_name: str, name: str, ours: ownership.Ours) -> Iterator[pa.Table]:
    dialect, table = dialect_of(connection), schema.metadata.tables[name]
    wanted = ", ".join(dialect.select(c, "t") for c in table.columns)
    keys = ", ".join(dialect.order(f't."{c.name}"', c) for c in table.primary_key)
    sql = f"SELECT {wanted} FROM {sql_name} t ORDER BY {keys}"
    yield pa.table([pa.array([], arrow_type(c)) for c in table.columns], [c.name for c in table.columns])
    for batch in dialect.stream(connection, sql, columns(name)):
        yield ours.of_the_release(table, pa.Table.from_batches([batch]))


def _validate(options: Options) -> None:
    for name, choices in (("on_foreign", ON_FOREIGN), ("on_edited", ON_EDITED)):
        if getattr(options, name) not in choices:
            remedy = f"choose one of {', '.join(choices)}"
            raise StoreError(name, getattr(options, name), "there is no such choice", remedy)
