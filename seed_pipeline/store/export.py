"""Whole tables as Parquet for other programs: a folder for each table, its columns complete, its types the schema's."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from seed_pipeline import schema
from seed_pipeline.quality.scope import typed
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.assembly import ASSETS
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.relations import relations

_PARQUET = "FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '256MB', FILENAME_PATTERN 'part-{i}'"
_CONFIG: dict[str, Any] = {
    "memory_limit": "1GB",
    "preserve_insertion_order": "false",
    "autoinstall_known_extensions": "false",
}


def export(
    artifacts: Artifacts, out: Path, answer_key: bool, progress: Callable[[str, int, int], None]
) -> dict[str, int]:
    """Write every table that holds rows to `out`/TABLE/part-N.parquet, out of core; the rows of each table.

    `out` appears when all of it is there. Raises StoreError where it holds something, or an asset is missing.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(str(out), None, "there is something already", "name a folder that is new or empty")
    found = relations(artifacts, [asset for asset in ASSETS if answer_key or asset != "answer_key"])
    tables = {name: relation for name, relation in found.items() if relation.rows}
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as draft:
        with duckdb.connect(config=_CONFIG | {"temp_directory": f"{draft}/scratch"}) as connection:
            for done, (name, relation) in enumerate(tables.items()):
                progress("export", done, len(tables))
                place = str(Path(draft, "tables", name)).replace("'", "''")
                Path(draft, "tables").mkdir(exist_ok=True)
                connection.execute(f"COPY ({typed(name, relation)}) TO '{place}' ({_PARQUET})")
        progress("export", len(tables), len(tables))
        Path(draft, "tables").rename(out)
    return {name: tables[name].rows for name in schema.FILLED if name in tables}
