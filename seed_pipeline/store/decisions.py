"""What a release means for a target: differences, what becomes of others' rows, and whether it may be applied."""

from typing import Literal

from seed_pipeline import schema
from seed_pipeline.store import clashes, contradictions, dependents, manifest
from seed_pipeline.store.differences import Difference, compare
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.plan import Effect, Plan
from seed_pipeline.store.stream import Stream
from seed_pipeline.store.target import redact
from seed_pipeline.store.workspace import Workspace


def decide(space: Workspace, made: list[str], stream: Stream) -> tuple[dict[str, Difference], Plan] | None:
    """The differences and the plan, if it may be applied; decided anew where others could have written meanwhile.

    None where tables that were settled no longer are.
    """
    differences, effects = settle(space)
    if space.renamed and space.settled:
        return None
    found = plan_of(space, differences, effects, made)
    _refuse(found)
    if not made and found.changes and space.dialect.let_readers_go_on(space.connection):
        space.look_again()
        return decide(space, made, stream) if manifest.untouched(space, stream.contents) == space.settled else None
    return differences, found


def settle(space: Workspace) -> tuple[dict[str, Difference], list[Effect]]:
    """Compare until no staged key changes any more; collisions are treated as the options say."""
    for _ in range(3):
        differences = compare(space)
        effects = [effect for d in differences.values() for effect in _on_our_place(space, d)]
        effects += [effect for d in differences.values() for effect in _edited(space, d)]
        if "keep" in (space.options.on_foreign, space.options.on_edited):
            effects += dependents.keep(space, differences)
        clashing, renamed = clashes.settle(space)
        if not renamed:
            break
    if space.options.on_foreign == "refuse":
        effects += dependents.refused(space)
    elif space.options.on_foreign == "cascade":
        effects += dependents.cascade(space)
    return differences, effects + clashing


def _edited(space: Workspace, found: Difference) -> list[Effect]:
    """What becomes of rows of ours that somebody edited."""
    because, choice = "edited since the last release", space.options.on_edited
    what: dict[str, tuple[Literal["overwritten", "kept", "refused"], Literal["deleted", "kept", "refused"]]] = {
        "overwrite": ("overwritten", "deleted"), "keep": ("kept", "kept"), "refuse": ("refused", "refused"),
    }  # fmt: skip
    rows = zip((found.edited_changed, found.edited_gone), what[choice], strict=True)
    effects = [Effect(found.table, n, said, because, ours=True) for n, said in rows if n]
    back = Effect(found.table, found.returned, "returned", "deleted since the last release", ours=True)
    return [*effects, back] if found.returned else effects


def _on_our_place(space: Workspace, found: Difference) -> list[Effect]:
    """What becomes of foreign rows that stand where the release has a row."""
    if found.taken:
        what: Literal["refused", "kept"] = "refused" if space.options.on_foreign == "refuse" else "kept"
        return [Effect(found.table, found.conflicts, what, "same key")] if found.conflicts else []
    equal = found.foreign_staged - found.conflicts
    effects = [Effect(found.table, found.conflicts, "overwritten", "same key")] if found.conflicts else []
    return effects + ([Effect(found.table, equal, "adopted", "same key and values")] if equal else [])


def plan_of(space: Workspace, differences: dict[str, Difference], effects: list[Effect], made: list[str]) -> Plan:
    """The differences and effects as the user sees them."""
    shown = [differences[t.name].plan() for t in space.tables]
    tables = tuple(t for t in shown if t.table in schema.FILLED or t.foreign or t.delete)
    where, accepted = redact(space.connection.engine.url), contradictions.differences(space.catalogue, space.tables)
    is_postgres = space.connection.dialect.name == "postgresql"
    return Plan(where, tables, tuple(effects), tuple(made), tuple(accepted) if is_postgres else ())


def _refuse(found: Plan) -> None:
    refused = [e for e in found.effects if e.what == "refused"]
    if refused:
        lines = "".join(f"\n  {e.table}: {e.rows} row(s), {e.because}" for e in refused)
        why = f"rows of others, or that others edited, stand in the way of the release:{lines}\nNothing was written"
        remedy = (
            "look at them, then choose on_foreign=keep (they stay, with what they need) or on_foreign=cascade (they go)"
        )
        if all(e.ours for e in refused):
            remedy = "look at them, then choose on_edited=keep (they stay as they are) or on_edited=overwrite"
        raise StoreError(found.target, None, why, remedy)
