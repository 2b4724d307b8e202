"""What the assets made: one folder per asset, one Parquet part per table and chunk, one manifest.

An asset is replaced as a whole: a crash while writing leaves the artifacts that were there. Only places that are new,
empty or ours are written into, and every part that is read is the part that was written. `folders` and `remote` know
how that is done on this machine's disk and at a URL.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seed_pipeline import schema
from seed_pipeline.store import assembly
from seed_pipeline.store.drafts import Draft, Manifest, Metadata, TableEntry
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.folders import Folders
from seed_pipeline.store.journal import Journal, interrupted
from seed_pipeline.store.parts import AGAIN, part_path, read, write_part
from seed_pipeline.store.places import is_local, place, spoken
from seed_pipeline.store.stream import ArrowTables, Content, Stream

if TYPE_CHECKING:
    from seed_pipeline.store.frames import Tables
    from seed_pipeline.store.remote import Remote


class Artifacts:
    """The assets' tables under `root`, a folder or a URL of fsspec's.

    Reading never writes; readers and one writer may work at once. A second writer waits for the first.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = place(root)
        self._keeper: Folders | Remote = Folders(self.root) if is_local(self.root) else _remote(self.root)

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
        """Be the one writer of these assets, until the end of the block. Raises StoreError: `locking`, `leases`."""
        assets = list(assets)
        self.claim(assets)
        with self._keeper.alone(assets, wait_seconds):
            yield

    @contextmanager
    def draft(self, asset: str, journal: Journal | None = None) -> Iterator[Draft]:
        """New artifacts in the making, beside the old ones; gone at the end unless they were published.

        With a journal they begin with what it knows to be whole, and stay where it was interrupted.
        """
        with self.writing([asset]):
            folder = self._keeper.draft(asset)
            if journal is None or not journal.chunks:
                self._keeper.clear(folder)
            draft, stays = Draft(asset, folder, self._keeper), False
            try:
                yield draft
            except BaseException as error:
                stays = journal is not None and interrupted(error)
                raise
            finally:
                if not (stays or draft.is_published):
                    self._keeper.clear(folder)

    def claim(self, assets: Iterable[str]) -> None:
        """Raise StoreError where writing these assets would touch what this pipeline did not write."""
        if strange := next(self._keeper.strangers(list(assets)), None):
            why = "this pipeline did not write it, and artifacts only go into a folder that is new, empty or theirs"
            raise StoreError(str(strange), None, why, "name another folder, or move it away")

    def assets(self) -> tuple[str, ...]:
        """The assets present, in the order in which they build on each other where the schema knows them."""
        found = self._keeper.assets()
        return (*(a for a in schema.ASSETS if a in found), *sorted(found - set(schema.ASSETS)))

    def manifest(self, asset: str) -> Manifest:
        """Rows, digests and fingerprint of the asset; StoreError when it was never materialized."""
        path = self.folder(asset) / "manifest.json"
        try:
            with spoken(path):
                content = path.read_bytes()
            found = json.loads(content)
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
        folder = self.folder(asset)
        return {name: read(folder / part_path(name, chunk), print_) for name, print_ in prints.items()}

    def parts(self, asset: str, table: str, *, here: bool = True, chunks: Collection[int] | None = None) -> list[Path]:
        """The files of one table of one asset, each as it was written; `here`: on this machine, fetched if need be.

        `chunks`: of these alone. Raises StoreError for one that is not what was written.
        """
        prints, folder = enumerate(self.manifest(asset).parts[table]), self.folder(asset)
        wanted = [(n, print_) for n, print_ in prints if print_ is not None and (chunks is None or n in chunks)]
        found = [(folder / part_path(table, chunk), print_) for chunk, print_ in wanted]
        return [self._keeper.here(path, print_) if here else path for path, print_ in found]

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
        return self._keeper.folder(asset)


def _remote(root: Path) -> "Remote":
    from seed_pipeline.store.remote import Remote

    return Remote(root)


def _content_of(table: str, manifests: Mapping[str, Manifest]) -> Content:
    """What the table comes to, by the digests of its columns in every asset that has a part in it."""
    parts = [manifest.tables[table] for manifest in manifests.values() if table in manifest.tables]
    said = [[part.rows, sorted(part.columns.items())] for part in parts]
    first, _ = assembly.makers(table, manifests)
    rows = sum(manifests[asset].rows.get(table, 0) for asset in first)
    return Content(rows, hashlib.sha256(json.dumps(said).encode()).hexdigest())
