"""Carry out a settled plan: insert, update, delete in the order of the references."""

import hashlib

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import clashes
from seed_pipeline.store.catalogue import Reference
from seed_pipeline.store.differences import Difference
from seed_pipeline.store.workspace import Workspace

_FEW_ROWS = 50


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
    for table in space.tables:
        if differences[table.name].changed:
            _update(space, table)
    support = _Supports(space)
    for label in reversed(space.labels("doomed")):
        support.prepare(label)
        space.run(f"DELETE FROM {space.sql_name(label)} WHERE {space.among('doomed', label)}")
    for table in reversed(space.tables):
        if differences[table.name].gone:
            support.prepare(table.name)
            space.run(f"DELETE FROM {space.sql_name(table.name)} WHERE {space.among('gone', table.name)}")
    space.dialect.unsupport(space.connection, support.made)


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


class _Supports:
    """Temporary indexes: without one, every deleted parent scans its children's whole table."""

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self.made: list[str] = []

    def prepare(self, parent: str) -> None:
        """Make what is missing before rows of `parent` are deleted."""
        for reference in self.space.catalogue.to([parent]):
            child = self.space.sql_name(reference.child)
            if self._is_needed(reference, child):
                words = f"{reference.child} {reference.columns}"
                name = f"seed_pipeline_support_{hashlib.sha256(words.encode()).hexdigest()[:16]}"
                self.space.dialect.support(self.space.connection, name, child, reference.columns)
                self.made.append(name)

    def _is_needed(self, reference: Reference, child: str) -> bool:
        parents = sum(
            self.space.scalar(f"SELECT count(*) FROM {self.space.name(what, reference.parent)}")
            for what in ("gone", "doomed")
            if self.space.has(what, reference.parent)
        )
        width = len(reference.columns)
        if parents <= _FEW_ROWS or reference.child not in schema.metadata.tables:
            return False
        if any(
            set(i[:width]) == set(reference.columns) for i in self.space.dialect.indexes(self.space.connection, child)
        ):
            return False
        return self.space.dialect.is_large(self.space.connection, child)
