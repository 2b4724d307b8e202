"""Loading judged artifacts into empty and filled databases, beside the databases' own pace."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import floor, making, work
from benchmarks.figure import Figure

TITLE = "Loading: judged artifacts into a database"
PACKAGES = ("sqlalchemy", "psycopg", "pyarrow")


def measured(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """Both databases at the largest size up to 150,000 sessions."""
    size = max([s for s in sizes if s <= 150_000], default=min(sizes))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = making.generated(size, folder / "made")
        work.step("judging", folder / "made", size)
        yield from _sqlite(folder, made)
        yield from _postgres(folder, made)


def _sqlite(folder: Path, made: Figure) -> Iterator[Figure]:
    inserting, turning = floor.executemany(folder / "made", folder / "floor.db")
    yield _row("floor: SQLite executemany, rows at hand", inserting, made)
    yield _row("floor: the same from columns", inserting + turning, made)
    yield from _loads("SQLite", folder, f"sqlite:///{folder / 'ours.db'}", inserting, made)


def _postgres(folder: Path, made: Figure) -> Iterator[Figure]:
    with postgres(folder) as database:
        raw = floor.copy(folder / "made", database("floor"))
        yield _row("floor: PostgreSQL COPY, text at hand", raw, made)
        yield from _loads("PostgreSQL", folder, database("ours"), raw, made)


def _loads(name: str, folder: Path, target: str, raw: float, made: Figure) -> Iterator[Figure]:
    first = work.step("loading", folder / "made", target, made.sessions)
    to = "the floor's pace"
    row = _row(f"load into empty {name}", first.seconds, made, first.megabytes, raw / first.seconds, to, "≥ 0.6 ×")
    yield replace(row, cpu=first.cpu)
    again = work.step("loading", folder / "made", target, made.sessions)
    ratio, to = again.seconds / first.seconds, "the time of the first load"
    row = _row(f"the same again into {name}", again.seconds, made, again.megabytes, ratio, to, "≤ 0.3 ×")
    yield replace(row, cpu=again.cpu)


def _row(
    name: str,
    seconds: float,
    made: Figure,
    megabytes: float | None = None,
    ratio: float | None = None,
    to: str = "",
    wanted: str = "",
) -> Figure:
    return Figure(name, seconds, made.sessions, made.rows, made.cells, megabytes, ratio, to, wanted)


@contextmanager
def postgres(folder: Path) -> Iterator[Callable[[str], str]]:
    """A server of our own (or TEST_DATABASE_URL's); called with a name it makes an empty database and gives its URL."""
    import psycopg

    from seed_pipeline.testing.postgres import running

    with running(None, folder) as server, psycopg.connect(_raw(server.url), autocommit=True) as connection:
        made: list[str] = []

        def database(name: str) -> str:
            connection.execute(f'DROP DATABASE IF EXISTS "benchmark_{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "benchmark_{name}" TEMPLATE template0')
            made.append(name)
            return _raw(server.url.set(database=f"benchmark_{name}"))

        try:
            yield database
        finally:
            for name in made:
                connection.execute(f'DROP DATABASE IF EXISTS "benchmark_{name}" WITH (FORCE)')
    shutil.rmtree(folder / "postgres", ignore_errors=True)


def _raw(url) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
