"""From judged artifacts to a database: the last step of both faces, and the only way into a database."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.judging import audit, law_of
from seed_pipeline.pipeline.ledger import RefusedError, current, refusals
from seed_pipeline.pipeline.making import Progress, must_agree, silent
from seed_pipeline.pipeline.opening import opened, reachable, version
from seed_pipeline.pipeline.wishes import digest, remembered
from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.statements import statements
from seed_pipeline.settings import Settings
from seed_pipeline.store import database
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.plan import Options, Plan, Release
from seed_pipeline.store.stream import ArrowTables, Stream
from seed_pipeline.store.target import file, parse, redact


@dataclass(frozen=True)
class Candidate:
    """Artifacts that want to become a release, and the settings that say where to."""

    artifacts: Artifacts
    settings: Settings

    def blocking(self) -> dict[str, list[str]]:
        """For each asset the statements that have to hold."""
        found = {asset: [NAME] for asset in ENTITIES}
        for statement in statements(self.settings):
            found[statement.entity] += [statement.name] if statement.blocking else []
        return found

    def guard(self) -> None:
        """Raise RefusedError unless the ledger beside the artifacts speaks for exactly this content.

        Verdicts that were passed under other settings than these, or by another version, are passed again first.
        """
        law = law_of(self.settings)
        for asset in ENTITIES:
            sheet = current(asset, self.artifacts)
            if sheet is not None and sheet.law != law:
                audit(asset, self.settings, self.artifacts)
        reasons = refusals(self.artifacts, self.blocking())
        if reasons:
            raise RefusedError(reasons)

    def load(self, progress: Progress = silent) -> Plan:
        """Load into the target in one transaction, after the guard; what was done, table by table.

        Raises RefusedError, SettingsError, StoreError; then the target is as it was.
        """
        judged = self._manifests()
        self.guard()
        must_agree(self.settings, judged)
        with opened(self.settings) as engine:
            stream = self._stream(progress, judged)
            return database.load(engine, stream, self._release(), options_of(self.settings))

    def plan(self, progress: Progress = silent) -> Plan:
        """What `load` would do, table by table, whether or not the data has passed. Writes nothing.

        Raises SettingsError, StoreError.
        """
        manifests = self._manifests()
        must_agree(self.settings, manifests)
        with opened(self.settings, writable=False) as engine:
            found = database.plan(engine, self._stream(progress, manifests), options_of(self.settings))
        # A file that does not exist yet was stood in for by memory.
        return replace(found, target=redact(self.settings.main.target))

    def _release(self) -> Release:
        main = self.settings.main
        print_ = self.artifacts.fingerprint(ENTITIES)
        return Release(main.seed, digest(self.settings), version(), main.as_of, print_, remembered(self.settings))

    def _manifests(self) -> dict[str, Manifest]:
        return {asset: self.artifacts.manifest(asset) for asset in ENTITIES}

    def _stream(self, progress: Progress, judged: dict[str, Manifest]) -> Stream:
        """The release; at its end StoreError, which rolls the load back, unless it is of what was judged."""
        stream, total = self.artifacts.stream(self.settings.main.answer_key), self.artifacts.n_chunks(ENTITIES[-1])

        def opened(without: Collection[str]) -> Iterator[ArrowTables]:
            progress("database", 0, total)
            for done, tables in enumerate(stream.open(without), start=1):
                yield tables
                progress("database", done, total)
            for asset, manifest in self._manifests().items():
                if manifest != judged[asset]:
                    where, why = str(self.artifacts.root / asset), "the asset was made anew while it was being loaded"
                    raise StoreError(where, None, why, "run its checks on what is there now, then load again")

        return Stream(opened, stream.contents)


def clean(settings: Settings) -> Plan:
    """Remove from the target whatever releases wrote, and nothing else; what was done, table by table.

    Raises StoreError; then the target is as it was.
    """
    reachable(settings)
    path = file(parse(settings.main.target))
    if path is not None and not path.exists():
        return Plan(redact(settings.main.target), (), applied=True)
    with opened(settings) as engine:
        return database.clean(engine, options_of(settings))


def options_of(settings: Settings) -> Options:
    """How the settings want the target to be treated."""
    main = settings.main
    return Options(
        answer_key=main.answer_key,
        on_foreign=main.on_foreign,
        on_edited=main.on_edited,
        clear_existing_data=main.clear_existing_data,
        empty_foreign_data=main.empty_foreign_data,
        wait_seconds=main.wait_seconds,
    )
