"""From judged artifacts to a database: the last step of both faces, and the only way into a database."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from seed_pipeline import __version__
from seed_pipeline.core.dataset import ENTITIES, Tables
from seed_pipeline.core.settings import Settings
from seed_pipeline.pipeline.conformity import NAME
from seed_pipeline.pipeline.judging import statements
from seed_pipeline.pipeline.ledger import RefusedError, refusals
from seed_pipeline.pipeline.making import Progress, must_agree, silent
from seed_pipeline.pipeline.wishes import digest
from seed_pipeline.store import database
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.failures import explained


@dataclass(frozen=True)
class Candidate:
    """Artifacts that want to become a release, and the settings that say where to."""

    artifacts: Artifacts
    settings: Settings

    def blocking(self) -> dict[str, list[str]]:
        """For each asset the statements that have to hold."""
        return {
            asset: [NAME, *(n for n, s in statements(self.settings, asset).items() if s.blocking)] for asset in ENTITIES
        }

    def guard(self) -> None:
        """Raise RefusedError unless the ledger beside the artifacts speaks for exactly this content.

        StoreError if the files are not what their manifests say: verdicts are bound to manifests.
        """
        reasons = refusals(self.artifacts, self.blocking())
        if reasons:
            raise RefusedError(reasons)
        for asset in ENTITIES:
            self.artifacts.verify(asset)

    def load(self, progress: Progress = silent) -> dict[str, int]:
        """Load into the target in one transaction, after the guard; rows by what was done with them.

        Raises RefusedError, SettingsError, StoreError; then the target is as it was.
        """
        self.guard()
        must_agree(self.settings, {asset: self.artifacts.manifest(asset) for asset in ENTITIES})
        main = self.settings.main
        engine = database.connect(main.target)
        try:
            options = database.Options(answer_key=main.answer_key, clear_existing_data=main.clear_existing_data)
            plan = database.load(engine, self._chunks(progress), self._release(), options)
            return {what: plan.total(what) for what in ("insert", "update", "delete", "unchanged")}
        finally:
            engine.dispose()

    def _release(self) -> database.Release:
        main = self.settings.main
        print_ = self.artifacts.fingerprint(ENTITIES)
        return database.Release(main.seed, digest(self.settings), __version__, main.as_of, print_)

    def _chunks(self, progress: Progress) -> Iterator[Tables]:
        total = self.artifacts.n_chunks(ENTITIES[-1])
        progress("database", 0, total)
        for done, tables in enumerate(self.artifacts.release(self.settings.main.answer_key), start=1):
            yield tables
            progress("database", done, total)


def reachable(target: str) -> None:
    """Raise StoreError now rather than after all the work, if the target cannot be opened. Writes nothing."""
    engine = database.connect(target, writable=False)
    try:
        with explained(engine):
            sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()
