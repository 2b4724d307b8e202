"""Foreign rows that refer to rows of ours which the release would delete: refuse, keep or cascade."""

from collections.abc import Iterable

from seed_pipeline import schema
from seed_pipeline.store.catalogue import Reference, quoted
from seed_pipeline.store.differences import Difference
from seed_pipeline.store.plan import Effect
from seed_pipeline.store.workspace import Workspace

_NULLING = ("set null", "set default")


def refused(space: Workspace) -> list[Effect]:
    """What stands in the way, reference by reference."""
    found = [(r, _count(space, r, "gone")) for r in space.catalogue.to(space.labels("gone"))]
    return [Effect(r.child, rows, "refused", _words(r)) for r, rows in found if rows]


def keep(space: Workspace, differences: dict[str, Difference]) -> list[Effect]:
    """Take out of `gone` what foreign rows need, and what somebody edited, as the options say.

    With them stay the rows they refer to, what these refer to, and what describes them. A row that describes is one to
    which nothing refers (a session's metrics, a tutor's profile); it is kept when everything it refers to is there.
    Other rows of a kept person (their sessions) go as planned, and so does the answer key, which speaks of the release
    alone.
    """
    effects: list[Effect] = []
    if space.options.on_foreign == "keep":
        effects = refused(space)
        for reference in space.catalogue.to(space.labels("gone")):
            _keep(space, reference.parent, _referred(space, reference, _is_foreign(space, reference)))
    for label in space.labels("edited_gone") if space.options.on_edited == "keep" else ():
        edited = f"SELECT * FROM {space.name('edited_gone', label)} x"
        _keep(space, label, f"{edited} WHERE NOT {space.within('kept', 'x', label)}")
    for table in reversed(space.tables):
        for reference in _from(space, table.name):
            if space.has("kept", table.name) and space.has("gone", reference.parent):
                _keep(space, reference.parent, _referred(space, reference, space.within("kept", "c", table.name)))
    for table in space.tables:
        if space.has("gone", table.name) and _describes(table.name):
            _keep_describing(space, table.name)
    for label in space.labels("kept"):
        rows = space.run(f"DELETE FROM {space.name('gone', label)} WHERE {space.among('kept', label)}")
        differences[label].gone -= rows
        differences[label].kept += rows
    return [Effect(e.table, e.rows, "kept", e.because) for e in effects]


def cascade(space: Workspace) -> list[Effect]:
    """Find every foreign row that goes with ours, however far away, and every one that loses its reference."""
    effects: dict[Reference, int] = {}
    grew = True
    while grew:
        grew = False
        for reference in space.catalogue.to({*space.labels("gone"), *space.labels("doomed")}):
            rows = 0 if _empties(reference) else _doom(space, reference)
            effects[reference] = effects.get(reference, 0) + rows
            grew = grew or rows > 0
    deleted = [Effect(r.child, rows, "deleted", _words(r)) for r, rows in effects.items() if rows]
    nulling = [r for r in effects if _empties(r)]
    emptied = [(r, sum(_count(space, r, what) for what in ("gone", "doomed"))) for r in nulling]
    return deleted + [Effect(r.child, rows, "emptied", _words(r)) for r, rows in emptied if rows]


def is_added(reference: Reference) -> bool:
    """Whether the application added the referring column to a table of ours: what is in it is its own."""
    table = schema.metadata.tables.get(reference.child)
    return (
        reference.child in schema.FILLED and table is not None and not set(reference.columns) <= {*table.columns.keys()}
    )


def _empties(reference: Reference) -> bool:
    return reference.action in _NULLING or is_added(reference)


def _doom(space: Workspace, reference: Reference) -> int:
    rows = 0
    for what in ("gone", "doomed"):
        if space.has(what, reference.parent):
            keys = space.picked("c", reference.child)
            source = f"{space.sql_name(reference.child)} c {_join(space, reference, what)}"
            rows += space.keep(
                "doomed", reference.child, f"SELECT {keys} FROM {source} WHERE {_is_foreign(space, reference)}"
            )
    return rows


