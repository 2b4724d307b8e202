"""Who makes the chunks: this process, several of this machine, or the workers of a Dask cluster."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from seed_pipeline.pipeline.parcel import Parcel, opened

if TYPE_CHECKING:  # whoever expects much work starts hands before there is time to load what it takes
    from seed_pipeline.pipeline.work import Done, Work
    from seed_pipeline.settings import Main

MUCH = 37_500
"""Sessions: as many for each process are worth its start."""


def expect(asked: Mapping[str, Any]) -> None:
    """What is asked for on a command line: processes that help with it start while this one reads the settings."""
    named = any(text.startswith("main.processes") for text in asked.get("overrides") or ())
    if not named and asked.get("workers") is None and asked.get("scheduler") is None:
        for _ in range(1, min(cores(), (asked["sessions"]) // MUCH)):
            _pool(cores() - 1).submit(import_module, "seed_pipeline.pipeline.work")


def in_order(works: "Sequence[Work]", main: "Main") -> "Iterator[Done]":
    """Every chunk, in order, whoever makes it."""
    if main.workers or main.scheduler:
        from seed_pipeline.pipeline import cluster

        return cluster.in_order(works, main)
    processes = processes_for(main, len(works))
    return (work.do() for work in works) if processes <= 1 else _by_processes(works, processes)


def processes_for(main: "Main", ranges: int) -> int:
    """How many processes make the chunks: the cores, where `main.processes` leaves it open; one for each at most."""
    return min(cores() if main.processes == "auto" else main.processes, ranges)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _by_processes(works: "Sequence[Work]", processes: int) -> "Iterator[Done]":
    """Each process takes the next chunk when it is free, this one among them."""
    others = _Others(works, processes - 1)
    own: dict[int, Done] = {}
    for number in [work.number for work in works]:
        while number not in own and not others.made(number):
            if (mine := others.take()) is None:
                break
            own[mine.number] = mine.do()
        yield own.pop(number) if number in own else others.result(number)


class _Others:
    """The other processes: each is handed the next chunk when it has made one."""

    def __init__(self, works: "Sequence[Work]", processes: int) -> None:
        self._left, self._pool = deque(works), _pool(max(cores() - 1, processes))
        self._futures: dict[int, Future[Parcel]] = {}
        self._lock = Lock()
        for _ in range(processes):
            self._hand()

    def take(self) -> "Work | None":
        """The next chunk that nobody makes yet."""
        with self._lock:
            return self._left.popleft() if self._left else None

    def made(self, number: int) -> bool:
        """Whether one of them has made the chunk."""
        return number in self._futures and self._futures[number].done()

    def result(self, number: int) -> "Done":
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
            future = self._futures[work.number] = self._pool.submit(_sent, work)
        future.add_done_callback(self._hand)


def _sent(work: "Work") -> Parcel:
    return work.send()


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """So many processes at most: they start afresh (spawn) on every platform when needed, and live as long as this."""
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
