"""What others' rules in a target say to a release, tried before anything is written: checks, unique keys, triggers.

A plan finds out by trying. Of a SQLite file a copy takes the whole release; on PostgreSQL temporary twins of the tables
take its rows under the same checks and unique keys. A twin has no triggers, since what these do may outlive a rollback:
a plan names them, as it names what the user may not do, and leaves the rest to the release, which is whole or not.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from seed_pipeline.store import grants
from seed_pipeline.store.catalogue import quoted
from seed_pipeline.store.dialects import dialect_of
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact
from seed_pipeline.store.workspace import AS_IT_IS, Workspace


def doubts(space: Workspace, load: Callable[[sa.Engine], object]) -> Iterator[str]:
    """What a planned release would meet and the plan cannot tell. Raises StoreError for what would refuse it.

    `load` releases the same data into another engine.
    """
    theirs = [t for t in space.tables if t.name in space.catalogue.tables]
    if space.connection.dialect.name == "sqlite":
        if any(_differs(space, table) for table in theirs):
            _on_a_copy(space, load)
        return
    for table in theirs:
        if space.has("stage", table.name):
            _on_a_twin(space, table)
    yield from (f"as the tables' owner: {grant}" for grant in grants.missing(space.connection, writing=True))
    for table in theirs:
        for name in space.catalogue.tables[table.name].triggers:
            yield f"{table.name}: the trigger or rule {name} acts on what is written"


def _differs(space: Workspace, table: sa.Table) -> bool:
    """Whether a SQLite table is another than the one we would make, or more acts on it."""
    raw: Any = space.connection.connection.driver_connection
    sql = "SELECT type, sql FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL"
    found = raw.execute(sql, (table.name,)).fetchall()
    tables = [" ".join(written.split()) for what, written in found if what == "table"]
    return len(found) > len(tables) or tables != [" ".join(dialect_of(space.connection).create(table).split())]


def _on_a_copy(space: Workspace, load: Callable[[sa.Engine], object]) -> None:
    raw: Any = space.connection.connection.driver_connection
    with tempfile.TemporaryDirectory(prefix="seed-pipeline-") as folder:
        url = space.connection.engine.url.set(database=str(Path(folder) / "copy.db"))
        engine = dialect_of(url).engine(url, True, "")
        with engine.connect() as copy:
            raw.backup(copy.connection.driver_connection)
        try:
            load(engine)
        except StoreError as error:
            where = redact(space.connection.engine.url)
            raise StoreError(where, None, error.why, error.remedy, retry=error.retry) from None
        finally:
            engine.dispose()


_RULES = """SELECT conname::text, CASE WHEN contype = 'c' THEN '' ELSE 'ALTER TABLE {0} ADD CONSTRAINT ' ||
    quote_ident(conname) || ' ' || pg_get_constraintdef(oid) END FROM pg_constraint
    WHERE conrelid = '{1}'::regclass AND contype IN ('c', 'u', 'x')
UNION ALL SELECT c.relname::text, regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ',
    'CREATE UNIQUE INDEX ' || quote_ident(c.relname) || ' ON {0} USING ')
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = c.oid
    WHERE i.indrelid = '{1}'::regclass AND i.indisunique AND k.oid IS NULL"""


def _on_a_twin(space: Workspace, table: sa.Table) -> None:
    """Write what would be written into a twin, beside what stays where something more has to be unique."""
    there, run = space.catalogue.tables[table.name], space.run
    twin, stage = space.name("twin", table.name), space.name("stage", table.name)
    known = {constraint.name for constraint in table.constraints}
    found = space.connection.exec_driver_sql(_RULES.format(twin, there.name), execution_options=AS_IT_IS).all()
    rules = {name: definition for name, definition in found if name not in known}
    if not rules:
        return
    run(f"CREATE TEMP TABLE {twin} (LIKE {there.name} INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING GENERATED) "
        "ON COMMIT DROP")  # fmt: skip
    for name, column in there.columns.items():
        if name not in table.columns and (column.default == "identity" or "nextval(" in (column.default or "")):
            run(f"ALTER TABLE {twin} ALTER {quoted(name)} DROP DEFAULT, ALTER {quoted(name)} DROP NOT NULL")
    if any(rules.values()):
        every = ", ".join(quoted(n) for n, c in there.columns.items() if not c.generated)
        goes = (space.within(what, "t", table.name) for what in ("gone", "doomed", "changed"))
        stays = " AND ".join(f"NOT {going}" for going in goes)
        run(f"INSERT INTO {twin} ({every}) SELECT {every} FROM {there.name} t WHERE {stays}")
        for definition in filter(None, rules.values()):
            run(definition)
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    new = f"NOT EXISTS (SELECT 1 FROM {there.name} t WHERE {space.same('s', 't', space.keys(table.name))})"
    changed = space.within("changed", "s", table.name)
    run(f"INSERT INTO {twin} ({names}) SELECT {names} FROM {stage} s WHERE {changed} OR {new}")
