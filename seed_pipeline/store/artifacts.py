"""What the assets made, on disk: one folder per asset, one Parquet part per table and chunk, one manifest.

    <root>/<asset>/manifest.json
    <root>/<asset>/<table>/part-00000.parquet      chunk 0, and so on

An asset's folder is replaced as a whole: a crash while writing leaves the artifacts that were there. Only folders that
are new, empty or ours are written into, and every part that is read is the part that was written.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from seed_pipeline import schema
from seed_pipeline.store.digests import ColumnDigest, type_name
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.journal import Journal, interrupted
from seed_pipeline.store.parts import AGAIN, Part, content, part_path, read, write_part

if TYPE_CHECKING:
    from seed_pipeline.store.frames import Tables

Metadata = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None
_OURS = re.compile(r"manifest\.json|[a-z0-9_]+/(part-\d{5,}\.parquet)?")


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


class Artifacts:
    """The assets' tables under `root`. Reading never writes; readers and one writer per asset may work at once."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def write(self, asset: str, chunks: "Iterable[Tables]", metadata: Metadata = None) -> Manifest:
        """Write the asset's chunks in order, holding one at a time, and put them in place of the old ones in one step.

        `metadata`: anything JSON can say, kept in the manifest and no part of the fingerprint; a callable is called
        after the last chunk. Raises StoreError for values that do not fit the schema's types and for a folder that is
        not ours; whatever the iterable raises comes through. In every case the old artifacts stay.
        """
        with self.draft(asset) as draft:
            for chunk, tables in enumerate(chunks):
                for name, table in tables.items():
                    draft.add(write_part(draft.folder, name, chunk, table))
            return draft.publish(metadata)

    @contextmanager
    def draft(self, asset: str, journal: Journal | None = None) -> Iterator["Draft"]:
        """New artifacts in the making, beside the old ones; gone at the end unless they were published.

        With a journal they begin with what it knows to be whole, and stay where it was interrupted.
        """
        self.claim([asset])
        self._recover(asset)
        folder = self.root / f".{asset}.new"
        if journal is None or not journal.chunks:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        stays = False
        try:
            yield Draft(self, asset, folder)
        except BaseException as error:
            stays = journal is not None and interrupted(error)
            raise
        finally:
            if not stays:
                shutil.rmtree(folder, ignore_errors=True)

    def claim(self, assets: Iterable[str]) -> None:
        """Raise StoreError where writing these assets would touch what this pipeline did not write."""
        strange = next(filter(None, (_strange(self.root / asset) for asset in assets)), None)
        visible = [] if self.assets() else [p for p in self._listed() if not p.name.startswith(".")]
        if strange or visible:
            why = "this pipeline did not write it, and artifacts only go into a folder that is new, empty or theirs"
            raise StoreError(str(strange or visible[0]), None, why, "name another folder, or move it away")

    def _listed(self) -> list[Path]:
        return sorted(self.root.iterdir()) if self.root.is_dir() else []

    def assets(self) -> tuple[str, ...]:
        """The assets present, in the order in which they build on each other where the schema knows them."""
        folders = {p.parent.name for p in self.root.glob("*/manifest.json") if not p.parent.name.endswith(".new")}
        found = {name[1:].removesuffix(".old") if name.startswith(".") else name for name in folders}
        return (*(a for a in schema.ASSETS if a in found), *sorted(found - set(schema.ASSETS)))

    def manifest(self, asset: str) -> Manifest:
        """Rows, digests and fingerprint of the asset; StoreError when it was never materialized."""
        path = self.folder(asset) / "manifest.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            tables = {name: TableEntry(**entry) for name, entry in found.pop("tables").items()}
            return Manifest(tables=tables, **found)
        except FileNotFoundError:
            why = "the asset was never materialized here"
            raise StoreError(str(self.root / asset), None, why, "materialize it first") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            why = "the manifest is damaged, or of an earlier version"
            raise StoreError(str(path), None, why, AGAIN) from None

    def fingerprint(self, assets: Sequence[str] | None = None) -> str:
        """One fingerprint over the given assets (default: all present): 64 hexadecimal digits."""
        prints = {asset: self.manifest(asset).fingerprint for asset in assets or self.assets()}
        return hashlib.sha256(json.dumps(prints, sort_keys=True).encode()).hexdigest()

    def n_chunks(self, asset: str) -> int:
        """How many chunks the asset was written in."""
        return self.manifest(asset).chunks

    def read(self, asset: str, chunk: int, tables: Sequence[str] | None = None) -> "Tables":
        """The asset's tables of one chunk (or those of `tables` that it has), in the dtypes of `frames`.

        Raises StoreError for a chunk that is not there, and for a part that is not, byte for byte, what was written.
        """
        from seed_pipeline.store.frames import as_frames  # pandas: who makes data has no need of it

        return as_frames(self.arrow(asset, chunk, tables))

    def arrow(self, asset: str, chunk: int, tables: Sequence[str] | None = None) -> dict[str, pa.Table]:
        """The same, as Arrow: schema types, moments in seconds."""
        manifest = self.manifest(asset)
        if not 0 <= chunk < manifest.chunks:
            why = f"the asset has chunks 0 to {manifest.chunks - 1}"
            remedy = "materialize all assets with the same settings"
            raise StoreError(str(self.root / asset), f"chunk {chunk}", why, remedy)
        names = [name for name in manifest.tables if tables is None or name in tables]
        prints = {name: found for name in names if (found := manifest.parts[name][chunk]) is not None}
        return {name: read(self.folder(asset) / part_path(name, chunk), print_) for name, print_ in prints.items()}

    def parts(self, asset: str, table: str) -> list[Path]:
        """The files of one table of one asset, each as it was written. Raises StoreError for one that is not."""
        prints = enumerate(self.manifest(asset).parts[table])
        found = [
            (self.folder(asset) / part_path(table, chunk), print_) for chunk, print_ in prints if print_ is not None
        ]
        for path, print_ in found:
            content(path, print_)
        return [path.absolute() for path, _ in found]

    def release(self, answer_key: bool = True) -> "Iterator[Tables]":
        """Chunk by chunk the complete released tables, schema columns only (see `assembly.whole`).

        Raises StoreError where an asset is missing or the assets were written in different chunks.
        """
        from seed_pipeline.store.assembly import whole

        assets = [a for a in schema.ASSETS if answer_key or a != "answer_key"]
        counts = {asset: self.n_chunks(asset) for asset in assets}
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{asset} {count}" for asset, count in counts.items())
            remedy = "materialize all assets with the same number of sessions and the same chunk size"
            raise StoreError(str(self.root), shown, "the assets have different numbers of chunks", remedy)
        for chunk in range(next(iter(counts.values()))):
            yield whole({asset: self.read(asset, chunk) for asset in assets})

    def folder(self, asset: str) -> Path:
        """Where the asset's parts are now."""
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


