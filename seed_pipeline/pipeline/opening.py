"""The target of some settings, opened for those who may; and whether it holds already what they would make."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from seed_pipeline import CONFIGS, __version__
from seed_pipeline.pipeline.sources import digest_of
from seed_pipeline.pipeline.wishes import digest
from seed_pipeline.settings import Settings
from seed_pipeline.store import database, guard
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
from seed_pipeline.store.held import Held
from seed_pipeline.store.held import held as held_by
from seed_pipeline.store.target import file, parse, redact


@contextmanager
def opened(settings: Settings, *, writable: bool = True) -> Iterator[sa.Engine]:
    """The target, if releases may go there (`allowed_targets`). Raises StoreError.

    A file that is empty afterwards and was not there before is removed: a load that failed leaves none.
    """
    main = settings.main
    path = file(parse(main.target))
    if path is None and parse(main.target).get_backend_name() == "sqlite":
        why, remedy = "what is in memory is gone when the command ends", "name a file: sqlite:///data/seed.db"
        raise StoreError(redact(main.target), None, why, remedy)
    is_new = path is not None and not path.exists()
    guard.check(main.target, main.allowed_targets, allow_production=main.allow_production)
    engine = database.connect(main.target, writable=writable, schema=main.target_schema)
    guard.follow(engine, main.allowed_targets, allow_production=main.allow_production)
    try:
        yield engine
    finally:
        engine.dispose()
        if path is not None and is_new and path.exists() and not path.stat().st_size:
            path.unlink()


def reachable(settings: Settings) -> None:
    """Raise StoreError now rather than after all the work, if the target may not or cannot be opened."""
    with opened(settings, writable=False) as engine, explained(engine, writing=False):
        sa.inspect(engine).get_table_names()


def held(settings: Settings) -> Held | None:
    """What the target holds, if that is what a run with these settings and this code would leave there, row by row.

    Looked at: seed, settings, date, version and code, as the newest release remembers them; of every table that it
    filled the seal (SQLite: a hash of all rows; PostgreSQL: which transactions wrote how many). Not looked at: others'
    tables, and the rules of ours. Raises StoreError if the target may not or cannot be opened.
    """
    main = settings.main
    if main.empty_foreign_data:
        return None
    said = {
        "seed": str(main.seed),
        "as_of": main.as_of,
        "settings_fingerprint": digest(settings),
        "version": version(),
        "answer_key": main.answer_key,
    }
    with opened(settings, writable=False) as engine:
        return held_by(engine, said)


def is_kept(there: Held, artifacts: Artifacts) -> bool:
    """Whether a folder has the artifacts of what a target holds, byte for byte, and verdicts that let them pass."""
    from seed_pipeline.pipeline.ledger import refusals  # who only asks the target has no need of it

    try:
        if artifacts.fingerprint() != there.fingerprint or refusals(artifacts, {}):
            return False
        for asset in artifacts.assets():
            for table in artifacts.manifest(asset).tables:
                artifacts.parts(asset, table)
    except StoreError:
        return False
    return True


def has_history() -> bool:
    """Whether the kept Dagster instance has a history to show."""
    home = Path(os.environ.get("DAGSTER_HOME") or CONFIGS.parent / ".dagster_home")
    return (home / "history").is_dir()


def version() -> str:
    """The version of this package, and a digest of all its code that has a part in a release."""
    return f"{__version__}+{digest_of('schema.py', 'settings', 'core', 'quality', 'store', 'pipeline')}"
