"""The release: plan it against a target, load it in one transaction, read it back, clean it away.

A target is a SQLite file or a PostgreSQL database (`target.parse` says how to name one). Whatever happens, readers see
the whole previous release or the whole new one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import pandas as pd
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import (
    accounting,
    application,
    clashes,
    contradictions,
    dependents,
    manifest,
    ownership,
    removal,
)
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.differences import Difference, compare
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
from seed_pipeline.store.frames import Tables, columns, from_arrow
from seed_pipeline.store.plan import ON_EDITED, ON_FOREIGN, Effect, Options, Plan, Release
from seed_pipeline.store.target import parse, redact
from seed_pipeline.store.workspace import Workspace

_DEFAULT = Options()


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
    with _transaction(engine, _DEFAULT) as connection:
        made = _create(connection, answer_key)
        connection.commit()
    return made


def plan(engine: sa.Engine, chunks: Iterable[Tables], options: Options = _DEFAULT) -> Plan:
    """What `load` would do; the target stays untouched.

    Refusals are part of the plan (`effects` with what == "refused"). Raises StoreError as `load` does otherwise.
    """
    _validate(options)
    with explained(engine), engine.connect() as connection, connection.begin() as transaction:
        space, made = _stage(connection, chunks, options)
        differences, effects = _settle(space)
        found = _plan(space, differences, effects, made)
        transaction.rollback()
    return found


def load(engine: sa.Engine, chunks: Iterable[Tables], release: Release, options: Options = _DEFAULT) -> Plan:
    """Make the target hold this release, in one transaction; what was done.

    `chunks`: complete tables (`assembly.whole`), at most one chunk in memory at a time. Writes nothing when nothing
    differs. Raises StoreError (`retry` set where trying again may help): a schema that contradicts the platform's,
    collisions with foreign rows under `on_foreign="refuse"`, a value the database refuses, another release at work, a
    lost connection. What the iterable raises comes through; in every case nothing is applied.
    """
    _validate(options)
    with _transaction(engine, options) as connection:
        space, made = _stage(connection, chunks, options)
        space.dialect.lock_tables(connection, _locked(space.catalogue), options.wait_seconds)
        differences, found = _decide(space, made)
        _carry_out(space, differences)
        written = manifest.refresh(space, differences)
        if found.changes:
            accounting.confirm(space)
        space.close()
        if found.changes or written or made or manifest.is_news(connection, release, options):
            found = replace(found, applied=True, release=manifest.record(connection, release, options, made))
            connection.commit()
        else:
            last = manifest.last_release(connection)
            found = replace(found, applied=True, release=last.release if last else None)
            connection.rollback()
    return found


def read(engine: sa.Engine, tables: Sequence[str] | None = None) -> Tables:
    """The rows of the newest release, in schema order and dtypes, sorted by key; foreign and kept rows are left out.

    A target without our manifest is read as a whole. Tables it does not have are absent.
    """
    dialect = dialect_of(engine)
    with explained(engine, writing=False), engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        catalogue = dialect.catalogue(connection)
        names = [n for n in schema.FILLED if n in catalogue.tables and (tables is None or n in tables)]
        ours_only = ownership.ROWS in catalogue.tables
        return {name: _read(connection, catalogue.tables[name].name, name, ours_only) for name in names}


def clean(engine: sa.Engine, options: Options = _DEFAULT) -> Plan:
    """Remove our rows, the manifest, the answer key and whatever a release created and nobody else uses.

    `on_foreign` as in `load`; rows that stay under `keep` are no longer ours afterwards.
    """
    _validate(options)
    options = replace(
        options, answer_key=False, clear_existing_data=True, on_edited="overwrite", empty_foreign_data=False
    )
    with _transaction(engine, options) as connection:
        dialect = dialect_of(connection)
        dialect.take_over(connection)
        catalogue = dialect.catalogue(connection)
        if ownership.ROWS not in catalogue.tables:
            return Plan(redact(engine.url), (), applied=True)
        space = Workspace(connection, dialect, catalogue, options)
        space.dialect.lock_tables(connection, _locked(catalogue), options.wait_seconds)
        differences, found = _decide(space, [])
        _carry_out(space, differences)
        space.forget()
        removal.remove(space)
        connection.commit()
    return replace(found, applied=True)


@contextmanager
def _transaction(engine: sa.Engine, options: Options) -> Iterator[sa.Connection]:
    """A connection in the one transaction of a release, rolled back unless the block commits."""
    with explained(engine), engine.connect() as connection:
        dialect_of(engine).begin(connection, options.wait_seconds)
        try:
            yield connection
        finally:
            connection.rollback()
            dialect_of(engine).finish(connection)


def _stage(connection: sa.Connection, chunks: Iterable[Tables], options: Options) -> tuple[Workspace, list[str]]:
    made = _create(connection, options.answer_key)
    dialect = dialect_of(connection)
    space = Workspace(connection, dialect, dialect.catalogue(connection), options)
    space.stage(chunks)
    return space, made


def _create(connection: sa.Connection, answer_key: bool) -> list[str]:
    """Create what is missing, after comparing what is there with what we need."""
    dialect = dialect_of(connection)
    moved = dialect.take_over(connection)
    there = dialect.catalogue(connection)
    wanted = [t for t in schema.metadata.sorted_tables if answer_key or t.name not in schema.ANSWER_KEY]
    wanted += list(ownership.TABLES)
    there = _grown(connection, there)
    contradictions.refuse(redact(connection.engine.url), connection.dialect.name, there, wanted)
    missing = [t for t in wanted if t.name not in there.tables]
    types = dialect.create_types(connection, missing)
    for table in missing:
        connection.exec_driver_sql(dialect.create(table))
    connection.info["created"] = bool(missing)
    made = [t.name for t in missing if t.name not in ownership.metadata.tables]
    return moved + [f"type:{name}" for name in types] + [f"table:{name}" for name in made]


def _grown(connection: sa.Connection, there: Catalogue) -> Catalogue:
    """The catalogue after adding what an earlier version's manifest lacks."""
    dialect = dialect_of(connection)
    found = {table: there.tables[table.name] for table in ownership.TABLES if table.name in there.tables}
    new = [
        (facts.name, c) for t, facts in found.items() for c in t.columns if c.nullable and c.name not in facts.columns
    ]
    for name, column in new:
        connection.exec_driver_sql(dialect.add(name, column))
    return dialect.catalogue(connection) if new else there


