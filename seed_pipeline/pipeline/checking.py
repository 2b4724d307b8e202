"""Judging what is already there, artifacts or a database, for the world it was made for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline import remedies
from seed_pipeline.pipeline.judging import audit_all
from seed_pipeline.pipeline.wishes import Wishes, recalled
from seed_pipeline.quality.conformity import conformity
from seed_pipeline.quality.judgement import judge
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.store import database, manifest
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
from seed_pipeline.store.frames import Tables
from seed_pipeline.store.ownership import RELEASES
from seed_pipeline.store.target import redact


def check_artifacts(wishes: Wishes, folder: Path) -> list[Verdict]:
    """The verdicts on a folder of artifacts, recorded beside them. Raises SettingsError, StoreError."""
    artifacts, settings = opened_artifacts(wishes, folder)
    return [v for sheet in audit_all(settings, artifacts) for v in sheet.verdicts]


def opened_artifacts(wishes: Wishes, folder: Path) -> tuple[Artifacts, Settings]:
    """A folder of artifacts and the settings of the world it was made for. Raises SettingsError, StoreError."""
    artifacts = Artifacts(folder)
    world = artifacts.manifest(ENTITIES[0]).metadata.get("world", {})
    named = {"seed": world.get("seed"), "sessions": world.get("total_sessions"), "as_of": world.get("as_of")}
    overrides = [f"main.{key}={world[key]}" for key in ("days", "time_zone", "chunk_cohorts") if key in world]
    overrides += [f"defects.inject={world['inject']}"] if world.get("inject") else []
    asked = replace(wishes, **named, overrides=(*overrides, *wishes.overrides))
    return artifacts, asked.settings()


def check_target(wishes: Wishes) -> list[Verdict]:
    """The verdicts on the release in a database. Raises SettingsError, StoreError."""
    tables, settings, made_with = _opened(wishes)
    return remedies.of_release(judged([tables], settings), settings, made_with)


def judged(chunks: Sequence[Tables], settings: Settings) -> list[Verdict]:
    """The verdicts on complete tables: those on types and domains, asset by asset, and all statements."""
    found, verdicts = [], judge(chunks, settings)
    for asset in ENTITIES:
        made = ({t: tables[t] for t in tables if schema.columns_made_by(asset, t)} for tables in chunks)
        found.append(conformity(asset, made, [v for v in verdicts if v.entity == asset]))
    return [*found, *verdicts]


def opened_target(wishes: Wishes, names: Sequence[str] | None = None) -> tuple[Tables, Settings]:
    """The release in a database, or some of its tables, and the settings that it was made with.

    A folder of settings or presets that are asked for hold instead of those, for the release's seed, size and window;
    other wishes are laid over. Raises SettingsError, StoreError.
    """
    return _opened(wishes, names)[:2]


def _opened(wishes: Wishes, names: Sequence[str] | None = None) -> tuple[Tables, Settings, Settings | None]:
    """The tables, the settings that they are to be looked at by, and those that they were made with, where known."""
    main = wishes.settings().main
    engine = database.connect(main.target, writable=False, schema=main.target_schema)
    try:
        with explained(engine, writing=False):
            release, made_with = _last_release(engine)
        tables = database.read(engine, names and (*names, "truth_defects"))
    finally:
        engine.dispose()
    if not len(tables.get("sessions", ())):
        raise StoreError(redact(main.target), None, "there is no dataset in it", "load one first: seed-pipeline run")
    labels = tables.get("truth_defects")
    edges = 0 if labels is None else int((labels["table_name"] == "sessions").sum())
    known = None
    if release is not None and made_with is not None:
        asked_for = main.model_copy(update={"answer_key": release.answer_key})
        known = recalled(made_with, asked_for)
        if not (wishes.config or wishes.presets):
            return tables, recalled(made_with, asked_for, wishes.as_overrides()), known
    asked = replace(wishes, sessions=len(tables["sessions"]) - edges)
    if labels is not None and len(labels):  # Only valid ones are ever loaded.
        asked = replace(asked, overrides=("defects.inject=valid", *asked.overrides))
    if release is not None:
        asked = replace(asked, seed=int(release.seed), as_of=release.as_of and release.as_of.isoformat())
    return tables, asked.settings(), known


def _last_release(engine: sa.Engine) -> tuple[sa.Row | None, str | None]:
    """What the newest release says of itself, and its settings; None in a database that another program filled."""
    if not sa.inspect(engine).has_table(RELEASES):
        return None, None
    with engine.connect() as connection:
        release = manifest.last_release(connection)
        return release, manifest.settings_of(connection, release) if release else None
