"""Chunks made, and counted, by the workers of a Dask cluster: one on this machine, or one that is there already.

Dask hands chunks out, and hands them out again when a worker is lost. Workers write their parts where this process
reads them, so both need the same folder or URL; what they send is no more than the parts' SHA-256, or sums.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pyarrow as pa

from seed_pipeline.pipeline.sources import MAKERS, digest_of
from seed_pipeline.pipeline.work import Done, Work
from seed_pipeline.settings import Main, SettingsError
from seed_pipeline.store.parts import read_part

try:
    from dask import config
    from distributed import Client, KilledWorker, LocalCluster
except ImportError:
    raise SettingsError(
        "main.workers, main.scheduler", None, "Dask is not installed", "pip install 'seed-pipeline[cluster]'"
    ) from None

T = TypeVar("T")
R = TypeVar("R")
_CODE = (*MAKERS, "quality", "pipeline/summing.py")
"""What workers have to have as we have it."""
AT_ONCE = 2
"""Chunks under way for each worker: the next is there when one is done."""
Sent = tuple[dict[str, dict[str, str]], pa.Table | None]
"""Entity → table → SHA-256 of the part, and the chunk's dashboard."""


def in_order(works: Sequence[Work], main: Main) -> Iterator[Done]:
    """Every chunk, in order. Raises SettingsError where the cluster cannot be had, or loses every worker on a chunk."""
    for work, sent in zip(works, mapped(_made, works, main), strict=True):
        yield _received(work, *sent)


def mapped(work: Callable[[T], R], of: Sequence[T], main: Main) -> Iterator[R]:
    """What workers make of each, in order; a few under way for each worker. Raises SettingsError as `in_order`."""
    with _client(main) as client:
        waiting: deque = deque()
        for number, one in enumerate(of):
            waiting.append((number, client.submit(work, one, pure=False)))
            if len(waiting) > AT_ONCE * max(1, len(client.nthreads())):
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())


def _made(work: Work) -> Sent:
    """What a worker does."""
    done = work.do()
    return {entity: {part.table: part.sha256 for part in parts} for entity, parts in done.parts.items()}, done.dashboard


def _result(number: int, future: Any) -> Any:
    try:
        return future.result()
    except KilledWorker:
        why = f"chunk {number} ended every worker that tried it, most likely for want of memory"
        raise SettingsError(
            "main.chunk_cohorts", None, why, "make chunks smaller, or give workers more memory"
        ) from None


def _received(work: Work, sent: dict[str, dict[str, str]], dashboard: pa.Table | None) -> Done:
    folders = work.folders.items()
    parts = {e: [read_part(folder, t, work.number, sha) for t, sha in sent[e].items()] for e, folder in folders}
    return Done(parts, dashboard)


@contextmanager
def started(workers: int) -> Iterator[str]:
    """A cluster on this machine, of one thread a worker; the scheduler's address."""
    local = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=workers, **local) as found:
        yield found.scheduler_address


@contextmanager
def _client(main: Main) -> Iterator[Client]:
    with ExitStack() as stack:
        # A lost worker is no news: its chunks are made again.
        stack.enter_context(config.set({"distributed.comm.timeouts.connect": "10s"}))
        where = main.scheduler or stack.enter_context(started(main.workers))
        try:
            client = stack.enter_context(Client(where, timeout=10))
        except (OSError, ValueError) as error:
            why = f"no Dask scheduler answers there ({error})"
            raise SettingsError("main.scheduler", main.scheduler, why, "start one: dask scheduler") from None
        _must_be_of_one_mind(client, main.scheduler)
        yield client


def _must_be_of_one_mind(client: Client, where: str) -> None:
    """Raise SettingsError unless there are workers, and all have our code: the same bytes, whoever makes them (X1)."""
    ours = digest_of(*_CODE)
    try:
        theirs = client.run(digest_of, *_CODE)
    except ModuleNotFoundError:
        theirs = {"a worker": None}
    if not theirs:
        raise SettingsError("main.scheduler", where, "the cluster has no workers", "start some: dask worker ADDRESS")
    if other := [address for address, digest in theirs.items() if digest != ours]:
        why = f"{other[0]} does not have this version of seed_pipeline, and would make other data"
        raise SettingsError("main.scheduler", where, why, "install the same version on every worker")