class Draft:
    """Parts and digests of one asset in the making. Anybody may write its parts; they are added in their order."""

    def __init__(self, artifacts: Artifacts, asset: str, folder: Path) -> None:
        self.asset, self.folder, self.chunks = asset, folder, 0
        self._artifacts = artifacts
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
        self._artifacts._publish(self.asset, self.folder)
        return made

    def _sweep(self) -> None:
        """Remove what is no part of it: processes of a run that was killed may have left something."""
        ours = {part_path(table, chunk) for table, of in self._parts.items() for chunk in of} | {"manifest.json"}
        for path in self.folder.rglob("*"):
            if path.is_file() and path.relative_to(self.folder).as_posix() not in ours:
                path.unlink()

    def _manifest(self, metadata: dict[str, Any]) -> Manifest:
        entries = _entries(self._digests)
        content = {name: [entry.rows, entry.columns] for name, entry in entries.items()}
        fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        parts = {name: [of.get(chunk) for chunk in range(self.chunks)] for name, of in sorted(self._parts.items())}
        made = Manifest(self.asset, self.chunks, entries, parts, fingerprint, metadata)
        tables = {name: {"rows": entry.rows, "columns": entry.columns} for name, entry in entries.items()}
        text = json.dumps({**made.__dict__, "tables": tables}, indent=1, sort_keys=True, ensure_ascii=False)
        (self.folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        return made


def _entries(digests: dict[str, dict[str, ColumnDigest]]) -> dict[str, TableEntry]:
    return {name: _entry(of) for name, of in sorted(digests.items())}


def _entry(digests: dict[str, ColumnDigest]) -> TableEntry:
    rows = max((digest.rows for digest in digests.values()), default=0)
    return TableEntry(rows, {column: digest.hexdigest() for column, digest in sorted(digests.items())})


def _strange(folder: Path) -> Path | None:
    """The first file in an asset's folder that is not one of ours."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return folder
    found = sorted(folder.rglob("*"))
    if found and not (folder / "manifest.json").is_file():
        return folder
    return next((p for p in found if p.is_symlink() or not _OURS.fullmatch(_shown(p, folder))), None)


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() + ("/" if path.is_dir() else "")
