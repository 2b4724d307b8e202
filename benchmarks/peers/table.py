"""Our pace and the peers', in one run at one size, tables of the same shape."""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import floor, loading, machine, making, work
from benchmarks.figure import Figure
from benchmarks.peers import place
from benchmarks.peers.shape import MOST_VALUES, shape
from benchmarks.work import Took

TITLE = "Peers: tables of the same shape and size"
PACKAGES = ("numpy", "pyarrow", "duckdb", "psycopg")
DRIZZLED = 15_000
"""drizzle-seed and the plain script make no more sessions than this: their pace does not grow, their time does."""
REMARKS = f"""

What these figures do not show:

- **Ours** keeps the contract: personas, rules of cause and effect, stories, people who are never double-booked, texts
  that fit the numbers, and the answer key. `run` judges every statement and owns the rows it loads. Its seconds count
  from the start of the process; the peers' count from their first row, and their start is a row of its own.
- **dbldatagen** on Spark `local[N]`, N the cores: each column is drawn by itself, so keys exist, and nothing else is
  related. No correlations, no contract, no answer key, no load. Texts come from up to {MOST_VALUES} ready ones a
  column, the quickest it has. Memory is not measured: it is another process's, the JVM's.
- **drizzle-seed**: the same, row by row on one core, inserted by several rows a statement. It keeps neither references
  nor several columns together unique, so its tables go without such primary keys; it makes no nulls here, and holds
  tables that are referred to in memory.
- **pandas and Faker**: the script that most people write: row by row on one core, `to_parquet`, `to_sql` into tables of
  its own without keys, UUIDs and enumerations.

Versions of the peers: benchmarks/peers/requirements.txt and benchmarks/peers/package.json.
"""


def measured(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """To Parquet at each size (150 says nothing of a pace), into PostgreSQL at up to 15,000 sessions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work.pipeline("generate", "--out", folder / "sample", sessions=1_500)
        for size in [s for s in sizes if s > 150] or sizes:
            yield from _files(folder, size)
        small = max([s for s in sizes if s <= DRIZZLED], default=min(sizes))
        with loading.postgres(folder) as database:
            yield from _databases(folder, small, database)


def _files(folder: Path, size: int) -> Iterator[Figure]:
    out = folder / str(size)
    ours = replace(making.generated(size, out), work="ours: generate to Parquet", wanted="")
    shutil.rmtree(out)
    yield ours
    asked = _shape(folder, size)
    cores = str(machine.cores())

    def spark() -> Took:
        place.java()
        python = place.python()
        command = [str(python), str(place.HERE / "spark_dbldatagen.py"), str(asked), str(folder / "spark"), cores]
        return work.process(command, PYSPARK_PYTHON=str(python))._replace(megabytes=None)

    def faker() -> Took:
        return work.process(
            [str(place.python()), str(place.HERE / "pandas_faker.py"), str(asked), str(folder / "faker")]
        )

    yield from _compared("dbldatagen to Parquet", spark, ours, "≥ 1 × in cells/s")
    shutil.rmtree(folder / "spark", ignore_errors=True)
    (folder / "faker").mkdir(exist_ok=True)
    yield from _compared("pandas and Faker to Parquet", faker, ours, "")


def _databases(folder: Path, size: int, database: Callable[[str], str]) -> Iterator[Figure]:
    took = work.pipeline("run", "--target", database("ours"), sessions=size)
    counts = _counts(took.said["rows"])
    ours = Figure("ours: run into PostgreSQL", took.seconds, size, *counts, took.megabytes, cpu=took.cpu)
    yield ours
    making.generated(size, folder / "judged")
    work.step("judging", folder / "judged", size)
    load = work.step("loading", folder / "judged", database("load"), size)
    alone = Figure("ours: the load alone", load.seconds, size, *counts, load.megabytes, cpu=load.cpu)
    yield alone
    asked = _shape(folder, size)

    def drizzle() -> Took:
        home, url = place.node(), _prepared(database("drizzle"))
        took = work.process(["node", str(home / "drizzle_seed.mjs"), str(asked), url])
        _must_hold(url, counts[0])
        return took

    def faker() -> Took:
        script, url = str(place.HERE / "pandas_faker.py"), database("faker")
        return work.process([str(place.python()), script, str(asked), str(folder / "faker"), url])

    found = list(_compared("drizzle-seed into PostgreSQL", drizzle, alone, "≥ 50 ×"))
    yield from found
    for tables, url in (("our tables", database("floor")), ("its tables, fewer keys", _prepared(database("bare")))):
        least = floor.copy(folder / "judged", url, there=tables != "our tables")
        row = Figure(f"floor: COPY into {tables}, text at hand", least, size, *counts)
        yield replace(row, ratio=row.pace / found[0].pace, to="its pace against drizzle-seed's: the most there is")
    yield from _compared("pandas and Faker into PostgreSQL", faker, alone, "")


def _compared(name: str, run: Callable[[], Took], ours: Figure, wanted: str) -> Iterator[Figure]:
    """The peer's rows; where it cannot be had, a row that names what is missing."""
    try:
        took = run()
    except place.MissingError as missing:
        yield Figure(f"{name}: not measured, needs {missing}", float("nan"), ours.sessions)
        return
    counts = (ours.sessions, ours.rows, ours.cells, took.megabytes)
    its = Figure(name, took.said["seconds"], *counts, cpu=took.said["cpu"])
    yield replace(its, ratio=ours.pace / its.pace, to=f"{ours.work} against its pace", wanted=wanted)
    yield Figure(f"its start, before the first row: {name.partition(' to ')[0]}", took.said["start"], ours.sessions)


def _shape(folder: Path, size: int) -> Path:
    """The shape at a size, in a file; the rows are those that ours had."""
    said = work.pipeline("generate", "--out", folder / "counted", sessions=size).said
    shutil.rmtree(folder / "counted")
    asked = folder / f"shape_{size}.json"
    asked.write_text(json.dumps(shape(folder / "sample", said["rows"])), encoding="utf-8")
    return asked


def _counts(rows: dict[str, int]) -> tuple[int, int]:
    from seed_pipeline import schema

    return sum(rows.values()), sum(n * len(schema.metadata.tables[name].columns) for name, n in rows.items())


def _must_hold(url: str, rows: int) -> None:
    """Exit where a peer did not write the rows that its seconds are counted for."""
    import psycopg

    from seed_pipeline import schema

    with psycopg.connect(url) as connection:
        found = [connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() for name in schema.FILLED]
    if (there := sum(row[0] for row in found if row)) != rows:
        sys.exit(f"the peer wrote {there:,} rows, and was asked for {rows:,}")


def _prepared(url: str) -> str:
    """Our tables without primary keys but `id`; names are found in both schemas."""
    import psycopg

    from seed_pipeline import schema
    from seed_pipeline.store import database

    database.create_missing(database.connect(url))
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET search_path = public, {schema.OWN_SCHEMA}')
        for table in schema.metadata.tables.values():
            if [c.name for c in table.primary_key] != ["id"]:
                key = table.primary_key.name or f"{table.name}_pkey"
                place_ = "" if table.name in schema.PLATFORM else f"{schema.OWN_SCHEMA}."
                connection.execute(f'ALTER TABLE {place_}{table.name} DROP CONSTRAINT "{key}"')
    return url
