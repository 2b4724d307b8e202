"""The second it takes: whole commands at the default size, from a cold process, beside their imports."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import loading, work
from benchmarks.figure import Figure
from benchmarks.work import Took

TITLE = "Starting: whole commands"
PACKAGES = ("dagster", "pydantic", "typer", "duckdb")
IMPORTS = "import numpy, pyarrow, duckdb, pydantic, typer, sqlite3"


def measured(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """`run` and `make seed` at 150 sessions (the best of three), `run` at the largest size up to 150,000."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = _best([work.process([sys.executable, "-c", IMPORTS]) for _ in range(5)])
        imports = floor.seconds
        yield Figure(f"floor: {IMPORTS}", imports, cpu=floor.cpu)
        ran = _best([_run(150, f"sqlite:///{folder / f'{n}.db'}") for n in range(3)])
        yield _row("run, into a new SQLite file", ran, 150, ran.seconds / imports, "the time of the imports", "≤ 2 ×")
        with loading.postgres(folder) as database:
            also = _best([_run(150, database(f"run_{n}")) for n in range(3)])
            ratio, to = also.seconds / ran.seconds, "the time with SQLite"
            yield _row("run, into an empty PostgreSQL database", also, 150, ratio, to, "+ 0.3 s")
        yield from _seed(folder)
        size = max([s for s in sizes if s <= 150_000], default=min(sizes))
        yield _row("run, everything", _run(size, f"sqlite:///{folder / 'large.db'}"), size, wanted="≤ 20 s")


def _seed(folder: Path) -> Iterator[Figure]:
    """What `make seed` does, twice, in a place of its own."""
    home = folder / "home"
    home.mkdir()
    kept = Path(__file__).parents[1] / ".dagster_home" / "dagster.yaml"
    (home / "dagster.yaml").write_text(kept.read_text(encoding="utf-8"), encoding="utf-8")
    where = {"cwd": folder, "DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
    target = ["--target", f"sqlite:///{folder / 'seed.db'}"]
    first = work.pipeline("materialize", *target, sessions=150, **where)
    yield _row("make seed", first, 150)
    again = work.pipeline("materialize", *target, sessions=150, **where)
    yield _row("make seed, nothing changed", again, 150, again.seconds / first.seconds, "the first time", "≤ 5 s")


def _run(sessions: int, target: str) -> Took:
    return work.pipeline("run", "--target", target, sessions=sessions)


def _best(of: list[Took]) -> Took:
    return min(of, key=lambda took: took.seconds)


def _row(name: str, took: Took, sessions: int, ratio: float | None = None, to: str = "", wanted: str = "") -> Figure:
    rows = sum(took.said["rows"].values())
    return Figure(name, took.seconds, sessions, rows, None, took.megabytes, ratio, to, wanted, took.cpu)
