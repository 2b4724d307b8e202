"""What an asset's folder holds, and such a folder in the making."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from seed_pipeline.store.digests import ColumnDigest, type_name
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.parts import Part, part_path
from seed_pipeline.store.places import put

Metadata = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None


@dataclass(frozen=True)
class TableEntry:
    """One table of one asset: its rows and, per column, a content digest (64 hexadecimal digits)."""

    rows: int
    columns: dict[str, str]


@dataclass(frozen=True)
class Manifest:
    """What an asset's folder holds. The fingerprint depends on the values alone: not on chunks, time or machine.

    parts: for each table and chunk the SHA-256 of the file, None where the chunk has no such table.
    """

    asset: str
    chunks: int
    tables: dict[str, TableEntry]
    parts: dict[str, list[str | None]]
    fingerprint: str
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """Rows per table."""
        return {name: entry.rows for name, entry in self.tables.items()}


class Keeper(Protocol):
    """Who knows what lies in a folder, and how it takes the place of another."""

    def names(self, folder: Path) -> Iterable[str]:
        """The files in a folder and below."""

    def publish(self, asset: str, draft: Path) -> None:
        """Put the draft in place of what was there."""


class Draft:
    """Parts and digests of one asset in the making. Anybody may write its parts; they are added in their order."""

    def __init__(self, asset: str, folder: Path, keeper: Keeper) -> None:
        self.asset, self.folder, self.chunks = asset, folder, 0
        self._keeper, self.is_published = keeper, False
        self._digests: dict[str, dict[str, ColumnDigest]] = {}
        self._parts: dict[str, dict[int, str]] = {}
        self._types: dict[str, dict[str, str]] = {}

    def add(self, part: Part) -> None:
        """The next part of its table. Raises StoreError where its columns are not those of the parts before it."""
        types = {field.name: type_name(field.type) for field in part.schema}
        expected = self._types.setdefault(part.table, types)
        if types.items() != expected.items():
            why = f"chunk {part.chunk} does not have the columns and types of the chunks before it ({types})"
            raise StoreError(part.table, None, why, "make the entity return the same columns for every chunk")
        self.chunks = max(self.chunks, part.chunk + 1)
        self._parts.setdefault(part.table, {})[part.chunk] = part.sha256
        digests = self._digests.setdefault(part.table, {})
        for column, piece_ in part.pieces.items():
            digests.setdefault(column, ColumnDigest()).feed(piece_)

    def publish(self, metadata: Metadata = None) -> Manifest:
        """Put the parts in place of the old ones, with their manifest."""
        made = self._manifest(dict(metadata() if callable(metadata) else metadata or {}))
        self._sweep()
        self._keeper.publish(self.asset, self.folder)
        self.is_published = True
        return made

    def _sweep(self) -> None:
        """Remove what is no part of it: processes of a run that was killed may have left something."""
        ours = {part_path(table, chunk) for table, of in self._parts.items() for chunk in of} | {"manifest.json"}
        for name in list(self._keeper.names(self.folder)):
            if name not in ours:
                (self.folder / name).unlink()

    def _manifest(self, metadata: dict[str, Any]) -> Manifest:
        entries = _entries(self._digests)
        content = {name: [entry.rows, entry.columns] for name, entry in entries.items()}
        fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        parts = {name: [of.get(chunk) for chunk in range(self.chunks)] for name, of in sorted(self._parts.items())}
        made = Manifest(self.asset, self.chunks, entries, parts, fingerprint, metadata)
        tables = {name: {"rows": entry.rows, "columns": entry.columns} for name, entry in entries.items()}
        text = json.dumps({**made.__dict__, "tables": tables}, indent=1, sort_keys=True, ensure_ascii=False)
        put(self.folder / "manifest.json", f"{text}\n".encode())
        return made


def _entries(digests: dict[str, dict[str, ColumnDigest]]) -> dict[str, TableEntry]:
    return {name: _entry(of) for name, of in sorted(digests.items())}


def _entry(digests: dict[str, ColumnDigest]) -> TableEntry:
    rows = max((digest.rows for digest in digests.values()), default=0)
    return TableEntry(rows, {column: digest.hexdigest() for column, digest in sorted(digests.items())})
