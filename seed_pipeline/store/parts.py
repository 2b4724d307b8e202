"""One table of one chunk as a Parquet file, and what its asset's manifest has to know of it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from seed_pipeline.store.digests import Piece, piece
from seed_pipeline.store.frames import to_arrow


class Part(NamedTuple):
    """One table of one chunk, written: what its asset's draft has to know of it."""

    table: str
    chunk: int
    sha256: str
    schema: pa.Schema
    pieces: Mapping[str, Piece]


def write_part(folder: Path, name: str, chunk: int, table: pa.Table | pd.DataFrame) -> Part:
    """Write one table of one chunk. Raises StoreError for values that do not fit the schema's types."""
    data = table if isinstance(table, pa.Table) else to_arrow(name, table)
    kept = pa.schema([lasting(f) for f in data.schema], data.schema.metadata)
    data = data if kept == data.schema else data.cast(kept)
    coded = [f.name for f in kept if pa.types.is_dictionary(f.type)]
    content = pa.BufferOutputStream()
    # Arrow's own schema is kept where pandas left word of its types; all else follows from ours.
    pq.write_table(data, content, compression="zstd", use_dictionary=coded, store_schema=bool(kept.metadata))
    path = folder / part_path(name, chunk)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.getvalue())
    print_ = hashlib.sha256(content.getvalue()).hexdigest()
    return Part(name, chunk, print_, kept, {c: piece(data.column(c)) for c in data.column_names})


def lasting(column: pa.Field) -> pa.Field:
    """The type in which a column is kept: moments in seconds; a column of nulls only, as text."""
    if pa.types.is_null(column.type):
        return column.with_type(pa.string())
    return column.with_type(pa.timestamp("s")) if pa.types.is_timestamp(column.type) else column


def part_path(table: str, chunk: int) -> str:
    """Where the part lies in its asset's folder."""
    return f"{table}/part-{chunk:05d}.parquet"
