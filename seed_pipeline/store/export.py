"""Whole tables as Parquet for other programs: a folder for each table, its columns complete, its types the schema's."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from seed_pipeline import schema
from seed_pipeline.quality.scope import typed
from seed_pipeline.schema import ASSETS
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import filesystem, is_local, place, spoken
from seed_pipeline.store.relations import relations

_PARQUET = "FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '256MB', FILENAME_PATTERN 'part-{i}'"
_CONFIG: dict[str, Any] = {
    "memory_limit": "1GB",
    "preserve_insertion_order": "false",
    "autoinstall_known_extensions": "false",
}


@dataclass(frozen=True)
class _Place:
    """Where tables are written to first, and what becomes of each once it is written."""

    tables: Path
    written: Callable[[str], None]


def export(
    artifacts: Artifacts, out: str, answer_key: bool, progress: Callable[[str, int, int], None]
) -> dict[str, int]:
    """Write every table that holds rows to `out`/TABLE/part-N.parquet, out of core; the rows of each table.

    `out` is a folder, which appears when all of it is there, or a URL of fsspec's (s3://, gs://, memory://), where the
    tables appear one by one. Raises StoreError where it holds something, cannot be written, or an asset is missing.
    """
    found = relations(artifacts, [asset for asset in ASSETS if answer_key or asset != "answer_key"])
    tables = {name: relation for name, relation in found.items() if relation.rows}
    target = place(out)
    with _folder(target) if is_local(target) else _elsewhere(target) as room:
        scratch = {"temp_directory": str(room.tables.with_name("scratch"))}
        with duckdb.connect(config=_CONFIG | scratch) as connection:
            connection.execute("SET enable_progress_bar = false")
            for done, (name, relation) in enumerate(tables.items()):
                progress("export", done, len(tables))
                file = str(room.tables / name).replace("'", "''")
                connection.execute(f"COPY ({typed(name, relation)}) TO '{file}' ({_PARQUET})")
                room.written(name)
        progress("export", len(tables), len(tables))
    return {name: tables[name].rows for name in schema.FILLED if name in tables}


@contextmanager
def _folder(out: Path) -> Iterator[_Place]:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise _taken(str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as draft:
        tables = Path(draft, "tables")
        tables.mkdir()
        yield _Place(tables, lambda name: None)
        tables.rename(out)


@contextmanager
def _elsewhere(out: Path) -> Iterator[_Place]:
    with spoken(out):
        if out.exists() and any(out.iterdir()):
            raise _taken(str(out))
    with tempfile.TemporaryDirectory(prefix="seed-pipeline-export-") as draft:
        tables = Path(draft, "tables")
        tables.mkdir()

        def written(name: str) -> None:
            for file in sorted((tables / name).iterdir()):
                with spoken(out):
                    filesystem(out).put_file(str(file), str(out / name / file.name))
                file.unlink()

        yield _Place(tables, written)


def _taken(out: str) -> StoreError:
    return StoreError(out, None, "there is something already", "name a folder that is new or empty")
