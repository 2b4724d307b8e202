"""Judging: every statement and every column of a release, beside what making it took."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import making, work
from benchmarks.figure import Figure

TITLE = "Judging: all statements over the artifacts"
PACKAGES = ("duckdb", "pandera", "pandas")


def measured(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """The verdicts at each size against making it: core-seconds, those of the imports on generate's side alone."""
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            out = Path(folder, str(size))
            made = making.generated(size, out)
            took = work.step("judging", out, size)
            ratio, to = took.cpu / (made.cpu or 1), "the CPU of generate"
            wanted = "≤ 0.4 s" if size == 150 else "≤ 0.25 ×, ≤ 2,048 MiB"
            yield Figure(
                "judge", took.seconds, size, made.rows, made.cells, took.megabytes, ratio, to, wanted, took.cpu
            )