def _decide(space: Workspace, made: list[str]) -> tuple[dict[str, Difference], Plan]:
    """The differences and the plan, if it may be applied; decided anew where others could have written meanwhile."""
    differences, effects = _settle(space)
    found = _plan(space, differences, effects, made)
    _refuse(found)
    if not made and found.changes and space.dialect.let_readers_go_on(space.connection):
        return _decide(space, made)
    return differences, found


def _settle(space: Workspace) -> tuple[dict[str, Difference], list[Effect]]:
    """Compare until no staged key changes any more; collisions are treated as the options say."""
    for _ in range(3):
        differences = compare(space)
        effects = [effect for d in differences.values() for effect in _on_our_place(space, d)]
        effects += [effect for d in differences.values() for effect in _edited(space, d)]
        if "keep" in (space.options.on_foreign, space.options.on_edited):
            effects += dependents.keep(space, differences)
        clashing, renamed = clashes.settle(space)
        if not renamed:
            break
    if space.options.on_foreign == "refuse":
        effects += dependents.refused(space)
    elif space.options.on_foreign == "cascade":
        effects += dependents.cascade(space)
    return differences, effects + clashing


def _carry_out(space: Workspace, differences: dict[str, Difference]) -> None:
    """Apply the plan, and nothing else: StoreError, to be rolled back, where more came of it."""
    before = accounting.tally(space)
    application.apply(space, differences)
    accounting.settle(space, before, differences)


