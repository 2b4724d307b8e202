"""The assets of a place: one entity each, in the order in which a month of tutoring comes about, and the database."""

import warnings
from typing import Any

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.defs.cluster import events
from seed_pipeline.defs.columns import released_schema
from seed_pipeline.defs.describe import asset_metadata, changed_metadata, docs
from seed_pipeline.defs.last_good import warned
from seed_pipeline.defs.pictures import on_asset
from seed_pipeline.defs.places import Place, key
from seed_pipeline.defs.stories import story, tags
from seed_pipeline.defs.versions import code_version
from seed_pipeline.defs.watched import watched
from seed_pipeline.pipeline.making import Opened
from seed_pipeline.pipeline.releasing import Candidate

OWNERS = ["team:seed-data"]
TOLD: dict[str, tuple[str, str]] = {
    "reference": (
        "cast",
        "What is there once, whatever the size: the administrator, the subjects, the platform's churn "
        "weights.\n\n"
        "Everything else builds on it, so a change of seed, size or window starts here.",
    ),
    "tutors": (
        "cast",
        "Six tutors for each cohort: two stars, two solid, one struggling, one at risk.\n\n"
        "With bios, rates and subjects that fit how they teach, without naming it: dashboards have great "
        "tutors to praise and failing ones to find.",
    ),
    "students": (
        "cast",
        "Twenty students for each cohort: eight engaged, eight average, four struggling.\n\n"
        "With goals and subjects they study; whether they stay is settled at the end, by `churn`.",
    ),
    "sessions": (
        "activity",
        "Who met whom, when, and what became of it: a month of bookings.\n\n"
        "Afternoons and midweek are busy, recent days busier, nobody is double-booked, weak tutors miss more "
        "sessions.",
    ),
    "metrics": (
        "activity",
        "What audio, video and screen analysis measured in each completed session, and its score.\n\n"
        "Personas set the level, rules act on it (`configs/correlations.yaml`), and every application is "
        "journalled.",
    ),
    "feedback": (
        "activity",
        "What students said afterwards, where they said something: stars, a comment, tags.\n\n"
        "Ratings follow the session, comments follow the rating, and a forgiving few are kind about a poor "
        "session.",
    ),
    "highlights": (
        "activity",
        "Telling moments of each completed session and its summary, in words that fit subject and numbers.\n\n"
        "Questions, breakthroughs, confusion, praise: each said by somebody who plausibly says it, inside the "
        "session.",
    ),
    "churn": (
        "outcomes",
        "Who left, when and why, following from what happened to them.\n\n"
        "Poor sessions and tutors who did not come drive students away; good ones keep them.",
    ),
    "answer_key": (
        "outcomes",
        "The causes behind the data: personas, stories, every rule's effect, churn odds, the alerts that "
        "should be raised.\n\n"
        "Application code is graded against it; the platform's own tables do not give it away.",
    ),
}
"""Each entity's group, and what it is in words."""
RELEASE = (
    "The platform's database with this dataset in it, as one release in one transaction.\n\n"
    "Loaded only if every blocking check passed on exactly this data, however the load is launched. Rows that this "
    "pipeline did not write are never touched."
)


def assets(place: Place) -> list[dg.AssetsDefinition]:
    """All that leads to a loaded database, and the database."""
    return [*(_entity(place, name) for name in ENTITIES), _database(place)]


def _entity(place: Place, name: str) -> dg.AssetsDefinition:
    """An entity: written as Parquet, described from the schema, unsynced when its code or settings change.

    Its data version is the content's fingerprint: made again with the same bytes, it leaves what builds on it synced.
    """
    group, told = TOLD[name]

    @dg.asset(
        key=key(name, place.prefix),
        description=story(name, told),
        group_name=place.group(group),
        kinds={"python", "parquet"},
        tags=tags(name),
        ins={upstream: dg.AssetIn(key(upstream, place.prefix)) for upstream in UPSTREAM[name]},
        io_manager_key=place.called("parquet"),
        code_version=code_version(name),
        metadata=asset_metadata(name),
        **_common(place),
    )
    def written(context: dg.AssetExecutionContext, **upstream: Opened) -> dg.Output[Opened]:
        settings = place.of(context)
        opened, changes = settings.write(settings.make(name, upstream, events(context.log)))
        pictures = on_asset(name, settings.load(like=name), settings.store)
        return _output(opened, {**pictures, **watched(name, settings.store), **changed_metadata(changes)})

    return written


def _common(place: Place) -> dict[str, Any]:
    return {"owners": OWNERS, "required_resource_keys": place.required}


def _output(opened: Opened, metadata: dict[str, Any]) -> dg.Output[Opened]:
    with warnings.catch_warnings():
        # Dagster calls data versions beta; its version is pinned.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.Output(opened, metadata=metadata, data_version=dg.DataVersion(opened.manifest.fingerprint))


def _database(place: Place) -> dg.AssetsDefinition:
    """The end of the graph."""

    @dg.asset(
        key=key("database", place.prefix),
        description=warned(RELEASE),
        group_name=place.group("release"),
        kinds={"sql"},
        metadata={"dagster/column_schema": released_schema(), **docs()},
        ins={name: dg.AssetIn(key(name, place.prefix)) for name in ENTITIES},
        io_manager_key=place.called("database_release"),
        automation_condition=place.automation,
        freshness_policy=place.watched,
        **_common(place),
    )
    def loaded(context: dg.AssetExecutionContext, **upstream: Opened) -> Candidate:
        settings = place.of(context)
        return Candidate(settings.store, settings.load(like="sessions"))

    return loaded
