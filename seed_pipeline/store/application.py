"""Carry out a settled plan: insert, update, delete in the order of the references."""

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import clashes, dependents, supports
from seed_pipeline.store.catalogue import quoted
from seed_pipeline.store.differences import Difference
from seed_pipeline.store.workspace import Workspace


def apply(space: Workspace, differences: dict[str, Difference]) -> None:
    """Write the differences.

    Parents are inserted before children and deleted after them; rows change before others go, so that nothing of ours
    is caught by a cascade.
    """
    if any(d.changed or d.gone or space.labels("doomed") for d in differences.values()):
        clashes.park(space)
    for table in space.tables:
        if differences[table.name].insert:
            _insert(space, table)
    indexes = supports.make(space)
    for table in space.tables:
        if differences[table.name].changed:
            _update(space, table)
    _empty_added(space)
    for label in reversed(space.labels("doomed")):
        space.run(f"DELETE FROM {space.sql_name(label)} WHERE {space.among('doomed', label)}")
    for table in reversed(space.tables):
        if differences[table.name].gone:
            space.run(f"DELETE FROM {space.sql_name(table.name)} WHERE {space.among('gone', table.name)}")
    space.dialect.unsupport(space.connection, indexes)


def _empty_added(space: Workspace) -> None:
    """Let go of what goes in the columns that the application added to tables of ours; the plan has shown it."""
    for reference in space.catalogue.references:
        for what in ("gone", "doomed"):
            if dependents.is_added(reference) and space.has(what, reference.parent):
                columns = ", ".join(map(quoted, reference.columns))
                keys = ", ".join(f"p.{quoted(c)}" for c in reference.parent_columns)
                leaving = f"SELECT {keys} FROM {space.sql_name(reference.parent)} p"
                where = f"({columns}) IN ({leaving} WHERE {space.within(what, 'p', reference.parent)})"
                values = ", ".join(f"{quoted(c)} = NULL" for c in reference.columns if c not in _own(reference.child))
                space.run(f"UPDATE {space.sql_name(reference.child)} SET {values} WHERE {where}")


def _own(table: str) -> set[str]:
    return set(schema.metadata.tables[table].columns.keys())


def _insert(space: Workspace, table: sa.Table) -> None:
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    target = space.sql_name(table.name)
    present = f"EXISTS (SELECT 1 FROM {target} t WHERE {space.same('s', 't', space.keys(table.name))})"
    space.run(
        f"INSERT INTO {target} ({names}) SELECT {names} FROM {space.name('stage', table.name)} s WHERE NOT {present}"
    )


def _update(space: Workspace, table: sa.Table) -> None:
    values = ", ".join(f'"{c.name}" = s."{c.name}"' for c in table.columns if not c.primary_key)
    source = f"{space.name('stage', table.name)} s, {space.name('changed', table.name)} x"
    keys = space.keys(table.name)
    where = f"{space.same('x', 's', keys)} AND {space.same('t', 'x', keys)}"
    space.run(f"UPDATE {space.sql_name(table.name)} AS t SET {values} FROM {source} WHERE {where}")
