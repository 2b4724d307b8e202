"""What differs between the staged release and the target, table by table."""

from dataclasses import dataclass

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import ownership
from seed_pipeline.store.plan import TablePlan
from seed_pipeline.store.workspace import Workspace


@dataclass
class Difference:
    """Rows of one table, counted by what has to happen to them.

    staged: in the release; ours/foreign _staged/_left: in the target, by whose they are and whether the release has
    the key; gone, changed, kept: ours; edited_changed, edited_gone: those of them that somebody edited; returned: ours
    to be inserted, since somebody deleted them; taken: foreign rows left in the place of ours, `conflicts` of them with
    other values (taken or not); foreign_gone: foreign rows to be deleted because the user asked for it.
    """

    table: str
    staged: int = 0
    ours_staged: int = 0
    ours_left: int = 0
    foreign_staged: int = 0
    foreign_left: int = 0
    changed: int = 0
    gone: int = 0
    kept: int = 0
    edited_changed: int = 0
    edited_gone: int = 0
    returned: int = 0
    taken: int = 0
    conflicts: int = 0
    foreign_gone: int = 0

    @property
    def insert(self) -> int:
        """Rows the target does not have."""
        return self.staged - self.ours_staged - self.foreign_staged

    @property
    def adopted(self) -> int:
        """Foreign rows that become ours, because the release wins."""
        return self.foreign_staged - self.taken

    def plan(self) -> TablePlan:
        """The counts as the user sees them."""
        return TablePlan(
            self.table,
            insert=self.insert,
            update=self.changed,
            delete=self.gone,
            unchanged=self.ours_staged + self.adopted - self.changed,
            foreign=self.foreign_left + self.taken - self.foreign_gone,
            edited=self.edited_changed + self.edited_gone,
            kept=self.kept,
            taken=self.taken,
        )


def compare(space: Workspace) -> dict[str, Difference]:
    """Fill the temporary tables `gone`, `changed` and `taken`; the counts per table."""
    space.forget()
    there = [t.name for t in space.tables if t.name in space.catalogue.tables and t.name not in space.settled]
    filled = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {space.sql_name(name)})" for name in there]
    present = set(space.connection.exec_driver_sql(" UNION ALL ".join(filled)).scalars()) if filled else set()
    return {table.name: _compare(space, table, table.name in present) for table in space.tables}


def _compare(space: Workspace, table: sa.Table, has_rows: bool) -> Difference:
    if settled := space.settled.get(table.name):
        return Difference(
            table.name, settled.staged, ours_staged=settled.staged, foreign_left=settled.total - settled.staged
        )
    found = Difference(table.name, staged=space.staged.get(table.name, 0))
    found.returned = _returned(space, table) if found.staged else 0
    if not has_rows:
        return found
    if found.staged:
        space.index(table.name)
    _classify(space, table, found)
    if (found.ours_left and space.options.clear_existing_data) or (
        found.foreign_left and space.options.empty_foreign_data
    ):
        _find_gone(space, table, found)
    else:
        found.kept = found.ours_left
    if found.foreign_staged:
        _find_taken(space, table, found)
    if found.ours_staged or found.foreign_staged:
        _find_changed(space, table, found)
    _find_edited(space, table, found)
    return found


def _classify(space: Workspace, table: sa.Table, found: Difference) -> None:
    """Count the target's rows by whose they are and whether the release has them, in one pass."""
    first = space.keys(table.name)[0]
    staged, join = "FALSE", ""
    if found.staged:
        staged = f's."{first}" IS NOT NULL'
        join = f"LEFT JOIN {space.name('stage', table.name)} s ON {space.same('s', 't', space.keys(table.name))}"
    ours, manifest = "TRUE", ""
    if table.name not in schema.FILLED:
        ours = "FALSE"
    elif not ownership.is_ours(table.name):
        ours, manifest = "r.row_key IS NOT NULL", space.joined("t", table.name)
    sql = f"SELECT {ours}, {staged}, count(*) FROM {space.sql_name(table.name)} t {join} {manifest} GROUP BY 1, 2"
    for owned, in_stage, rows in space.connection.exec_driver_sql(sql):
        name = f"{'ours' if owned else 'foreign'}_{'staged' if in_stage else 'left'}"
        setattr(found, name, rows)


