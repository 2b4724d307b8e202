"""Opening what a report is about: artifacts or a database, with the verdicts on them and where they come from."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from seed_pipeline import __version__
from seed_pipeline.blast_radius import remembered
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.checking import judged, opened_artifacts, opened_target
from seed_pipeline.pipeline.judging import audit_all, law_of
from seed_pipeline.pipeline.ledger import Ledger, seen
from seed_pipeline.pipeline.making import released_rows
from seed_pipeline.pipeline.wishes import Wishes, digest, digest_of
from seed_pipeline.quality.scope import Scope, opened
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.settings.secret import redacted
from seed_pipeline.store import database, manifest
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.failures import explained
from seed_pipeline.store.ownership import RELEASES
from seed_pipeline.store.relations import relations
from seed_pipeline.store.target import redact
from seed_pipeline.views.source import Source


def of_artifacts(wishes: Wishes, folder: Path) -> Source:
    """A folder of artifacts, judged now unless its ledger speaks for it. Raises SettingsError, StoreError."""
    artifacts, settings = opened_artifacts(wishes, folder)
    return of_candidate(artifacts, settings, wishes)


def of_candidate(artifacts: Artifacts, settings: Settings, wishes: Wishes) -> Source:
    """Artifacts with the settings they were made with."""
    made_with = [artifacts.manifest(asset).metadata.get("settings") for asset in ENTITIES]
    return Source(
        place="Parquet artifacts",
        settings=settings,
        opened=lambda: opened(relations(artifacts, ENTITIES), settings),
        verdicts=_judged(artifacts, settings),
        rows=released_rows(artifacts),
        command=command(wishes, settings),
        fingerprint=artifacts.fingerprint(ENTITIES),
        settings_digest=digest(settings),
        agrees=made_with == [digest_of(asset, settings) for asset in ENTITIES],
        changes=remembered(artifacts),
        history=Ledger.of(artifacts).history(),
    )


def of_target(wishes: Wishes) -> Source:
    """The release in a database, judged now. Raises SettingsError, StoreError."""
    with opened_target(wishes) as (scope, _):
        settings, verdicts, rows = scope.settings, judged(scope), {n: t.rows for n, t in scope.tables.items()}
    release = _release(settings)
    return Source(
        place=redact(settings.main.target),
        settings=settings,
        opened=lambda: _scope_of(wishes),
        verdicts=verdicts,
        rows=rows,
        command=command(wishes, settings),
        fingerprint=release.data_fingerprint if release else "",
        version=release.version if release else __version__,
        settings_digest=release.settings_fingerprint if release else digest(settings),
        agrees=release is None or release.settings_fingerprint == digest(settings),
    )


@contextmanager
def _scope_of(wishes: Wishes) -> Iterator[Scope]:
    with opened_target(wishes) as (scope, _):
        yield scope


def command(wishes: Wishes, settings: Settings) -> str:
    """The command that makes this data again, from the same configs/ and version."""
    main = settings.main
    said = ["--seed", str(main.seed), "--sessions", str(main.total_sessions), "--as-of", main.as_of.isoformat()]
    overrides = [redacted(text) for text in wishes.overrides if text.partition("=")[0].strip() != "main.target"]
    several = (("--preset", wishes.presets), ("--set", overrides), ("--disable-rule", wishes.disabled_rules))
    said += [word for option, values in several for value in values for word in (option, value)]
    said += ["--config", str(wishes.config)] if wishes.config else []
    said += [] if main.answer_key else ["--no-answer-key"]
    return shlex.join(["seed-pipeline", "run", *said])


def _judged(artifacts: Artifacts, settings: Settings) -> list[Verdict]:
    """The ledger's verdicts where they were passed on this content by this law; otherwise all are judged now."""
    ledger, law = Ledger.of(artifacts), law_of(settings)
    sheets = [ledger.sheet(asset) for asset in ENTITIES]
    found = [s for s in sheets if s is not None and s.law == law and s.seen == seen(s.asset, artifacts)]
    return [
        v
        for sheet in (found if len(found) == len(ENTITIES) else audit_all(settings, artifacts))
        for v in sheet.verdicts
    ]


def _release(settings: Settings) -> sa.Row | None:
    engine = database.connect(settings.main.target, writable=False, schema=settings.main.target_schema)
    try:
        with explained(engine, writing=False), engine.connect() as connection:
            return manifest.last_release(connection) if sa.inspect(connection).has_table(RELEASES) else None
    finally:
        engine.dispose()
