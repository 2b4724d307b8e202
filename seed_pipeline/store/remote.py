"""Artifacts at a URL, where nothing can be renamed: an asset has two sides, and a word says which of them counts.

    <root>/<asset>/current                                "a" or "b"
    <root>/<asset>/a/manifest.json
    <root>/<asset>/a/<table>/part-00000.parquet           chunk 0, and so on

New parts go to the other side; one write of `current` puts them in place of the old ones.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from seed_pipeline.store.leases import leased, must_be_ours
from seed_pipeline.store.parts import content
from seed_pipeline.store.places import filesystem, put, spoken

_OURS = re.compile(r"current|[ab]/(manifest\.json|[a-z0-9_]+/part-\d{5,}\.parquet)")
_DRAFTS = re.compile(rf"\..*|[a-z0-9_]+/({_OURS.pattern})")


class Remote:
    """The assets at a URL. A crash leaves the artifacts that were there."""

    def __init__(self, root: Path) -> None:
        self.root, self.files = root, filesystem(root)

    def alone(self, assets: Sequence[str], wait_seconds: float) -> AbstractContextManager[None]:
        """Be the one writer, of all assets. Raises StoreError."""
        return leased(self._lock, wait_seconds)

    def assets(self) -> set[str]:
        """The assets that are there."""
        with spoken(self.root):
            return {path.parent.name for path in self.root.glob("*/current")}

    def folder(self, asset: str) -> Path:
        """Where the asset's parts are now."""
        return self.root / asset / (self._side(asset) or "a")

    def draft(self, asset: str) -> Path:
        """Where new parts go."""
        return self.root / asset / ("b" if self._side(asset) == "a" else "a")

    def names(self, folder: Path) -> Iterator[str]:
        """The files in a folder and below."""
        start = str(filesystem(folder)._strip_protocol(str(folder))).rstrip("/") + "/"
        with spoken(folder):
            found = self.files.find(start)
        return (name.removeprefix(start) for name in sorted(found))

    def clear(self, folder: Path) -> None:
        """Remove the folder, if it is there."""
        if any(self.names(folder)):
            with spoken(folder):
                self.files.rm(str(folder), recursive=True)

    def publish(self, asset: str, draft: Path) -> None:
        """Put the draft in place of what was there. Raises StoreError where somebody took the lock over."""
        must_be_ours(self._lock)
        put(self.root / asset / "current", draft.name.encode())
        self.clear(self.draft(asset))

    def strangers(self, assets: Sequence[str]) -> Iterator[Path]:
        """Objects that are not ours, where these assets would go."""
        for asset in assets:
            yield from (self.root / asset / n for n in self.names(self.root / asset) if not _OURS.fullmatch(n))
        if not self.assets():
            yield from (self.root / name for name in self.names(self.root) if not _DRAFTS.fullmatch(name))

    def here(self, path: Path, sha256: str) -> Path:
        """A part as a file of this machine, fetched once, and as it was written. Raises StoreError."""
        mine = _fetched() / sha256
        if not mine.exists():
            put(mine, content(path, sha256))
        return mine

    @property
    def _lock(self) -> Path:
        return self.root / ".lock"

    def _side(self, asset: str) -> str | None:
        try:
            with spoken(self.root):
                return (self.root / asset / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None


_SCRATCH: list[TemporaryDirectory] = []


@cache
def _fetched() -> Path:
    """Where parts from elsewhere lie while this process needs them."""
    _SCRATCH.append(TemporaryDirectory(prefix="seed-pipeline-parts-"))
    return Path(_SCRATCH[0].name)
