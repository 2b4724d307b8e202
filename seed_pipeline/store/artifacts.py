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
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seed_pipeline import schema
from seed_pipeline.store import assembly
from seed_pipeline.store.drafts import Draft, Manifest, Metadata, TableEntry
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.journal import Journal, interrupted
from seed_pipeline.store.locking import held, synced
from seed_pipeline.store.parts import AGAIN, content, part_path, read, write_part
from seed_pipeline.store.stream import ArrowTables, Content, Stream

if TYPE_CHECKING:
    from seed_pipeline.store.frames import Tables

_OURS = re.compile(r"manifest\.json|[a-z0-9_]+/(part-\d{5,}\.parquet)?")


class Artifacts:
    """The assets' tables under `root`. Reading never writes; readers and one writer per asset may work at once.

    A second writer of an asset waits for the first.
    """

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
    def writing(self, assets: Iterable[str] = schema.ASSETS, wait_seconds: float = 60.0) -> Iterator[None]:
        """Be the one writer of these assets, until the end of the block. Raises StoreError (see `locking.held`)."""
        assets = list(assets)
        self.claim(assets)
        with held([self.root / ".locks" / asset for asset in assets], wait_seconds):
            yield

    @contextmanager
    def draft(self, asset: str, journal: Journal | None = None) -> Iterator[Draft]:
        """New artifacts in the making, beside the old ones; gone at the end unless they were published.

        With a journal they begin with what it knows to be whole, and stay where it was interrupted.
        """
        with self.writing([asset]):
            self._recover(asset)
            folder = self.root / f".{asset}.new"
            if journal is None or not journal.chunks:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            stays = False
            try:
                yield Draft(asset, folder, self._publish)
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

    def arrow(self, asset: str, chunk: int, tables: Collection[str] | None = None) -> ArrowTables:
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
        """Chunk by chunk the complete released tables, schema columns only (see `assembly.assembled`).

        Raises StoreError where an asset is missing or the assets were written in different chunks.
        """
        from seed_pipeline.store.frames import from_arrow

        for tables in self.stream(answer_key).open(()):
            yield {name: from_arrow(name, data) for name, data in tables.items()}

    def stream(self, answer_key: bool = True) -> Stream:
        """The same as Arrow, with what each table comes to."""
        assets = [a for a in schema.ASSETS if answer_key or a != "answer_key"]
        manifests = {asset: self.manifest(asset) for asset in assets}
        counts = {asset: manifest.chunks for asset, manifest in manifests.items()}
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{asset} {count}" for asset, count in counts.items())
            remedy = "materialize all assets with the same number of sessions and the same chunk size"
            raise StoreError(str(self.root), shown, "the assets have different numbers of chunks", remedy)

        def opened(without: Collection[str]) -> Iterator[ArrowTables]:
            wanted = set(schema.FILLED) - set(without)
            for asset, name in ((a, name) for a in assets for name in without if name in manifests[a].tables):
                self.parts(asset, name)  # not parsed, but still what was written
            for chunk in range(counts[assets[0]]):
                yield assembly.assembled({a: self.arrow(a, chunk, wanted) for a in assets}, without)

        return Stream(opened, {name: _content_of(name, manifests) for name in schema.FILLED})

    def folder(self, asset: str) -> Path:
        """Where the asset's parts are now."""
        # Between the two renames of `_publish` the old artifacts carry the other name.
        folder, old = self.root / asset, self.root / f".{asset}.old"
        return folder if folder.exists() or not old.exists() else old

    def _publish(self, asset: str, draft: Path) -> None:
        folder, old = self.root / asset, self.root / f".{asset}.old"
        lasts = not self.root.absolute().is_relative_to(tempfile.gettempdir())  # what is there is not kept anyway
        if lasts:
            synced(draft)
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        if lasts:
            synced(self.root, deep=False)

    def _recover(self, asset: str) -> None:
        folder, old = self.root / asset, self.root / f".{asset}.old"
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


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


def _content_of(table: str, manifests: Mapping[str, Manifest]) -> Content:
    """What the table comes to, by the digests of its columns in every asset that has a part in it."""
    parts = [manifest.tables[table] for manifest in manifests.values() if table in manifest.tables]
    said = [[part.rows, sorted(part.columns.items())] for part in parts]
    first, _ = assembly.makers(table, manifests)
    rows = sum(manifests[asset].rows.get(table, 0) for asset in first)
    return Content(rows, hashlib.sha256(json.dumps(said).encode()).hexdigest())
