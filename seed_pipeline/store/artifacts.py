"""What the assets made, on disk: one folder per asset, one Parquet part per table and chunk, one manifest.

    <root>/<asset>/manifest.json
    <root>/<asset>/<table>/part-00000.parquet      chunk 0, and so on

An asset's folder is replaced as a whole: a crash while writing leaves the artifacts that were there.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from seed_pipeline import schema
from seed_pipeline.store import assembly
from seed_pipeline.store.digests import ColumnDigest
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables, from_arrow, to_arrow

Metadata = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None
_AGAIN = "materialize the asset again"


@dataclass(frozen=True)
class TableEntry:
    """One table of one asset: its rows and, per column, a content digest (64 hexadecimal digits)."""

    rows: int
    columns: dict[str, str]


@dataclass(frozen=True)
class Manifest:
    """What an asset's folder holds. The fingerprint depends on the values alone: not on chunks, time or machine."""

    asset: str
    chunks: int
    tables: dict[str, TableEntry]
    fingerprint: str
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """Rows per table."""
        return {name: entry.rows for name, entry in self.tables.items()}


class Artifacts:
    """The assets' tables under `root`. Reading never writes; readers and one writer per asset may work at once."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def write(self, asset: str, chunks: Iterable[Tables], metadata: Metadata = None) -> Manifest:
        """Write the asset's chunks in order, holding one at a time, and put them in place of the old ones in one step.

        `metadata`: anything JSON can say, kept in the manifest and no part of the fingerprint; a callable is called
        after the last chunk. Raises StoreError for values that do not fit the schema's types; whatever the iterable
        raises comes through. In both cases the old artifacts stay.
        """
        self._recover(asset)
        draft = self.root / f".{asset}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            writer = _Writer(draft)
            for tables in chunks:
                writer.add(tables)
            manifest = writer.manifest(asset, dict(metadata() if callable(metadata) else metadata or {}))
            self._publish(asset, draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return manifest

    def assets(self) -> tuple[str, ...]:
        """The assets present, in the order in which they build on each other where the schema knows them."""
        folders = {p.parent.name for p in self.root.glob("*/manifest.json") if not p.parent.name.endswith(".new")}
        found = {name[1:].removesuffix(".old") if name.startswith(".") else name for name in folders}
        return (*(a for a in assembly.ASSETS if a in found), *sorted(found - set(assembly.ASSETS)))

    def manifest(self, asset: str) -> Manifest:
        """Rows, digests and fingerprint of the asset; StoreError when it was never materialized."""
        path = self._folder(asset) / "manifest.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            tables = {name: TableEntry(**entry) for name, entry in found.pop("tables").items()}
            return Manifest(tables=tables, **found)
        except FileNotFoundError:
            why = "the asset was never materialized here"
            raise StoreError(str(self.root / asset), None, why, "materialize it first") from None
        except (ValueError, TypeError, KeyError):
            raise StoreError(str(path), None, "the manifest cannot be read", _AGAIN) from None

    def fingerprint(self, assets: Sequence[str] | None = None) -> str:
        """One fingerprint over the given assets (default: all present): 64 hexadecimal digits."""
        prints = {asset: self.manifest(asset).fingerprint for asset in assets or self.assets()}
        return hashlib.sha256(json.dumps(prints, sort_keys=True).encode()).hexdigest()

    def n_chunks(self, asset: str) -> int:
        """How many chunks the asset was written in."""
        return self.manifest(asset).chunks

    def read(self, asset: str, chunk: int, tables: Sequence[str] | None = None) -> Tables:
        """The asset's tables of one chunk (or those of `tables` that it has), in the dtypes of `frames`.

        Raises StoreError for a chunk or part that is not there.
        """
        manifest = self.manifest(asset)
        if not 0 <= chunk < manifest.chunks:
            why = f"the asset has chunks 0 to {manifest.chunks - 1}"
            remedy = "materialize all assets with the same settings"
            raise StoreError(str(self.root / asset), f"chunk {chunk}", why, remedy)
        names = [name for name in manifest.tables if tables is None or name in tables]
        parts = {name: self._folder(asset) / name / f"part-{chunk:05d}.parquet" for name in names}
        return {name: _read(name, path) for name, path in parts.items() if path.exists()}

    def release(self, answer_key: bool = True) -> Iterator[Tables]:
        """Chunk by chunk the complete released tables, schema columns only (see `assembly.whole`).

        Raises StoreError where an asset is missing or the assets were written in different chunks.
        """
        assets = [a for a in assembly.ASSETS if answer_key or a != "answer_key"]
        counts = {asset: self.n_chunks(asset) for asset in assets}
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{asset} {count}" for asset, count in counts.items())
            remedy = "materialize all assets with the same number of sessions and the same chunk size"
            raise StoreError(str(self.root), shown, "the assets have different numbers of chunks", remedy)
        for chunk in range(next(iter(counts.values()))):
            yield assembly.whole({asset: self.read(asset, chunk) for asset in assets})

    def verify(self, asset: str) -> None:
        """Raise StoreError when the parts are not what the manifest says (edited, cut off, swapped)."""
        manifest = self.manifest(asset)
        digests: dict[str, dict[str, ColumnDigest]] = {}
        for name in manifest.tables:
            for path in sorted((self._folder(asset) / name).glob("part-*.parquet")):
                _feed(digests.setdefault(name, {}), _stored(path))
        if _entries(digests) != manifest.tables:
            raise StoreError(str(self.root / asset), None, "the parts differ from the manifest's digests", _AGAIN)

    def _folder(self, asset: str) -> Path:
        # Between the two renames of `_publish` the old artifacts carry the other name.
        folder, old = self.root / asset, self.root / f".{asset}.old"
        return folder if folder.exists() or not old.exists() else old

    def _publish(self, asset: str, draft: Path) -> None:
        folder, old = self.root / asset, self.root / f".{asset}.old"
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    def _recover(self, asset: str) -> None:
        folder, old = self.root / asset, self.root / f".{asset}.old"
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


class _Writer:
    """Parts and digests of one asset in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chunks = folder, 0
        self.digests: dict[str, dict[str, ColumnDigest]] = {}
        self.schemas: dict[str, pa.Schema] = {}

    def add(self, tables: Tables) -> None:
        for name, frame in tables.items():
            data = self._aligned(name, to_arrow(name, frame))
            path = self.folder / name / f"part-{self.chunks:05d}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(data, path, compression="zstd", use_dictionary=True)
            _feed(self.digests.setdefault(name, {}), data)
        self.chunks += 1

    def _aligned(self, name: str, data: pa.Table) -> pa.Table:
        """Every part of a table has the first part's columns and types."""
        expected = self.schemas.setdefault(name, pa.schema([_lasting(f) for f in data.schema], data.schema.metadata))
        try:
            return data.select(expected.names).cast(expected)
        except (KeyError, pa.ArrowException) as error:
            why = f"chunk {self.chunks} does not have the columns and types of the chunks before it ({error})"
            raise StoreError(name, None, why, "make the entity return the same columns for every chunk") from None

    def manifest(self, asset: str, metadata: dict[str, Any]) -> Manifest:
        entries = _entries(self.digests)
        content = {name: [entry.rows, entry.columns] for name, entry in entries.items()}
        fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        made = Manifest(asset, self.chunks, entries, fingerprint, metadata)
        tables = {name: {"rows": entry.rows, "columns": entry.columns} for name, entry in entries.items()}
        text = json.dumps({**made.__dict__, "tables": tables}, indent=1, sort_keys=True, ensure_ascii=False)
        (self.folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        return made


def _lasting(column: pa.Field) -> pa.Field:
    """The type in which a column is kept: moments in seconds; a column of nulls only, as text."""
    if pa.types.is_null(column.type):
        return column.with_type(pa.string())
    return column.with_type(pa.timestamp("s")) if pa.types.is_timestamp(column.type) else column


def _feed(digests: dict[str, ColumnDigest], data: pa.Table) -> None:
    for column in data.column_names:
        digests.setdefault(column, ColumnDigest()).update(data.column(column))


def _entries(digests: dict[str, dict[str, ColumnDigest]]) -> dict[str, TableEntry]:
    return {name: _entry(of) for name, of in sorted(digests.items())}


def _entry(digests: dict[str, ColumnDigest]) -> TableEntry:
    rows = max((digest.rows for digest in digests.values()), default=0)
    return TableEntry(rows, {column: digest.hexdigest() for column, digest in sorted(digests.items())})


def _stored(path: Path) -> pa.Table:
    """The part as it was written: Parquet knows no whole seconds and keeps them as milliseconds."""
    data = pq.read_table(path, memory_map=True)
    return data.cast(pa.schema([_lasting(f) for f in data.schema], data.schema.metadata))


def _read(name: str, path: Path) -> pd.DataFrame:
    data = _stored(path)
    return from_arrow(name, data) if name in schema.metadata.tables else data.to_pandas()
