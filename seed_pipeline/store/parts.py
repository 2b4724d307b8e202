"""One table of one chunk as a Parquet file, and what its asset's manifest has to know of it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from seed_pipeline.store.digests import Piece, piece
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import put, spoken

if TYPE_CHECKING:
    import pandas as pd

AGAIN = "materialize the asset again"


class Part(NamedTuple):
    """One table of one chunk, written: what its asset's draft has to know of it."""

    table: str
    chunk: int
    sha256: str
    schema: pa.Schema
    pieces: Mapping[str, Piece]

    @property
    def rows(self) -> int:
        """Rows of the part."""
        return max((piece.rows for piece in self.pieces.values()), default=0)


def write_part(folder: Path, name: str, chunk: int, table: "pa.Table | pd.DataFrame") -> Part:
    """Write one table of one chunk. Raises StoreError for values that do not fit the schema's types."""
    data = table if isinstance(table, pa.Table) else _arrow(name, table)
    kept = pa.schema([lasting(f) for f in data.schema], data.schema.metadata)
    data = data if kept == data.schema else data.cast(kept)
    coded = [f.name for f in kept if pa.types.is_dictionary(f.type)]
    written = pa.BufferOutputStream()
    # Arrow's own schema is kept where pandas left word of its types; all else follows from ours.
    pq.write_table(data, written, compression="zstd", use_dictionary=coded, store_schema=bool(kept.metadata))
    # Whole or not there: another process may be at the same part, left over from a run that was killed.
    put(folder / part_path(name, chunk), written.getvalue())
    print_ = hashlib.sha256(written.getvalue()).hexdigest()
    return Part(name, chunk, print_, kept, {c: piece(data.column(c)) for c in data.column_names})


def read_part(folder: Path, name: str, chunk: int, sha256: str) -> Part:
    """A part that is there already. Raises StoreError for one that is not, byte for byte, what was written."""
    data = read(folder / part_path(name, chunk), sha256)
    return Part(name, chunk, sha256, data.schema, {c: piece(data.column(c)) for c in data.column_names})


def read(path: Path, sha256: str) -> pa.Table:
    """The rows as they were written: Parquet knows no whole seconds and keeps them as milliseconds."""
    data = pq.ParquetFile(pa.BufferReader(content(path, sha256))).read()  # read_table would load pandas
    return data.cast(pa.schema([lasting(f) for f in data.schema], data.schema.metadata))


def content(path: Path, sha256: str) -> bytes:
    """The file's bytes. Raises StoreError where they are not what was written."""
    try:
        with spoken(path):
            found = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(str(path), None, "the part is missing", AGAIN) from None
    if hashlib.sha256(found).hexdigest() != sha256:
        raise StoreError(str(path), None, "the part is not what was written: it was damaged or edited", AGAIN)
    return found


def _arrow(name: str, frame: "pd.DataFrame") -> pa.Table:
    from seed_pipeline.store.frames import to_arrow  # pandas: who makes data has no need of it

    return to_arrow(name, frame)


def lasting(column: pa.Field) -> pa.Field:
    """The type in which a column is kept: moments in seconds; a column of nulls only, as text."""
    if pa.types.is_null(column.type):
        return column.with_type(pa.string())
    return column.with_type(pa.timestamp("s")) if pa.types.is_timestamp(column.type) else column


def part_path(table: str, chunk: int) -> str:
    """Where the part lies in its asset's folder."""
    return f"{table}/part-{chunk:05d}.parquet"
