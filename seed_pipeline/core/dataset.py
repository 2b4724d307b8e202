"""The entities in order, and how a range of cohorts is made: all of them in one pass, or one of them again."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from seed_pipeline.core import feedback, highlights
from seed_pipeline.core.answer_key import dashboard
from seed_pipeline.core.answer_key import truth as answer_key
from seed_pipeline.core.cast import reference, students, tutors
from seed_pipeline.core.churn import leavers as churn
from seed_pipeline.core.columns import Tables, from_arrow, to_arrow
from seed_pipeline.core.defects import scenes as defects
from seed_pipeline.core.metrics import measures as metrics
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sessions import outcomes as sessions
from seed_pipeline.settings import Settings

Arrow = dict[str, pa.Table]
"""An entity's tables of one chunk, as they are written."""
Make = Callable[[Settings, World, range, Mapping[str, Tables]], Tables]


MAKES: dict[str, Make] = {
    "reference": reference.make,
    "tutors": tutors.make,
    "students": students.make,
    "sessions": sessions.make,
    "metrics": metrics.make,
    "feedback": feedback.make,
    "highlights": highlights.make,
    "churn": churn.make,
    "answer_key": answer_key.make,
}
"""Each entity's function, in the order they are made: tables of a range of cohorts from the upstream tables of it."""

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

ENTITIES = tuple(MAKES)

DECLARED = Path(__file__).with_name("reads.json")
READS: dict[str, list[str]] = json.loads(DECLARED.read_text(encoding="utf-8"))
"""The settings each entity reads; `*` is any name or place, `#` which there are. seed_pipeline_tests.core.reads."""


def chunks(settings: Settings) -> list[range]:
    """Ranges of cohorts, `chunk_cohorts` each: the unit of memory, of parallel work and of appending."""
    world = World.of(settings)
    count, step = world.cohorts, world.chunk_cohorts
    return [range(start, min(start + step, count)) for start in range(0, count, step)]


def chunk(settings: Settings, cohorts: range) -> Iterator[tuple[str, Arrow]]:
    """Every entity's tables for a range of cohorts, in order, made in one pass; neighbours change nothing (X1).

    `reference` belongs to the first cohort: later ranges get empty tables of it.
    """
    world = World.of(settings)
    injected = defects.injected(world, cohorts)
    made: dict[str, Tables] = {}
    for entity, make in MAKES.items():
        made[entity] = make(settings, world, cohorts, {name: made[name] for name in UPSTREAM[entity]})
        yield entity, _written(entity, cohorts, injected, made[entity])


def again(entity: str, settings: Settings, cohorts: range, upstream: Mapping[str, Arrow]) -> Arrow:
    """One entity's tables for a range of cohorts, as `chunk` makes them.

    `upstream` holds the tables of every entity in `UPSTREAM[entity]` for the same cohorts; those of `reference` are the
    first cohort's for every range.
    """
    world = World.of(settings)
    injected = defects.injected(world, cohorts)
    own = {name: {t: from_arrow(d) for t, d in tables.items()} for name, tables in defects.without(injected, upstream)}
    return _written(entity, cohorts, injected, MAKES[entity](settings, world, cohorts, own))


def _written(entity: str, cohorts: range, injected: Mapping[str, Arrow], tables: Tables) -> Arrow:
    made = {name: to_arrow(name, table) for name, table in tables.items()}
    if entity == "reference" and cohorts.start:
        return {name: data.slice(0, 0) for name, data in made.items()}
    return defects.before(entity, injected, made)


class Closing:
    """What is said of everybody at the end of the last chunk (truth_dashboard, P8)."""

    def __init__(self, settings: Settings) -> None:
        self._platform = dashboard.Platform(settings)

    def add(self, rows: pa.Table, last: bool) -> pa.Table:
        """A chunk's `truth_dashboard`, in order; the last one's ends with the platform's rows."""
        self._platform.add(from_arrow(rows))
        if not last:
            return rows
        own = to_arrow("truth_dashboard", self._platform.rows())
        return pa.concat_tables([rows.cast(own.schema), own])
