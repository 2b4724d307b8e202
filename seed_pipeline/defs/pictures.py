"""Pictures and first rows on asset and check pages: asked of what is stored, shown as markdown and tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from seed_pipeline import schema
from seed_pipeline.defs.describe import table
from seed_pipeline.pipeline.ledger import lineage
from seed_pipeline.quality.scope import Scope, opened
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.relations import relations

FIRST = 5
"""Rows of a table on its asset's page."""
LONG = 90
"""Letters of a text there."""
OF_ASSETS = {
    "tutors": ("tenure_of_tutors",),
    "students": ("tenure_of_students",),
    "sessions": ("sessions_per_day", "hours_and_weekdays", "outcomes"),
    "metrics": ("talk_and_engagement",),
    "feedback": ("feedback_by_score",),
    "highlights": ("highlights_per_session",),
    "churn": ("left_by_score",),
    "answer_key": ("rating_by_persona", "churn_by_story"),
}
"""The pictures on an asset's page, by the names of `views.plots`."""

OF_STATEMENTS = {
    "D1": "hours_and_weekdays",
    "D2": "hours_and_weekdays",
    "D4": "sessions_per_day",
    **dict.fromkeys(("C4", "O1", "O2", "O3", "O4", "O6"), "outcomes"),
    **dict.fromkeys(("T1", "T3", "S1", "R1", "R5", "R10"), "talk_and_engagement"),
    **dict.fromkeys(("T4", "R4", "N7"), "rating_by_persona"),
    **dict.fromkeys(("S6", "N2", "N3", "N4"), "churn_by_story"),
}
"""The picture that helps when a statement fails, by the contract's ID."""


def on_asset(asset: str, settings: Settings, artifacts: Artifacts) -> dict[str, dg.MetadataValue]:
    """The asset's pictures, and the first rows of each table in which it has a part."""
    with _scope(asset, settings, artifacts) as scope:
        return {**_drawn(OF_ASSETS.get(asset, ()), scope, at_once=True), **_first_rows(asset, scope)}


def on_failure(asset: str, statement: str, settings: Settings, artifacts: Artifacts) -> dict[str, dg.MetadataValue]:
    """The picture that shows what a failed statement is about, if the asset's tables allow it."""
    if statement not in OF_STATEMENTS:
        return {}
    with _scope(asset, settings, artifacts) as scope:
        return _drawn((OF_STATEMENTS[statement],), scope, at_once=False)


@contextmanager
def _scope(asset: str, settings: Settings, artifacts: Artifacts) -> Iterator[Scope]:
    with opened(relations(artifacts, lineage(asset)), settings) as scope:
        yield scope


def _drawn(names: tuple[str, ...], scope: Scope, at_once: bool) -> dict[str, dg.MetadataValue]:
    """Dagster shows short markdown at once, on an asset's page, and what is longer, or on a check's, behind a link."""
    if not names:
        return {}
    # Matplotlib takes its time to import, and definitions have to load at once.
    from seed_pipeline.views.plots import pictures

    found: dict[str, dg.MetadataValue] = {}
    for picture in pictures(scope, names):
        found |= {picture.title: dg.MetadataValue.md(picture.small)} if picture.small and at_once else {}
        found[f"{picture.title}, in words"] = dg.MetadataValue.text(picture.alt)
        found[f"{picture.title}, large"] = dg.MetadataValue.md(picture.markdown)
    return found


def _first_rows(asset: str, scope: Scope) -> dict[str, dg.MetadataValue]:
    found: dict[str, dg.MetadataValue] = {}
    for name in scope.tables:
        columns = [c for c in schema.columns_made_by(asset, name) if c in scope.tables[name].columns]
        keys = [c.name for c in schema.metadata.tables[name].primary_key]
        if columns:
            chosen = ", ".join(f'"{c}"' for c in dict.fromkeys((*keys, *columns)))
            order = ", ".join(f'"{key}"' for key in keys)
            rows = scope.rows(f"SELECT {chosen} FROM {name} ORDER BY {order} LIMIT {FIRST}")
            found[f"first rows of {name}"] = table([{k: _short(v) for k, v in row.items()} for row in rows])
    return found


def _short(value: object) -> object:
    return f"{value[:LONG]}…" if isinstance(value, str) and len(value) > LONG else value
