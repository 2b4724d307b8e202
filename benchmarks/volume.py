"""Rows per second and peak memory at three sizes, in one go on one machine: `make bench`.

Figures of one machine say little about another; the ratios between the sizes do. Each command runs in a process of its
own: `generate` (Parquet only) and `run` (with all checks and the load into SQLite).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SIZES = (150, 15_000, 150_000)
MAXRSS_OF_A_MEGABYTE = 1024 * 1024 if sys.platform == "darwin" else 1024
"""getrusage counts bytes on macOS and kibibytes elsewhere."""


class Figure(NamedTuple):
    """What one command took."""

    rows: int
    seconds: float
    megabytes: float

    @property
    def pace(self) -> float:
        """Rows per second, the start of the process included."""
        return self.rows / self.seconds


def main(sizes: Sequence[int] = SIZES) -> None:
    """Measure and print the table."""
    print(f"{'':8} {'sessions':>9} {'rows':>10} {'seconds':>8} {'rows/s':>9} {'pace':>6} {'MiB':>6} {'memory':>7}")
    for command in ("generate", "run"):
        first: Figure | None = None
        for size in sizes:
            figure = measured(command, size)
            first = first or figure
            pace, memory = figure.pace / first.pace, figure.megabytes / first.megabytes
            print(
                f"{command:8} {size:9,} {figure.rows:10,} {figure.seconds:8.1f} {figure.pace:9,.0f} {pace:5.1f}x "
                f"{figure.megabytes:6,.0f} {memory:6.1f}x",
                flush=True,
            )


def measured(command: str, sessions: int) -> Figure:
    """One command at one size, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        where = ["--out", folder] if command == "generate" else ["--target", f"sqlite:///{Path(folder, 'seed.db')}"]
        entry = [sys.executable, "-c", "from seed_pipeline.cli import main; main()"]
        output = Path(folder, "output.json")
        started = time.perf_counter()
        with output.open("w", encoding="utf-8") as stream:
            arguments = [command, "--sessions", str(sessions), "--json", *where]
            process = subprocess.Popen([*entry, *arguments], stdout=stream)
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if status:
            sys.exit(f"{command} with {sessions} sessions failed")
        rows = json.loads(output.read_text(encoding="utf-8"))["rows"]
        return Figure(sum(rows.values()), seconds, usage.ru_maxrss / MAXRSS_OF_A_MEGABYTE)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