def _count(space: Workspace, reference: Reference, what: str) -> int:
    """Foreign rows whose reference points to a row in `what`."""
    if not space.has(what, reference.parent):
        return 0
    source = f"{space.sql_name(reference.child)} c {_join(space, reference, what)}"
    return space.scalar(f"SELECT count(*) FROM {source} WHERE {_is_foreign(space, reference)}")


def _is_foreign(space: Workspace, reference: Reference) -> str:
    """SQL: the child's row `c`, or its column, is not ours, and the row is not going to be deleted anyway."""
    child = reference.child
    conditions = [space.within("gone", "c", child), space.within("doomed", "c", child)]
    conditions += [] if is_added(reference) else [space.owned("c", child)]
    return " AND ".join(f"NOT {condition}" for condition in conditions)


def _join(space: Workspace, reference: Reference, what: str) -> str:
    """SQL: join the child's rows `c` to the parent's keys `g` in `what`."""
    keys = space.keys(reference.parent)
    name = space.name(what, reference.parent)
    if sorted(reference.parent_columns) == sorted(keys):
        return f"JOIN {name} g ON {_matches('g', reference)}"
    parent = space.sql_name(reference.parent)
    return f"JOIN {parent} p ON {_matches('p', reference)} JOIN {name} g ON {space.held('g', 'p', reference.parent)}"


def _matches(alias: str, reference: Reference) -> str:
    pairs = zip(reference.columns, reference.parent_columns, strict=True)
    return " AND ".join(f"c.{quoted(child)} = {alias}.{quoted(parent)}" for child, parent in pairs)


def _referred(space: Workspace, reference: Reference, condition: str) -> str:
    """SQL: keys in the parent's `gone` to which children under the condition refer, not kept so far."""
    keys = space.columns("g", space.keys(reference.parent))
    source = f"{space.sql_name(reference.child)} c {_join(space, reference, 'gone')}"
    return (
        f"SELECT DISTINCT {keys} FROM {source} WHERE {condition} AND NOT {space.within('kept', 'g', reference.parent)}"
    )


def _keep(space: Workspace, label: str, select: str) -> None:
    if label in schema.FILLED:
        space.keep("kept", label, select)


def _keep_describing(space: Workspace, label: str) -> None:
    parents = [r for r in _from(space, label) if space.has("gone", r.parent)]
    kept = [_refers(space, r, "kept") for r in parents if space.has("kept", r.parent)]
    if not kept:
        return
    lost = [f"({_refers(space, r, 'gone')} AND NOT {_refers(space, r, 'kept')})" for r in parents]
    keys = space.keys(label)
    source = f"{space.name('gone', label)} g JOIN {space.sql_name(label)} c ON {space.same('g', 'c', keys)}"
    where = f"({' OR '.join(kept)}) AND NOT ({' OR '.join(lost)}) AND NOT {space.within('kept', 'c', label)}"
    space.keep("kept", label, f"SELECT {space.columns('c', keys)} FROM {source} WHERE {where}")


def _refers(space: Workspace, reference: Reference, what: str) -> str:
    """SQL: the child's row `c` refers to a row in `what`."""
    if not space.has(what, reference.parent):
        return "FALSE"
    return f"EXISTS (SELECT 1 FROM {space.name(what, reference.parent)} g2 WHERE {_matches('g2', reference)})"


def _from(space: Workspace, child: str) -> Iterable[Reference]:
    ours = {table.name for table in space.tables}
    return [r for r in space.catalogue.references if r.child == child and r.parent in ours]


def _describes(label: str) -> bool:
    """Rows of the table say something about others, and no filled table refers to them."""
    filled = (schema.metadata.tables[name] for name in schema.FILLED)
    referred = {key.column.table.name for table in filled for key in table.foreign_keys}
    return label not in referred and label not in schema.ANSWER_KEY


def _words(reference: Reference) -> str:
    return f"{reference.child}.{', '.join(reference.columns)} → {reference.parent}"
