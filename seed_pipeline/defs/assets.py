"""The assets: one entity each, in the order in which a month of tutoring comes about, and the database at the end."""

import inspect
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES, UPSTREAM
from seed_pipeline.defs.columns import released_schema
from seed_pipeline.defs.describe import asset_metadata, changed_metadata, docs
from seed_pipeline.defs.pictures import on_asset
from seed_pipeline.defs.settings import SeedSettings
from seed_pipeline.defs.stories import story, tags
from seed_pipeline.defs.versions import code_version
from seed_pipeline.defs.watched import watched
from seed_pipeline.pipeline.making import Made, Opened
from seed_pipeline.pipeline.releasing import Candidate

OWNERS = ["team:seed-data"]


def _entity(group: str) -> Callable[[Callable[..., Made]], dg.AssetsDefinition]:
    """An entity's asset: written as Parquet, described from the schema, unsynced when its code or settings change.

    Its data version is the content's fingerprint: made again with the same bytes, it leaves what builds on it synced.
    """

    def decorate(function: Callable[..., Made]) -> dg.AssetsDefinition:
        name = function.__name__

        def written(settings: SeedSettings, **upstream: Opened) -> dg.Output[Opened]:
            opened, changes = settings.write(function(settings, **upstream))
            pictures = on_asset(name, settings.load(like=name), settings.store)
            return _output(opened, {**watched(name, settings.store), **changed_metadata(changes), **pictures})

        return dg.asset(
            name=name,
            description=story(name, inspect.getdoc(function) or ""),
            group_name=group,
            owners=OWNERS,
            kinds={"python", "parquet"},
            tags=tags(name),
            ins={entity: dg.AssetIn(entity) for entity in UPSTREAM[name]},
            io_manager_key="parquet",
            code_version=code_version(name),
            metadata=asset_metadata(name),
        )(written)

    return decorate


def _output(opened: Opened, metadata: dict[str, Any]) -> dg.Output[Opened]:
    with warnings.catch_warnings():
        # Dagster calls data versions beta; its version is pinned.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.Output(opened, metadata=metadata, data_version=dg.DataVersion(opened.manifest.fingerprint))


@_entity("cast")
def reference(settings: SeedSettings, **upstream: Opened) -> Made:
    """What is there once, whatever the size: the administrator, the subjects, the platform's churn weights.

    Everything else builds on it, so a change of seed, size or window starts here.
    """
    return settings.make("reference", upstream)


@_entity("cast")
def tutors(settings: SeedSettings, **upstream: Opened) -> Made:
    """Six tutors for each cohort: two stars, two solid, one struggling, one at risk.

    With bios, rates and subjects that fit how they teach, without naming it: dashboards have great tutors to praise and
    failing ones to find.
    """
    return settings.make("tutors", upstream)


@_entity("cast")
def students(settings: SeedSettings, **upstream: Opened) -> Made:
    """Twenty students for each cohort: eight engaged, eight average, four struggling.

    With goals and subjects they study; whether they stay is settled at the end, by `churn`.
    """
    return settings.make("students", upstream)


@_entity("activity")
def sessions(settings: SeedSettings, **upstream: Opened) -> Made:
    """Who met whom, when, and what became of it: a month of bookings.

    Afternoons and midweek are busy, recent days busier, nobody is double-booked, weak tutors miss more sessions.
    """
    return settings.make("sessions", upstream)


@_entity("activity")
def metrics(settings: SeedSettings, **upstream: Opened) -> Made:
    """What audio, video and screen analysis measured in each completed session, and its score.

    Personas set the level, rules act on it (`configs/correlations.yaml`), and every application is journalled.
    """
    return settings.make("metrics", upstream)


@_entity("activity")
def feedback(settings: SeedSettings, **upstream: Opened) -> Made:
    """What students said afterwards, where they said something: stars, a comment, tags.

    Ratings follow the session, comments follow the rating, and a forgiving few are kind about a poor session.
    """
    return settings.make("feedback", upstream)


@_entity("activity")
def highlights(settings: SeedSettings, **upstream: Opened) -> Made:
    """Telling moments of each completed session and its summary, in words that fit subject and numbers.

    Questions, breakthroughs, confusion, praise: each said by somebody who plausibly says it, inside the session.
    """
    return settings.make("highlights", upstream)


@_entity("outcomes")
def churn(settings: SeedSettings, **upstream: Opened) -> Made:
    """Who left, when and why, following from what happened to them.

    Poor sessions and tutors who did not come drive students away; good ones keep them.
    """
    return settings.make("churn", upstream)


@_entity("outcomes")
def answer_key(settings: SeedSettings, **upstream: Opened) -> Made:
    """The causes behind the data: personas, stories, every rule's effect, churn odds, the alerts that should be raised.

    Application code is graded against it; the platform's own tables do not give it away.
    """
    return settings.make("answer_key", upstream)


@dg.asset(
    group_name="release",
    owners=OWNERS,
    kinds={"sql"},
    metadata={"dagster/column_schema": released_schema(), **docs()},
    ins={entity: dg.AssetIn(entity) for entity in ENTITIES},
    io_manager_key="database_release",
    automation_condition=dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed(),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)),
)
def database(settings: SeedSettings, **upstream: Opened) -> Candidate:
    """The platform's database with this dataset in it, as one release in one transaction.

    Loaded only if every blocking check passed on exactly this data, however the load is launched. Rows that this
    pipeline did not write are never touched.
    """
    return Candidate(settings.store, settings.load(like="sessions"))
