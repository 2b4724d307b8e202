"""The memory of a process and of all that it started, together, as it goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY = 0.25
"""Seconds between two looks."""


class Peak:
    """The most that was seen at once, in MiB; pages that several processes share are counted once."""

    def __init__(self) -> None:
        self.megabytes: float | None = None


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Look at a process, its children and theirs until the end of the block; nothing is seen without Linux's /proc."""
    peak, over = Peak(), threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            peak.megabytes = max(peak.megabytes or 0.0, sum(map(_megabytes, family(pid))))

    looking = threading.Thread(target=look, daemon=True)
    if Path("/proc/self/smaps_rollup").exists():
        looking.start()
    try:
        yield peak
    finally:
        over.set()


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[1-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(process.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _megabytes(pid: int) -> float:
    """The process's share of the memory, by the kernel's PSS."""
    try:
        lines = Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
