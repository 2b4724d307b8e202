"""Pictures on asset and check pages: drawn from the stored tables, shown inline as markdown."""

import dagster as dg

from seed_pipeline.pipeline.judging import lineage_tables
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts

OF_ASSETS = {
    "sessions": ("sessions_per_day", "hours_and_weekdays", "outcomes"),
    "metrics": ("talk_and_engagement",),
    "answer_key": ("rating_by_persona", "churn_by_story"),
}
"""The pictures on an asset's page, by the names of `quality.plots`."""

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
    """The asset's pictures."""
    return _drawn(asset, OF_ASSETS.get(asset, ()), settings, artifacts)


def on_failure(asset: str, statement: str, settings: Settings, artifacts: Artifacts) -> dict[str, dg.MetadataValue]:
    """The picture that shows what a failed statement is about, if the asset's tables allow it."""
    return _drawn(asset, (OF_STATEMENTS[statement],) if statement in OF_STATEMENTS else (), settings, artifacts)


def _drawn(asset: str, names: tuple[str, ...], settings: Settings, artifacts: Artifacts) -> dict[str, dg.MetadataValue]:
    if not names:
        return {}
    # Matplotlib takes its time to import, and definitions have to load at once.
    from seed_pipeline.views.plots import markdown, pictures

    found = pictures(lineage_tables(asset, artifacts), settings, names)
    return {name.replace("_", " "): dg.MetadataValue.md(markdown(name, png)) for name, png in found.items()}
