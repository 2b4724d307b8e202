"""Judging what is already there, artifacts or a database, for the world it was made for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline import remedies
from seed_pipeline.pipeline.judging import audit_all
from seed_pipeline.pipeline.wishes import Wishes, recalled
from seed_pipeline.quality.conformity import conformity
from seed_pipeline.quality.judgement import judged as judge_all
from seed_pipeline.quality.scope import Scope, of_frames
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.store import database, manifest
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
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
    with opened_target(wishes) as (scope, made_with):
        return remedies.of_release(judged(scope), scope.settings, made_with)


def judged(scope: Scope) -> list[Verdict]:
    """The verdicts on complete tables: those on types and domains, asset by asset, and all statements."""
    found, verdicts = [], judge_all(scope)
    for asset in ENTITIES:
        made = scope.batches([name for name in scope.tables if schema.columns_made_by(asset, name)])
        found.append(conformity(asset, made, [v for v in verdicts if v.entity == asset]))
    return [*found, *verdicts]


@contextmanager
def opened_target(wishes: Wishes) -> Iterator[tuple[Scope, Settings | None]]:
    """The release in a database, read batch by batch, and the settings that it was made with, where known.

    The scope's settings are those, too. A folder of settings or presets that are asked for hold instead, for the
    release's seed, size and window; other wishes are laid over. Raises SettingsError, StoreError.
    """
    main = wishes.settings().main
    engine = database.connect(main.target, writable=False, schema=main.target_schema)
    try:
        settings, made_with = _settings(wishes, engine)
        with of_frames(({name: part} for name, part in database.stream(engine)), settings) as scope:
            if not ("sessions" in scope.tables and scope.tables["sessions"].rows):
                _refuse(engine)
            yield scope, made_with
    finally:
        engine.dispose()


def settings_of_target(wishes: Wishes) -> Settings:
    """The settings that `opened_target` looks at a release by. Raises SettingsError, StoreError."""
    main = wishes.settings().main
    engine = database.connect(main.target, writable=False, schema=main.target_schema)
    try:
        return _settings(wishes, engine)[0]
    finally:
        engine.dispose()


def _settings(wishes: Wishes, engine: sa.Engine) -> tuple[Settings, Settings | None]:
    """The settings that a release is to be looked at by, and those that it was made with, where known."""
    with explained(engine, writing=False):
        release, made_with = _last_release(engine)
    known, main = None, wishes.settings().main
    if release is not None and made_with is not None:
        asked_for = main.model_copy(update={"answer_key": release.answer_key})
        known = recalled(made_with, asked_for)
        if not (wishes.config or wishes.presets):
            return recalled(made_with, asked_for, wishes.as_overrides()), known
    sessions = labels = edges = 0
    for name, part in database.stream(engine, ("sessions", "truth_defects")):
        sessions += part.num_rows if name == "sessions" else 0
        labels += part.num_rows if name == "truth_defects" else 0
        edges += part["table_name"].to_pylist().count("sessions") if name == "truth_defects" else 0
    if not sessions:
        _refuse(engine)
    asked = replace(wishes, sessions=sessions - edges)
    if labels:  # Only valid ones are ever loaded.
        asked = replace(asked, overrides=("defects.inject=valid", *asked.overrides))
    if release is not None:
        asked = replace(asked, seed=int(release.seed), as_of=release.as_of and release.as_of.isoformat())
    return asked.settings(), known


def _refuse(engine: sa.Engine) -> NoReturn:
    raise StoreError(redact(engine.url), None, "there is no dataset in it", "load one first: seed-pipeline run")


def _last_release(engine: sa.Engine) -> tuple[sa.Row | None, str | None]:
    """What the newest release says of itself, and its settings; None in a database that another program filled."""
    if not sa.inspect(engine).has_table(RELEASES):
        return None, None
    with engine.connect() as connection:
        release = manifest.last_release(connection)
        return release, manifest.settings_of(connection, release) if release else None
