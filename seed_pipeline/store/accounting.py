"""What really came of a release, before it is committed: nothing may go that the plan did not show.

Foreign keys delete in tables that nobody asked about, triggers and rules write what they like. So the rows that came to
and left every table are counted by the database, whoever may see them, and the rows of the release are compared once
more with what was staged.
"""

from collections.abc import Mapping

from seed_pipeline import schema
from seed_pipeline.store.differences import Difference, compare
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact
from seed_pipeline.store.workspace import Workspace

Tally = tuple[int, int]
"""Rows that came to a table and rows that left it; where the database keeps no books, its rows and 0."""
_REMEDY = (
    "look at the triggers, rules and references of these tables; switch off for the load what writes there, or release "
    "into a database without it"
)


def tally(space: Workspace) -> dict[str, Tally]:
    """The books of every table, by its name as SQL writes it: the differences between two moments say what happened."""
    kept = space.dialect.books(space.connection)
    if kept is not None:
        return kept
    names = [table.name for table in space.catalogue.tables.values() if table.is_table]
    return {name: (space.scalar(f"SELECT count(*) FROM {name}"), 0) for name in names}


def settle(space: Workspace, before: Mapping[str, Tally], differences: Mapping[str, Difference]) -> None:
    """Raise StoreError, so that the release is rolled back, where other rows came or went than the plan shows."""
    planned = {table.name: label for label, table in space.catalogue.tables.items()}
    surprises = []
    for name, (came, left) in tally(space).items():
        came, left = came - before.get(name, (0, 0))[0], left - before.get(name, (0, 0))[1]
        label = planned.get(name, name)
        surprises += _surprise(space, label, came, left, differences.get(label))
    _refuse(space, surprises)


def _surprise(space: Workspace, label: str, came: int, left: int, ours: Difference | None) -> list[str]:
    planned = (ours.gone if ours else 0) + space.count("doomed", label)
    lost = max(left, (ours.insert if ours else 0) - (came - left))
    if ours is None:
        return [f"{label}: {lost} row(s) went, {planned} planned"] if lost > planned else []
    if lost != planned:
        return [f"{label}: {lost} row(s) went, {planned} planned"]
    if came - left != ours.insert - planned:
        return [f"{label}: {came} row(s) came, {ours.insert} planned"]
    return []


def confirm(space: Workspace) -> None:
    """Raise StoreError where a row is not as it was staged. Ends what the workspace knows of differences."""
    space.look_again()
    found = compare(space)
    wrong = {t: d.insert + d.changed for t, d in found.items() if t in schema.FILLED and (d.insert or d.changed)}
    _refuse(space, [f"{table}: {rows} row(s) are not what the release says" for table, rows in wrong.items()])


def _refuse(space: Workspace, surprises: list[str]) -> None:
    if surprises:
        lines = "".join(f"\n  {line}" for line in surprises)
        why = f"the database did something else than the plan shows:{lines}\nNothing was written"
        raise StoreError(redact(space.connection.engine.url), None, why, _REMEDY)