def _edited(space: Workspace, found: Difference) -> list[Effect]:
    """What becomes of rows of ours that somebody edited."""
    because, choice = "edited since the last release", space.options.on_edited
    what: dict[str, tuple[Literal["overwritten", "kept", "refused"], Literal["deleted", "kept", "refused"]]] = {
        "overwrite": ("overwritten", "deleted"), "keep": ("kept", "kept"), "refuse": ("refused", "refused"),
    }  # fmt: skip
    rows = zip((found.edited_changed, found.edited_gone), what[choice], strict=True)
    return [Effect(found.table, n, said, because, ours=True) for n, said in rows if n]


def _on_our_place(space: Workspace, found: Difference) -> list[Effect]:
    """What becomes of foreign rows that stand where the release has a row."""
    if found.taken:
        what: Literal["refused", "kept"] = "refused" if space.options.on_foreign == "refuse" else "kept"
        return [Effect(found.table, found.conflicts, what, "same key")] if found.conflicts else []
    equal = found.foreign_staged - found.conflicts
    effects = [Effect(found.table, found.conflicts, "overwritten", "same key")] if found.conflicts else []
    return effects + ([Effect(found.table, equal, "adopted", "same key and values")] if equal else [])


def _plan(space: Workspace, differences: dict[str, Difference], effects: list[Effect], made: list[str]) -> Plan:
    shown = [differences[t.name].plan() for t in space.tables]
    tables = tuple(t for t in shown if t.table in schema.FILLED or t.foreign or t.delete)
    where, accepted = redact(space.connection.engine.url), contradictions.differences(space.catalogue, space.tables)
    is_postgres = space.connection.dialect.name == "postgresql"
    return Plan(where, tables, tuple(effects), tuple(made), tuple(accepted) if is_postgres else ())


def _refuse(found: Plan) -> None:
    refused = [e for e in found.effects if e.what == "refused"]
    if refused:
        lines = "".join(f"\n  {e.table}: {e.rows} row(s), {e.because}" for e in refused)
        why = f"rows of others, or that others edited, stand in the way of the release:{lines}\nNothing was written"
        remedy = (
            "look at them, then choose on_foreign=keep (they stay, with what they need) or on_foreign=cascade (they go)"
        )
        if all(e.ours for e in refused):
            remedy = "look at them, then choose on_edited=keep (they stay as they are) or on_edited=overwrite"
        raise StoreError(found.target, None, why, remedy)


def _locked(catalogue: Catalogue) -> list[str]:
    """The tables that a release reads or writes: ours and those that refer to them, always in the same order."""
    ours = {*schema.metadata.tables, *ownership.metadata.tables}
    referring = {r.child for r in catalogue.to(schema.metadata.tables)}
    return [catalogue.tables[label].name for label in sorted((ours | referring) & set(catalogue.tables))]


def _read(connection: sa.Connection, sql_name: str, name: str, ours_only: bool) -> pd.DataFrame:
    dialect, table = dialect_of(connection), schema.metadata.tables[name]
    condition = ownership.of_the_release(dialect, "t", table) if ours_only else ""
    wanted = ", ".join(dialect.select(c, "t") for c in table.columns)
    keys = ", ".join(dialect.order(f't."{c.name}"', c) for c in table.primary_key)
    sql = f"SELECT {wanted} FROM {sql_name} t {condition} ORDER BY {keys}"
    return from_arrow(name, dialect.fetch(connection, sql, columns(name)))


def _validate(options: Options) -> None:
    for name, choices in (("on_foreign", ON_FOREIGN), ("on_edited", ON_EDITED)):
        if getattr(options, name) not in choices:
            remedy = f"choose one of {', '.join(choices)}"
            raise StoreError(name, getattr(options, name), "there is no such choice", remedy)
