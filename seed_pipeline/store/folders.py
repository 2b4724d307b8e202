"""Artifacts in a folder of this machine: an asset's folder is replaced as a whole, by renaming.

<root>/<asset>/manifest.json
<root>/<asset>/<table>/part-00000.parquet      chunk 0, and so on
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from seed_pipeline.store.locking import held, synced
from seed_pipeline.store.parts import content

_OURS = re.compile(r"manifest\.json|[a-z0-9_]+/(part-\d{5,}\.parquet)?")


class Folders:
    """The assets' folders under a root. A crash leaves the artifacts that were there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def alone(self, assets: Sequence[str], wait_seconds: float) -> AbstractContextManager[None]:
        """Be the one writer of these assets. Raises StoreError."""
        return held([self.root / ".locks" / asset for asset in assets], wait_seconds)

    def assets(self) -> set[str]:
        """The assets that are there."""
        folders = {p.parent.name for p in self.root.glob("*/manifest.json") if not p.parent.name.endswith(".new")}
        return {name[1:].removesuffix(".old") if name.startswith(".") else name for name in folders}

    def folder(self, asset: str) -> Path:
        """Where the asset's parts are now."""
        # Between the two renames of `publish` the old artifacts carry the other name.
        folder, old = self.root / asset, self._old(asset)
        return folder if folder.exists() or not old.exists() else old

    def draft(self, asset: str) -> Path:
        """Where new parts go. What a crash left in the middle of publishing is put right."""
        folder, old = self.root / asset, self._old(asset)
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        return self.root / f".{asset}.new"

    def names(self, folder: Path) -> Iterator[str]:
        """The files in a folder and below."""
        return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    def clear(self, folder: Path) -> None:
        """Remove the folder, if it is there."""
        shutil.rmtree(folder, ignore_errors=True)

    def publish(self, asset: str, draft: Path) -> None:
        """Put the draft in place of what was there."""
        folder, old = self.root / asset, self._old(asset)
        lasts = not self.root.absolute().is_relative_to(tempfile.gettempdir())  # what is there is not kept anyway
        if lasts:
            synced(draft)
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        if lasts:
            synced(self.root, deep=False)

    def strangers(self, assets: Sequence[str]) -> Iterator[Path]:
        """Files that are not ours, where these assets would go."""
        yield from filter(None, (_strange(self.root / asset) for asset in assets))
        if self.root.is_dir() and not self.assets():
            yield from (path for path in sorted(self.root.iterdir()) if not path.name.startswith("."))

    def here(self, path: Path, sha256: str) -> Path:
        """A part as a file of this machine, and as it was written. Raises StoreError."""
        content(path, sha256)
        return path.absolute()

    def _old(self, asset: str) -> Path:
        return self.root / f".{asset}.old"


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
