"""Volume: made by Dask workers and judged, with the memory of all processes together; asked for by name.

`make bench BENCH="volume --sessions 1500000 15000000"` (some 20 GB of disk for 15 M).
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import making, work
from benchmarks.figure import Figure

TITLE = "Volume: two Dask workers, then the judge; MiB of all processes together"
PACKAGES = ("distributed", "numpy", "pyarrow", "duckdb")
WORKERS, WANTED = 2, "≤ 10.5 × and ≤ 1,536 MiB"


def measured(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """Making and judging at each size, against the size before."""
    before: list[Figure] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            out = Path(name, "made")
            made = replace(making.generated(size, out, workers=WORKERS), work=f"generate --workers {WORKERS}")
            took = work.process([*work.COMMAND, "check", "--artifacts", str(out), "--json"])
            now = [made, replace(made, work="check", seconds=took.seconds, cpu=took.cpu, megabytes=took.in_all)]
            for figure, smaller in zip(now, before or now, strict=True):
                row = replace(figure, wanted=WANTED)
                grown = figure.seconds / smaller.seconds
                yield replace(row, ratio=grown, to=f"the time of {smaller.sessions:,}") if before else row
            before = now
            shutil.rmtree(out)
