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
    with _elsewhere(out) if "://" in out else _folder(Path(out)) as place:
        scratch = {"temp_directory": str(place.tables.with_name("scratch"))}
        with duckdb.connect(config=_CONFIG | scratch) as connection:
            connection.execute("SET enable_progress_bar = false")
            for done, (name, relation) in enumerate(tables.items()):
                progress("export", done, len(tables))
                target = str(place.tables / name).replace("'", "''")
                connection.execute(f"COPY ({typed(name, relation)}) TO '{target}' ({_PARQUET})")
                place.written(name)
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
def _elsewhere(out: str) -> Iterator[_Place]:
    with tempfile.TemporaryDirectory(prefix="seed-pipeline-export-") as draft, _explained(out):
        from fsspec.core import url_to_fs

        files, path = url_to_fs(out)
        if files.exists(path) and files.ls(path):
            raise _taken(out)
        tables = Path(draft, "tables")
        tables.mkdir()

        def written(name: str) -> None:
            files.makedirs(f"{path}/{name}", exist_ok=True)
            for file in sorted((tables / name).iterdir()):
                files.put_file(str(file), f"{path}/{name}/{file.name}")
                file.unlink()

        yield _Place(tables, written)


@contextmanager
def _explained(out: str) -> Iterator[None]:
    """Whatever keeps a filesystem from being written, in a sentence."""
    try:
        yield
    except (StoreError, duckdb.Error):
        raise
    except ImportError as error:
        raise StoreError(out, None, f"the package for such URLs is missing ({error})", "install it") from None
    except Exception as error:  # each filesystem has errors of its own
        why = f"it cannot be written ({' '.join(str(error).split()) or type(error).__name__})"
        remedy = "check the address and the credentials, which come from the environment"
        raise StoreError(out, None, why, remedy) from None


def _taken(out: str) -> StoreError:
    return StoreError(out, None, "there is something already", "name a folder that is new or empty")
