"""Indexes for the time of a release: without one, every deleted row scans the whole of each table that refers to it.

The platform declares none on most of its references, and a release that replaces 150,000 sessions would take hours.
"""

import hashlib

from seed_pipeline import schema
from seed_pipeline.store.catalogue import Reference, quoted
from seed_pipeline.store.workspace import Workspace

_LITTLE_WORK = 1_000_000  # rows to go through; about a tenth of a second


def make(space: Workspace) -> list[str]:
    """Make the indexes that the coming deletions need; their names.

    To be called before the release updates anything: PostgreSQL does not use an index in the transaction that made it
    when rows had been updated before.
    """
    parents = {*space.labels("gone"), *space.labels("doomed")}
    needed = [r for r in space.catalogue.to(parents) if _is_needed(space, r)]
    for reference in needed:
        columns = ", ".join(map(quoted, reference.columns))
        space.run(f'CREATE INDEX IF NOT EXISTS "{_name(reference)}" ON {space.sql_name(reference.child)} ({columns})')
    return [_name(reference) for reference in needed]


def _is_needed(space: Workspace, reference: Reference) -> bool:
    deleted = [what for what in ("gone", "doomed") if space.has(what, reference.parent)]
    rows = sum(space.scalar(f"SELECT count(*) FROM {space.name(what, reference.parent)}") for what in deleted)
    if not rows or reference.child not in schema.metadata.tables:
        return False
    child, width = space.sql_name(reference.child), len(reference.columns)
    present = space.dialect.indexes(space.connection, child)
    is_indexed = any(set(columns[:width]) == set(reference.columns) for columns in present)
    is_mine = space.dialect.owns(space.connection, child)
    return is_mine and not is_indexed and rows * space.dialect.extent(space.connection, child) > _LITTLE_WORK


def _name(reference: Reference) -> str:
    words = f"{reference.child} {reference.columns}"
    return f"seed_pipeline_support_{hashlib.sha256(words.encode()).hexdigest()[:16]}"
