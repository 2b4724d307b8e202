"""Unique values of the release that a row with another key holds and will go on holding.

The usual cases: the platform's migrations made the subject "Algebra 1" themselves; an administrator of an earlier
release stays, because a coach's note names them, and has the e-mail address of the new one.
"""

import sqlalchemy as sa

from seed_pipeline.store.plan import Effect
from seed_pipeline.store.workspace import Workspace


def settle(space: Workspace) -> tuple[list[Effect], bool]:
    """Settle clashes as the options say; what it means for foreign rows, and whether staged keys changed.

    Rows of ours that stay, and foreign ones under `keep`, take the staged row's place: the stage uses their key.
    """
    effects: list[Effect] = []
    changed = False
    for table, column in _unique_columns(space):
        for ours in (True, False):
            rows = space.keep("clash", table.name, _clashing(space, table, column, ours))
            if rows and (ours or space.options.on_foreign == "keep"):
                _rename(space, table, column)
                changed = True
            elif rows:
                effects.append(_effect(space, table, column, rows))
            if rows:
                space.drop("clash", table.name)
    return effects, changed


def _unique_columns(space: Workspace) -> list[tuple[sa.Table, str]]:
    released = [t for t in space.tables if space.staged.get(t.name) and t.name in space.catalogue.tables]
    unique = [(t, c) for t in released for c in t.constraints if isinstance(c, sa.UniqueConstraint)]
    return [(table, constraint.columns.keys()[0]) for table, constraint in unique]


def _pairs(space: Workspace, table: sa.Table, column: str) -> str:
    """SQL: staged rows `s` and rows `t` of another key that share the unique value."""
    source = f"{space.name('stage', table.name)} s JOIN {space.sql_name(table.name)} t"
    return f'{source} ON s."{column}" = t."{column}" AND NOT ({space.same("s", "t", space.keys(table.name))})'


def _clashing(space: Workspace, table: sa.Table, column: str, ours: bool) -> str:
    keys = space.columns("t", space.keys(table.name))
    released = f"{space.within('stage', 't', table.name)} AND NOT {space.within('taken', 't', table.name)}"
    stays = f"NOT ({released}) AND NOT {space.within('gone', 't', table.name)}"
    owner = ("" if ours else "NOT ") + space.owned("t", table.name)
    return f"SELECT DISTINCT {keys} FROM {_pairs(space, table, column)} WHERE {stays} AND {owner}"


def _effect(space: Workspace, table: sa.Table, column: str, rows: int) -> Effect:
    because = f"{table.name}.{column} has to be unique"
    if space.options.on_foreign != "cascade":
        return Effect(table.name, rows, "refused", because)
    keys = ", ".join(f'"{k}"' for k in space.keys(table.name))
    space.keep("doomed", table.name, f"SELECT {keys} FROM {space.name('clash', table.name)}")
    return Effect(table.name, rows, "deleted", because)


def _rename(space: Workspace, table: sa.Table, column: str) -> None:
    """Give staged rows the key of the row that holds their unique value, wherever the stage refers to them."""
    space.renamed = True
    key = space.keys(table.name)[0]
    names = '"seed_renamed"'
    pairs = f'SELECT s."{key}" AS old, t."{key}" AS new FROM {_pairs(space, table, column)}'
    space.run(f"CREATE TEMP TABLE {names} AS {pairs} WHERE {space.within('clash', 't', table.name)}")
    places = [(child, c.name) for child in space.tables for c in child.columns if _names(c, table)]
    for child, place in [(table, key), *places]:
        if space.has("stage", child.name):
            stage = space.name("stage", child.name)
            space.run(f'UPDATE {stage} AS s SET "{place}" = n.new FROM {names} n WHERE s."{place}" = n.old')
    space.run(f"DROP TABLE {names}")


def _names(column: sa.Column, table: sa.Table) -> bool:
    return any(key.column.table is table for key in column.foreign_keys)


def park(space: Workspace) -> None:
    """Free unique values that staged rows need from rows that are about to change or go.

    Databases check uniqueness row by row: two subjects could not swap their names.
    """
    for table, column in _unique_columns(space):
        key = space.keys(table.name)[0]
        holders = f'SELECT t."{key}" FROM {_pairs(space, table, column)}'
        value = "'seed_pipeline:' || " + space.dialect.text(f'"{key}"', table.columns[key])
        space.run(f'UPDATE {space.sql_name(table.name)} SET "{column}" = {value} WHERE "{key}" IN ({holders})')
