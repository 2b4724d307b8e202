"""The entities in order, and the one function that makes any of them for a range of cohorts."""

from collections.abc import Iterator, Mapping
from importlib import import_module

import pandas as pd

from seed_pipeline.core import dashboard, defects
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings

Tables = dict[str, pd.DataFrame]

UPSTREAM: dict[str, tuple[str, ...]] = {
    "reference": (),
    "tutors": ("reference",),
    "students": ("reference",),
    "sessions": ("reference", "tutors", "students"),
    "metrics": ("sessions",),
    "feedback": ("tutors", "students", "sessions", "metrics"),
    # The comments are no part of what is made; the checks compare what both speak of (Q8).
    "highlights": ("tutors", "students", "sessions", "metrics", "feedback"),
    "churn": ("students", "sessions", "metrics"),
    "answer_key": ("tutors", "students", "sessions", "metrics", "feedback", "churn"),
}
"""Each entity and the entities whose tables it reads, in the order they are made."""

ENTITIES = tuple(UPSTREAM)

READS: dict[str, tuple[str, ...]] = {
    "reference": ("main", "defects", "probabilities", "text"),
    "tutors": ("main", "defects", "personas", "text"),
    "students": ("main", "defects", "personas", "text", "probabilities"),
    "sessions": ("main", "defects", "personas", "probabilities", "text"),
    "metrics": ("main", "defects", "personas", "probabilities", "correlations"),
    "feedback": ("main", "defects", "personas", "probabilities", "correlations", "text"),
    "highlights": ("main", "defects", "probabilities", "text"),
    "churn": ("main", "defects", "personas", "probabilities", "correlations", "text"),
    "answer_key": ("main", "defects", "alerts", "personas", "probabilities"),
}
"""The sections of the settings that each entity reads."""


def chunks(settings: Settings) -> list[range]:
    """Ranges of cohorts, `main.chunk_cohorts` each: the unit of memory, of parallel work and of appending."""
    count, step = World(settings).cohorts, settings.main.chunk_cohorts
    return [range(start, min(start + step, count)) for start in range(0, count, step)]


def make(entity: str, settings: Settings, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """The tables of one entity for a range of cohorts; pure, and the same whatever the range's neighbours.

    `upstream` holds the tables of every entity in `UPSTREAM[entity]` for the same cohorts (`reference` is the same for
    all). `reference` itself belongs to the first cohort: later ranges get empty tables.
    """
    module, world = import_module(f"seed_pipeline.core.{entity}"), World(settings)
    injected = defects.injected(world, cohorts)
    tables: Tables = module.make(settings, world, cohorts, defects.without(injected, upstream))
    return defects.before(entity, world, injected, tables)


def closed(entity: str, settings: Settings, made: Iterator[Tables]) -> Iterator[Tables]:
    """An entity's chunks; the last of the answer key ends with what is said of everybody (truth_dashboard, P8).

    One chunk is held back, because nobody knows the last one before there is no further.
    """
    if entity != "answer_key":
        yield from made
        return
    platform, held = dashboard.Platform(settings), None
    for tables in made:
        if held is not None:
            yield held
        platform.add(tables["truth_dashboard"])
        held = tables
    if held is not None:
        yield {**held, "truth_dashboard": pd.concat([held["truth_dashboard"], platform.rows()], ignore_index=True)}
