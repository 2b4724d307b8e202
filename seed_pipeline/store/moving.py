"""The schema of our own, and how a database that the last version filled comes to have one.

That version kept answer key and manifest beside the platform's tables, and named constraints as PostgreSQL does.
"""

import json

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact

_MANIFEST = ("seed_pipeline_releases", "seed_pipeline_rows")
_KIND = {sa.PrimaryKeyConstraint: "p", sa.UniqueConstraint: "u", sa.ForeignKeyConstraint: "f"}


def make_schema(connection: sa.Connection) -> None:
    """Create our own schema unless it is there."""
    if not _has_schema(connection):
        connection.exec_driver_sql(f"CREATE SCHEMA {schema.OWN_SCHEMA}")


def drop_schema(connection: sa.Connection) -> None:
    """Drop our own schema if it is ours to drop and nothing is left in it."""
    sql = f"""SELECT 1 FROM pg_namespace n WHERE nspname = '{schema.OWN_SCHEMA}' AND pg_has_role(nspowner, 'USAGE')
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid)"""
    if connection.exec_driver_sql(sql).first():
        connection.exec_driver_sql(f"DROP SCHEMA {schema.OWN_SCHEMA}")


def take_over(connection: sa.Connection, pretend: bool = False) -> list[str]:
    """Move the last version's answer key and manifest, and rename the constraints of the tables that it created.

    `schema:NAME` if there was anything to move. Raises StoreError where it cannot be moved.
    """
    old: dict[str, bool] = dict(connection.exec_driver_sql(_OLD).all())
    if _MANIFEST[0] not in old:
        return []
    where = redact(connection.engine.url)
    here = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    moves = [f'ALTER TABLE "{here}".{name} SET SCHEMA {schema.OWN_SCHEMA}' for name in old]
    if not all(old.values()):
        why = f"answer key and manifest are in {here}, where the last version kept them, and are somebody else's"
        raise StoreError(where, None, why, f"as their owner: CREATE SCHEMA {schema.OWN_SCHEMA}; {'; '.join(moves)}")
    if connection.exec_driver_sql(f"SELECT to_regclass('{schema.OWN_SCHEMA}.{_MANIFEST[0]}')").scalar_one():
        why = f"there is a manifest in the schema {schema.OWN_SCHEMA} and one of the last version in {here}"
        raise StoreError(where, None, why, f"seed-pipeline clean with that version, or DROP TABLE {', '.join(old)}")
    if not pretend:
        make_schema(connection)
        for move in moves:
            connection.exec_driver_sql(move)
        _rename(connection)
    return [f"schema:{schema.OWN_SCHEMA}"]


def _rename(connection: sa.Connection) -> None:
    rows = connection.exec_driver_sql(f"SELECT created FROM {schema.OWN_SCHEMA}.{_MANIFEST[0]}").scalars()
    created = {name.removeprefix("table:") for row in rows for name in json.loads(row)}
    ours = {name: schema.metadata.tables[name] for name in schema.PLATFORM if name in created}
    wanted = {(t.name, *_what(c)): c.name for t in ours.values() for c in t.constraints if c.name}
    for table, kind, columns, name in connection.exec_driver_sql(_CONSTRAINTS).all():
        new = wanted.get((table, kind, tuple(columns)), name)
        if new != name:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{new}"')


def _what(constraint: sa.Constraint) -> tuple[str, tuple[str, ...]]:
    """Kind and columns, as PostgreSQL's catalogue has them; our checks begin with their column."""
    if isinstance(constraint, sa.CheckConstraint):
        return "c", (str(constraint.sqltext).split()[0],)
    columns = constraint.columns if isinstance(constraint, sa.schema.ColumnCollectionConstraint) else ()
    return _KIND.get(type(constraint), ""), tuple(sorted(column.name for column in columns))


def _has_schema(connection: sa.Connection) -> bool:
    sql = f"SELECT to_regnamespace('{schema.OWN_SCHEMA}') IS NOT NULL"
    return bool(connection.exec_driver_sql(sql).scalar_one())


_HERE = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
_NAMES = ", ".join(f"'{name}'" for name in (*_MANIFEST, *schema.ANSWER_KEY))
_OLD = f"""SELECT relname::text, pg_has_role(relowner, 'USAGE') FROM pg_class
WHERE relkind = 'r' AND relnamespace = {_HERE} AND relname IN ({_NAMES}) ORDER BY 1"""
_CONSTRAINTS = f"""SELECT c.relname::text, k.contype::text, ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey) ORDER BY a.attname COLLATE "C"), k.conname::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = {_HERE} AND pg_has_role(c.relowner, 'USAGE')"""
