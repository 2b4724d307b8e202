"""The least that the work could take: the same rows written, drawn or loaded by the shortest code there is."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from seed_pipeline import schema
from seed_pipeline.core.sampling import randomness


def parquet_parts(folder: Path) -> list[Path]:
    """Every part that a generation wrote."""
    return sorted(folder.rglob("*.parquet"))


def writing(folder: Path) -> tuple[float, float]:
    """Seconds, and those of the core, to write the parts again: the same Arrow tables, the same compression."""
    seconds = cpu = 0.0
    for part in parquet_parts(folder):
        table = pq.read_table(part)
        started, before = time.perf_counter(), time.process_time()
        pq.write_table(table, part.with_name("again"), compression="zstd")
        seconds, cpu = seconds + time.perf_counter() - started, cpu + time.process_time() - before
        part.with_name("again").unlink()
    return seconds, cpu


def drawing(draws: int) -> tuple[float, float]:
    """Seconds, and those of the core, for so many keyed draws, a hundred thousand at a time."""
    keys = np.arange(100_000, dtype=np.uint64)
    started, before = time.perf_counter(), time.process_time()
    for _ in range(-(-draws // len(keys))):
        randomness.uniform(42, "benchmark", keys)
    return time.perf_counter() - started, time.process_time() - before


def draws_of(work: Any) -> int:
    """How many draws the work takes."""
    counted, bits = 0, randomness.bits

    def counting(*arguments: Any) -> np.ndarray:
        nonlocal counted
        result = bits(*arguments)
        counted += len(result)
        return result

    with patch.object(randomness, "bits", counting):
        work()
    return counted


def released(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """The tables of a release chunk by chunk, in an order in which keys are there before they are referred to."""
    from seed_pipeline.store.artifacts import Artifacts
    from seed_pipeline.store.frames import to_arrow

    for tables in Artifacts(folder).release():
        for table in schema.metadata.sorted_tables:
            if table.name in tables and len(tables[table.name]):
                yield table.name, to_arrow(table.name, tables[table.name])


def executemany(folder: Path, target: Path) -> tuple[float, float]:
    """Seconds of SQLite's `executemany` and commit, and of turning columns into its rows, into tables with keys."""
    from seed_pipeline.store import database
    from seed_pipeline.store.sqlite_values import values

    database.create_missing(database.connect(f"sqlite:///{target}"))
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA foreign_keys = ON")
    turning = inserting = 0.0
    for name, data in released(folder):
        started = time.perf_counter()
        rows = list(zip(*(values(data.column(c)) for c in data.column_names), strict=True))
        turned = time.perf_counter()
        marks = ", ".join("?" * data.num_columns)
        names = ", ".join(f'"{c}"' for c in data.column_names)
        connection.executemany(f'INSERT INTO "{name}" ({names}) VALUES ({marks})', rows)
        turning, inserting = turning + turned - started, inserting + time.perf_counter() - turned
    started = time.perf_counter()
    connection.commit()
    connection.close()
    return inserting + time.perf_counter() - started, turning


def copy(folder: Path, target: str, *, there: bool = False) -> float:
    """Seconds of COPY and commit in PostgreSQL, the text at hand, into tables with our keys, or those `there`."""
    import psycopg

    from seed_pipeline.store import database

    if not there:
        database.create_missing(database.connect(target))
    seconds = 0.0
    with psycopg.connect(target) as connection:
        for name, data in released(folder):
            text = pa.BufferOutputStream()
            pacsv.write_csv(data, text, pacsv.WriteOptions(include_header=False))
            place = "" if name in schema.PLATFORM else f"{schema.OWN_SCHEMA}."
            names = ", ".join(f'"{c}"' for c in data.column_names)
            started = time.perf_counter()
            with connection.cursor().copy(f"COPY {place}{name} ({names}) FROM STDIN (FORMAT csv)") as stream:
                stream.write(text.getvalue())
            seconds += time.perf_counter() - started
        started = time.perf_counter()
        connection.commit()
    return seconds + time.perf_counter() - started
