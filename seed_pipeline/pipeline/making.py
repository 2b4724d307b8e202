"""From settings to artifacts: chunk by chunk in one pass, or one entity from what is there; in one process or more."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import pyarrow as pa

from seed_pipeline.core.dataset import ENTITIES, Arrow, Closing, again, chunk, chunks
from seed_pipeline.pipeline.parcel import Parcel, opened, packed
from seed_pipeline.pipeline.wishes import stamp, world_of
from seed_pipeline.settings import Settings, SettingsError
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.parts import Part, write_part

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

    def chunk(self, number: int) -> Arrow:
        """The tables of one chunk; those of `reference` are the first chunk's for every chunk."""
        return Artifacts(self.root).arrow(self.asset, 0 if self.asset == "reference" else number)


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
    """All entities, in one pass over each chunk, as Parquet under `out`. Raises SettingsError, StoreError."""
    artifacts = Artifacts(out)
    artifacts.claim(ENTITIES)
    _write(ENTITIES, settings, artifacts, progress)
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


def _write(
    entities: Sequence[str],
    settings: Settings,
    artifacts: Artifacts,
    progress: Progress,
    upstream: Mapping[str, Opened] | None = None,
) -> list[Manifest]:
    """Make the chunks of all entities, or of one from its `upstream`, and publish them when all are there."""
    ranges, closing = chunks(settings), Closing(settings)
    for entity in entities:
        progress(entity, 0, len(ranges))
    with ExitStack() as stack:
        drafts = {entity: stack.enter_context(artifacts.draft(entity)) for entity in entities}
        works = [
            Work(settings, number, cohorts, len(ranges), {e: d.folder for e, d in drafts.items()}, upstream)
            for number, cohorts in enumerate(ranges)
        ]
        for number, done in enumerate(_in_order(works, processes_for(settings, len(ranges)))):
            for entity, parts in done.parts.items():
                for part in parts:
                    drafts[entity].add(part)
                progress(entity, number + 1, len(ranges))
            if done.dashboard is not None:
                last = closing.add(done.dashboard, number + 1 == len(ranges))
                key = drafts["answer_key"]
                key.add(write_part(key.folder, "truth_dashboard", number, last))
        return [draft.publish(stamp(entity, settings)) for entity, draft in drafts.items()]


@dataclass(frozen=True)
class Work:
    """One chunk to be made and written. Pickles into other processes."""

    settings: Settings
    number: int
    cohorts: range
    chunks: int
    folders: Mapping[str, Path]
    upstream: Mapping[str, Opened] | None

    def do(self) -> "Done":
        """Make the chunk and write its parts; what is said of everybody is left to who knows all chunks."""
        parts, dashboard = {}, None
        for entity, tables in self._made():
            held = tables.pop("truth_dashboard", None)
            dashboard = held if held is not None else dashboard
            folder = self.folders[entity]
            parts[entity] = [write_part(folder, name, self.number, data) for name, data in tables.items()]
        return Done(parts, dashboard)

    def send(self) -> Parcel:
        """The same, for another process."""
        return packed(self.do(), next(iter(self.folders.values())) / f"{self.number}.parcel")

    def _made(self) -> Iterator[tuple[str, Arrow]]:
        if self.upstream is None:
            yield from chunk(self.settings, self.cohorts)
            return
        (entity,) = self.folders
        upstream = {name: opened.chunk(self.number) for name, opened in self.upstream.items()}
        yield entity, again(entity, self.settings, self.cohorts, upstream)


class Done(NamedTuple):
    """The parts that were written of each entity, and the chunk's rows of `truth_dashboard`."""

    parts: dict[str, list[Part]]
    dashboard: pa.Table | None


def processes_for(settings: Settings, ranges: int) -> int:
    """How many processes make the chunks: the cores, where `main.processes` leaves it open; one for each at most."""
    asked = settings.main.processes
    return min(cores() if asked == "auto" else asked, ranges)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_order(works: Sequence[Work], processes: int) -> Iterator[Done]:
    """Every chunk, in order. With several processes each takes the next when it is free, this one among them."""
    if processes == 1:
        yield from (work.do() for work in works)
        return
    others = _Others(works, processes - 1)
    own: dict[int, Done] = {}
    for number in range(len(works)):
        while number not in own and not others.made(number):
            if (mine := others.take()) is None:
                break
            own[mine.number] = mine.do()
        yield own.pop(number) if number in own else others.result(number)


class _Others:
    """The other processes: each is handed the next chunk when it has made one."""

    def __init__(self, works: Sequence[Work], processes: int) -> None:
        self._left, self._pool = deque(works), _pool(processes)
        self._futures: dict[int, Future[Parcel]] = {}
        self._lock = Lock()
        for _ in range(processes):
            self._hand()

    def take(self) -> Work | None:
        """The next chunk that nobody makes yet."""
        with self._lock:
            return self._left.popleft() if self._left else None

    def made(self, number: int) -> bool:
        """Whether one of them has made the chunk."""
        return number in self._futures and self._futures[number].done()

    def result(self, number: int) -> Done:
        """The chunk, as soon as it is made; raises what went wrong."""
        done: Done = opened(self._futures.pop(number).result())
        return done

    def _hand(self, before: "Future[Parcel] | None" = None) -> None:
        if before is not None and (before.cancelled() or before.exception()):
            return
        with self._lock:
            if not self._left:
                return
            work = self._left.popleft()
            future = self._futures[work.number] = self._pool.submit(Work.send, work)
        future.add_done_callback(self._hand)


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that start afresh (spawn), the same on every platform, and live as long as this one."""
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