def _returned(space: Workspace, table: sa.Table) -> int:
    """Rows of ours that the release has and somebody deleted."""
    if table.name not in schema.FILLED or ownership.is_ours(table.name) or not space.known(table.name).num_rows:
        return 0
    source = f"{space.name('stage', table.name)} s {space.joined('s', table.name)}"
    same = space.same("s", "t", space.keys(table.name))
    there = f"EXISTS (SELECT 1 FROM {space.sql_name(table.name)} t WHERE {same})"
    return space.scalar(f"SELECT count(*) FROM {source} WHERE r.row_key IS NOT NULL AND NOT {there}")


def _find_gone(space: Workspace, table: sa.Table, found: Difference) -> None:
    everything = space.options.empty_foreign_data and table.name in schema.PLATFORM
    ours = "TRUE" if everything else space.owned("t", table.name)
    condition = f"NOT {space.within('stage', 't', table.name)} AND {ours}"
    sql = f"SELECT {space.columns('t', space.keys(table.name))} FROM {space.sql_name(table.name)} t WHERE {condition}"
    found.gone = space.keep("gone", table.name, sql)
    found.foreign_gone = found.foreign_left if everything else 0


def _find_taken(space: Workspace, table: sa.Table, found: Difference) -> None:
    sql = f"""SELECT {space.columns("t", space.keys(table.name))}, {_differs(space, table)} AS differs
        FROM {space.name("stage", table.name)} s JOIN {space.sql_name(table.name)} t
        ON {space.same("s", "t", space.keys(table.name))} WHERE NOT {space.owned("t", table.name)}"""
    found.taken = space.keep("taken", table.name, sql)
    if found.taken:
        found.conflicts = space.scalar(f"SELECT count(*) FROM {space.name('taken', table.name)} WHERE differs")
    if found.taken and (space.options.on_foreign == "cascade" or space.options.empty_foreign_data):
        found.taken = 0
        space.drop("taken", table.name)


def _find_changed(space: Workspace, table: sa.Table, found: Difference) -> None:
    free = f"AND NOT {space.within('taken', 's', table.name)}" if found.taken else ""
    sql = f"""SELECT {space.columns("s", space.keys(table.name))}
        FROM {space.name("stage", table.name)} s JOIN {space.sql_name(table.name)} t
        ON {space.same("s", "t", space.keys(table.name))} WHERE {_differs(space, table)} {free}"""
    found.changed = space.keep("changed", table.name, sql)


def _find_edited(space: Workspace, table: sa.Table, found: Difference) -> None:
    """Rows of ours that are to change or to go, and are not as we wrote them; under `keep` they do not change."""
    if ownership.is_ours(table.name) or table.name not in schema.FILLED:
        return
    for what in ("changed", "gone"):
        if not space.has(what, table.name):
            continue
        on = f"JOIN {space.name(what, table.name)} x ON {space.same('x', 't', space.keys(table.name))}"
        edited = space.edited(table, on)
        if not len(edited):
            continue
        space.keys_into('"seed_edited"', edited)
        sql = f"""SELECT {space.columns("t", space.keys(table.name))} FROM {space.sql_name(table.name)} t
            WHERE {ownership.row_key(space.dialect, "t", table)} IN (SELECT row_key FROM "seed_edited")"""
        setattr(found, f"edited_{what}", space.keep(f"edited_{what}", table.name, sql))
        space.run('DROP TABLE "seed_edited"')
    if found.edited_changed and space.options.on_edited == "keep":
        among = space.among("edited_changed", table.name)
        found.changed -= space.run(f"DELETE FROM {space.name('changed', table.name)} WHERE {among}")


def _differs(space: Workspace, table: sa.Table) -> str:
    others = [c.name for c in table.columns if not c.primary_key]
    different = [f's."{name}" {space.dialect.distinct} t."{name}"' for name in others]
    return f"({' OR '.join(different)})" if different else "FALSE"
