"""Leave no trace: the manifest, the answer key and what releases created, unless somebody else uses it now."""

from seed_pipeline import schema
from seed_pipeline.store import manifest, ownership
from seed_pipeline.store.workspace import Workspace


def remove(space: Workspace) -> list[str]:
    """Drop our tables and those we created that are empty and unreferenced, then our enumerations; what was dropped.

    What belongs to another role stays, empty.
    """
    created = manifest.created(space.connection)
    ours = {name.removeprefix("table:") for name in created if name.startswith("table:")}
    dropped: list[str] = []
    for table in reversed(space.tables):
        label = table.name
        if (label in ours or label in schema.ANSWER_KEY) and _is_unused(space, label, dropped):
            space.run(f"DROP TABLE {space.sql_name(label)}")
            dropped.append(label)
    for label in (label for label in (*ownership.metadata.tables, ownership.ROWS) if label in space.catalogue.tables):
        is_mine = space.dialect.owns(space.connection, space.sql_name(label))
        space.run(f"{'DROP TABLE' if is_mine else 'DELETE FROM'} {space.sql_name(label)}")
    for name in created:
        if name.startswith("type:"):
            space.dialect.drop_type(space.connection, name.removeprefix("type:"))
    space.dialect.drop_schema(space.connection)
    return dropped


def _is_unused(space: Workspace, label: str, dropped: list[str]) -> bool:
    if not space.dialect.owns(space.connection, space.sql_name(label)):
        return False
    if any(r.child not in dropped and r.child != label for r in space.catalogue.to([label])):
        return False
    if space.dialect.uses(space.connection, space.sql_name(label)):
        return False
    return not space.scalar(f"SELECT count(*) FROM (SELECT 1 FROM {space.sql_name(label)} LIMIT 1) t")
