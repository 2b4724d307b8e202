"""From settings to artifacts: chunk by chunk in one pass, or one entity from what is there; in one process or more."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seed_pipeline import schema
from seed_pipeline.core.dataset import ENTITIES, Closing, chunks
from seed_pipeline.pipeline.hands import in_order
from seed_pipeline.pipeline.sheaf import Sheaf
from seed_pipeline.pipeline.sources import MAKERS, digest_of
from seed_pipeline.pipeline.wishes import digest, stamp, world_of
from seed_pipeline.pipeline.work import Opened, Work
from seed_pipeline.settings import Main, Settings, SettingsError
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.journal import Journal
from seed_pipeline.store.places import is_shared

Progress = Callable[[str, int, int], None]
"""Called with what is being done (`making`, `rows`, an entity's name, `checks` …), how much is done, of how much."""


_WATCHER: ContextVar["Progress | None"] = ContextVar("watcher", default=None)


@contextmanager
def watched(progress: Progress) -> Iterator[None]:
    """Let `progress` see all that happens inside, also where Dagster stands between the caller and the engine."""
    token = _WATCHER.set(progress)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def watch() -> Progress:
    """Whoever watches at the moment."""
    return _WATCHER.get() or silent


def both(one: Progress, other: Progress) -> Progress:
    """Progress that two watch."""

    def tell(stage: str, done: int, total: int) -> None:
        one(stage, done, total)
        other(stage, done, total)

    return tell


def silent(stage: str, done: int, total: int) -> None:
    """Progress nobody watches."""


@dataclass(frozen=True)
class Made:
    """An entity about to be made and written, from its upstream tables."""

    entity: str
    settings: Settings
    upstream: Mapping[str, Opened]
    progress: Progress = silent

    def write(self, artifacts: Artifacts) -> Manifest:
        """Replace the entity's artifacts."""
        return _write([self.entity], self.settings, artifacts, self.progress, self.upstream)[0]


def made(entity: str, settings: Settings, upstream: Mapping[str, Opened], progress: Progress = silent) -> Made:
    """One entity from its upstream tables; the same bytes for any number of processes and any chunk size (X1).

    Raises SettingsError when the upstream tables were made for another world (seed, sessions, window).
    """
    must_agree(settings, {name: opened.manifest for name, opened in upstream.items()})
    return Made(entity, settings, upstream, progress)


def generate(settings: Settings, out: Path, progress: Progress = silent) -> Artifacts:
    """All entities, in one pass over each chunk, as Parquet under `out`. Raises SettingsError, StoreError.

    A run that was interrupted goes on after its last whole chunk, if the same code is asked for the same.
    """
    artifacts = Artifacts(out)
    key = {"world": world_of(settings), "settings": digest(settings), "code": digest_of(*MAKERS)}
    with artifacts.writing(ENTITIES, settings.main.wait_seconds), Journal(artifacts.root, key) as journal:
        _write(ENTITIES, settings, artifacts, progress, journal=journal)
    return artifacts


def must_agree(settings: Settings, manifests: Mapping[str, Manifest]) -> None:
    """Raise SettingsError unless all these artifacts belong to the world that `settings` describe."""
    asked = world_of(settings)
    for asset, manifest in manifests.items():
        has: dict[str, Any] = manifest.metadata.get("world", {})
        for key, value in asked.items():
            if has.get(key) != value:
                remedy = f"materialize all assets together with {key} {value}, or ask for {key} {has.get(key)} again"
                why = f"the artifacts of {asset} were made with {key} {has.get(key)}, and two worlds do not mix"
                file = "defects.yaml" if key in ("inject", "scenes") else "main.yaml"
                raise SettingsError(f"{file}, {key}", value, why, remedy)


def released_rows(artifacts: Artifacts, answer_key: bool = True) -> dict[str, int]:
    """Rows of every table of the release, in schema order."""
    found = {name: 0 for name in schema.FILLED if answer_key or name not in schema.ANSWER_KEY}
    for asset in artifacts.assets():
        for name, count in artifacts.manifest(asset).rows.items():
            if name in found and schema.makes_rows(asset, name):
                found[name] += count
    return found


def _write(
    entities: Sequence[str],
    settings: Settings,
    artifacts: Artifacts,
    progress: Progress,
    upstream: Mapping[str, Opened] | None = None,
    journal: Journal | None = None,
) -> list[Manifest]:
    """Make the chunks of all entities, or of one from its `upstream`, and publish them when all are there."""
    ranges = chunks(settings)
    with ExitStack() as stack:
        drafts = {entity: stack.enter_context(artifacts.draft(entity, journal)) for entity in entities}
        sheaf = Sheaf(drafts, Closing(settings), len(ranges), progress, journal)
        sheaf.resume()
        folders = {entity: draft.folder for entity, draft in drafts.items()}
        works = [Work(settings, n, cohorts, folders, upstream) for n, cohorts in enumerate(ranges) if n >= sheaf.done]
        for done in in_order(works, _main(settings, artifacts)):
            sheaf.add(done)
        return [draft.publish(stamp(entity, settings)) for entity, draft in drafts.items()]


def _main(settings: Settings, artifacts: Artifacts) -> Main:
    """Who makes the chunks: this process alone, where no other sees what is written."""
    main = settings.main
    if is_shared(artifacts.root):
        return main
    if main.workers or main.scheduler:
        why = "what is in this process's memory is seen by no worker"
        raise SettingsError("main.artifacts", str(artifacts.root), why, "name a folder or a URL that all of them see")
    return main.model_copy(update={"processes": 1})
