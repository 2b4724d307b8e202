"""From settings to artifacts: one entity at a time, chunk by chunk, in one process or several."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from seed_pipeline.core.dataset import ENTITIES, UPSTREAM, Tables, chunks, closed, make
from seed_pipeline.pipeline.wishes import stamp, world_of
from seed_pipeline.settings import Settings, SettingsError
from seed_pipeline.store.artifacts import Artifacts, Manifest

Progress = Callable[[str, int, int], None]
"""Called with what is being done (an entity's name, `checks`, `load`), how many chunks are done, and of how many."""


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


def silent(stage: str, done: int, total: int) -> None:
    """Progress nobody watches."""


@dataclass(frozen=True)
class Opened:
    """An asset's tables on disk: nothing is read before a chunk is asked for. Pickles into other processes."""

    root: Path
    asset: str

    @property
    def manifest(self) -> Manifest:
        """Rows, fingerprint and the settings' stamp; StoreError when the asset was never made."""
        return Artifacts(self.root).manifest(self.asset)

    def chunk(self, number: int) -> Tables:
        """The tables of one chunk; those of `reference` are the first chunk's for every chunk."""
        return Artifacts(self.root).read(self.asset, 0 if self.asset == "reference" else number)


@dataclass(frozen=True)
class Made:
    """An entity about to be written: its chunks, made while they are read, and the stamp for its manifest."""

    entity: str
    chunks: Iterator[Tables]
    stamp: dict[str, object]

    def write(self, artifacts: Artifacts) -> Manifest:
        """Replace the entity's artifacts."""
        return artifacts.write(self.entity, self.chunks, metadata=self.stamp)


def made(entity: str, settings: Settings, upstream: Mapping[str, Opened], progress: Progress = silent) -> Made:
    """One entity from its upstream tables; the same bytes for any number of processes and any chunk size (X1).

    Raises SettingsError when the upstream tables were made for another world (seed, sessions, window).
    """
    must_agree(settings, {name: opened.manifest for name, opened in upstream.items()})
    return Made(entity, _stream(entity, settings, upstream, progress), stamp(entity, settings))


def generate(settings: Settings, out: Path, progress: Progress = silent) -> Artifacts:
    """All entities, in order, as Parquet under `out`. Raises SettingsError, StoreError."""
    artifacts = Artifacts(out)
    artifacts.claim(ENTITIES)
    for entity in ENTITIES:
        made(entity, settings, {name: Opened(out, name) for name in UPSTREAM[entity]}, progress).write(artifacts)
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


def _stream(entity: str, settings: Settings, upstream: Mapping[str, Opened], progress: Progress) -> Iterator[Tables]:
    ranges = chunks(settings)
    progress(entity, 0, len(ranges))
    for done, tables in enumerate(closed(entity, settings, _in_order(entity, settings, ranges, upstream)), start=1):
        yield tables
        progress(entity, done, len(ranges))


def _in_order(entity: str, settings: Settings, ranges: list[range], upstream: Mapping[str, Opened]) -> Iterator[Tables]:
    """Every chunk's tables, in order. With several processes at most two chunks for each are under way."""
    processes = min(settings.main.processes, len(ranges))
    if processes == 1:
        yield from (_chunk(entity, settings, number, cohorts, upstream) for number, cohorts in enumerate(ranges))
        return
    waiting: deque[Future[Tables]] = deque()
    for number, cohorts in enumerate(ranges):
        waiting.append(_pool(settings.main.processes).submit(_chunk, entity, settings, number, cohorts, upstream))
        if len(waiting) > 2 * processes:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _chunk(entity: str, settings: Settings, number: int, cohorts: range, upstream: Mapping[str, Opened]) -> Tables:
    return make(entity, settings, cohorts, {name: opened.chunk(number) for name, opened in upstream.items()})


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that start afresh (spawn), the same on every platform, and live as long as this one."""
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
