"""One chunk to be made, by whoever gets it, and what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import NamedTuple

import pyarrow as pa

from seed_pipeline.core.dataset import Arrow, again, chunk
from seed_pipeline.pipeline.parcel import Parcel, packed
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.parts import Part, write_part
from seed_pipeline.store.places import is_local

DASHBOARD = "truth_dashboard"
"""The table that ends with what is said of everybody (P8)."""


@dataclass(frozen=True)
class Opened:
    """An asset's tables on disk: nothing is read before a chunk is asked for. Pickles into other processes."""

    root: Path
    asset: str

    @property
    def manifest(self) -> Manifest:
        """Rows, fingerprint and the settings' stamp; StoreError when the asset was never made."""
        return Artifacts(self.root).manifest(self.asset)

    def chunk(self, number: int) -> Arrow:
        """The tables of one chunk; those of `reference` are the first chunk's for every chunk."""
        return Artifacts(self.root).arrow(self.asset, 0 if self.asset == "reference" else number)


@dataclass(frozen=True)
class Work:
    """One chunk to be made and written. Pickles into other processes."""

    settings: Settings
    number: int
    cohorts: range
    folders: Mapping[str, Path]
    upstream: Mapping[str, Opened] | None

    def do(self) -> "Done":
        """Make the chunk and write its parts; what is said of everybody is left to who knows all chunks."""
        parts, dashboard = {}, None
        for entity, tables in self._made():
            held = tables.pop(DASHBOARD, None)
            dashboard = held if held is not None else dashboard
            folder = self.folders[entity]
            parts[entity] = [write_part(folder, name, self.number, data) for name, data in tables.items()]
        return Done(parts, dashboard)

    def send(self) -> Parcel:
        """The same, for another process."""
        folder = next(iter(self.folders.values()))
        done = self.do()
        return packed(done, folder / f"{self.number}.parcel" if is_local(folder) else Path(mkstemp()[1]))

    def _made(self) -> Iterator[tuple[str, Arrow]]:
        if self.upstream is None:
            yield from chunk(self.settings, self.cohorts)
            return
        (entity,) = self.folders
        upstream = {name: opened.chunk(self.number) for name, opened in self.upstream.items()}
        yield entity, again(entity, self.settings, self.cohorts, upstream)


class Done(NamedTuple):
    """The parts that were written of each entity, and the chunk's rows of `truth_dashboard`."""

    parts: dict[str, list[Part]]
    dashboard: pa.Table | None
