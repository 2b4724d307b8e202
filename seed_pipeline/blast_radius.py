"""What a new version of an asset changes against the one before: per table and column, rows new, gone, changed (X3).

    with kept(artifacts, "feedback") as before:
        artifacts.write("feedback", chunks)
        changes = blast_radius(before, Version.of(artifacts, "feedback"))

Columns whose content digests agree are not read at all; nor are rows matched by key where the keys' digests agree. What
is compared is reduced to 64 bits a value, one table at a time.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from seed_pipeline import schema
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.frames import conform
from seed_pipeline.store.places import filesystem, is_local, put

Tables = Mapping[str, pd.DataFrame]
FILE = "changes.json"
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Change(NamedTuple):
    """What became of a table's rows (`column` is "") or of one column of those in both versions."""

    table: str
    column: str
    new: int
    gone: int
    changed: int
    unchanged: int

    @property
    def touched(self) -> bool:
        """Whether anything is not as it was."""
        return bool(self.new or self.gone or self.changed)


@dataclass(frozen=True)
class Version:
    """One version of an asset: per table its columns (keys included), its rows piece by piece, digests where known."""

    columns: Mapping[str, tuple[str, ...]]
    pieces: Callable[[str], Iterable[pd.DataFrame]]
    manifest: Manifest | None = None

    @classmethod
    def of(cls, artifacts: Artifacts, asset: str) -> "Version":
        """The version on disk, read chunk by chunk when asked. Raises StoreError when there is none."""
        manifest = artifacts.manifest(asset)

        def pieces(table: str) -> Iterator[pd.DataFrame]:
            for chunk in range(manifest.chunks):
                yield from artifacts.read(asset, chunk, [table]).values()

        return cls(_known({name: entry.columns for name, entry in manifest.tables.items()}), pieces, manifest)

    @classmethod
    def in_memory(cls, chunks: Sequence[Tables]) -> "Version":
        """Tables in memory, one mapping or several with the same tables."""
        columns = _known({name: frame.columns for tables in chunks for name, frame in tables.items()})

        def pieces(table: str) -> Iterator[pd.DataFrame]:
            yield from (conform(table, tables[table], columns[table]) for tables in chunks if table in tables)

        return cls(columns, pieces)

    def rows(self, table: str) -> int:
        """How many rows the table has."""
        if self.manifest is not None:
            return self.manifest.tables[table].rows if table in self.manifest.tables else 0
        return sum(len(piece) for piece in self.pieces(table)) if table in self.columns else 0

    def digest(self, table: str, column: str) -> str | None:
        """The column's content digest; None where it is not known."""
        entry = self.manifest.tables.get(table) if self.manifest else None
        return entry.columns.get(column) if entry else None


def _known(columns: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The schema's tables and columns; working tables are nobody's business."""
    known = schema.metadata.tables
    return {
        t: tuple(c.name for c in known[t].columns if c.name in set(names)) for t, names in columns.items() if t in known
    }


@contextmanager
def kept(artifacts: Artifacts, asset: str) -> Iterator[Version | None]:
    """The version of the asset that is there now, kept while the block replaces it; None if there is none.

    Files are linked, not copied, where the file system can: artifacts are replaced, never written into.
    """
    with _aside(artifacts.root, asset) as aside:
        if asset not in artifacts.assets():
            yield None
            return
        folder = artifacts.folder(asset)
        if is_local(folder):
            shutil.copytree(folder, aside / asset, copy_function=_linked)
        else:
            filesystem(folder).get(str(folder), str(aside / asset), recursive=True)
        yield Version.of(Artifacts(aside), asset)


@contextmanager
def _aside(root: Path, asset: str) -> Iterator[Path]:
    """A folder for the version before: beside the artifacts, so that their files can be linked, if they are here."""
    if not is_local(root):
        with TemporaryDirectory(prefix="seed-pipeline-before-") as scratch:
            yield Path(scratch)
        return
    aside = root / f".{asset}.before"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def blast_radius(before: Version | None, after: Version) -> list[Change]:
    """Every table's change, then that of each of its columns but the keys; tables in the schema's order.

    Without a version before, every row is new.
    """
    old = before or Version.in_memory([])
    names = [t for t in schema.metadata.tables if t in old.columns or t in after.columns]
    return [change for table in names for change in _of_table(table, old, after)]


def _of_table(table: str, old: Version, new: Version) -> list[Change]:
    keys = [c.name for c in schema.metadata.tables[table].primary_key]
    both = dict.fromkeys((*old.columns.get(table, ()), *new.columns.get(table, ())))
    columns = [c for c in both if c not in keys]
    differing = [c for c in columns if not _agree(table, c, old, new)]
    aligned = all(_agree(table, k, old, new) for k in keys)
    if aligned and not differing:
        n = new.rows(table)
        return [Change(table, c, 0, 0, 0, n) for c in ("", *columns)]
    if not (old.rows(table) and new.rows(table)):
        return [Change(table, c, new.rows(table), old.rows(table), 0, 0) for c in ("", *columns)]
    # Keys that differ may stand in another order, so then every column has to be looked at.
    read = differing if aligned else columns
    a, b = _hashed(table, keys, read, old, aligned), _hashed(table, keys, read, new, aligned)
    return _counted(table, columns, a, b)


def _agree(table: str, column: str, old: Version, new: Version) -> bool:
    digest = new.digest(table, column)
    return digest is not None and digest == old.digest(table, column)


class Hashes(NamedTuple):
    """64 bits a row for the key (None: rows stand as in the other version) and for each column."""

    key: np.ndarray | None
    columns: Mapping[str, np.ndarray]


def _hashed(table: str, keys: list[str], columns: list[str], version: Version, aligned: bool) -> Hashes:
    wanted = columns if aligned else [*keys, *columns]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    for piece in version.pieces(table):
        for name in wanted:
            parts[name].append(_bits(piece[name]) if name in piece else np.zeros(len(piece), np.uint64))
    whole = {name: np.concatenate(found) for name, found in parts.items()}
    if aligned:
        return Hashes(None, whole)
    return Hashes(_combined([whole[k] for k in keys]), {c: whole[c] for c in columns})


def _bits(values: pd.Series) -> np.ndarray:
    """64 bits for each value: equal values, equal bits."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = pd.util.hash_array(values.cat.categories.to_numpy(object))
        return np.append(words, np.uint64(0))[values.cat.codes.to_numpy()]
    plain = values + 0.0 if values.dtype.kind == "f" else values  # -0.0 is 0.0
    return pd.util.hash_pandas_object(plain, index=False).to_numpy(np.uint64)


def _combined(hashes: Sequence[np.ndarray]) -> np.ndarray:
    """One key for each row; rows that repeat a key get keys of their own, by their order."""
    key = hashes[0].copy()
    with np.errstate(over="ignore"):
        for part in hashes[1:]:
            key = (key ^ (key >> np.uint64(29))) * _ODD + part
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        place = np.arange(len(key))
        first = (
            np.maximum.accumulate(np.where(np.r_[True, ordered[1:] != ordered[:-1]], place, 0)) if len(key) else place
        )
        key[order] = ordered + (place - first).astype(np.uint64) * _ODD
    return key


def _counted(table: str, columns: list[str], a: Hashes, b: Hashes) -> list[Change]:
    """Counts per column and, first, for whole rows; columns that were not read are unchanged."""
    if a.key is None or b.key is None:
        some = next(iter(b.columns.values()))
        here = there = np.arange(len(some))
        new = gone = 0
    else:
        _, here, there = np.intersect1d(a.key, b.key, assume_unique=True, return_indices=True)
        new, gone = len(b.key) - len(here), len(a.key) - len(here)
    any_changed, changes = np.zeros(len(here), dtype=bool), []
    for column in columns:
        changed = np.zeros(len(here), dtype=bool)
        if column in a.columns:
            changed = a.columns[column][here] != b.columns[column][there]
            any_changed |= changed
        changes.append(Change(table, column, new, gone, int(changed.sum()), int((~changed).sum())))
    return [Change(table, "", new, gone, int(any_changed.sum()), int((~any_changed).sum())), *changes]


def records(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The changes as plain records: table, column ("" for whole rows), new, gone, changed, unchanged."""
    return [change._asdict() for change in changes]


def markdown(changes: Sequence[Change]) -> str:
    """A table of what is not as it was, and a line that names the rest."""
    touched = [c for c in changes if c.touched]
    rest = [c for c in changes if not c.column and not c.touched]
    lines = []
    if touched:
        lines = ["| table | column | new | gone | changed | unchanged |", "|---|---|--:|--:|--:|--:|"]
        lines += [
            f"| {c.table} | {c.column or '*rows*'} | {c.new:,} | {c.gone:,} | {c.changed:,} | {c.unchanged:,} |"
            for c in touched
            if not c.column or c.changed
        ]
    if rest:
        lines += [""] if lines else []
        lines.append("As it was: " + ", ".join(f"{c.table} ({c.unchanged:,} rows)" for c in rest) + ".")
    return "\n".join(lines) + "\n"


class Remembered(NamedTuple):
    """What the newest version of an asset changed. `first`: there was none before it, so every row is new."""

    first: bool
    changes: list[Change]


def remember(artifacts: Artifacts, asset: str, before: Version | None, changes: Iterable[Change]) -> None:
    """Keep beside the artifacts what the asset's version on disk changed against the one before."""
    found = {"fingerprint": artifacts.manifest(asset).fingerprint, "first": before is None, "changes": list(changes)}
    put(artifacts.root / FILE, f"{json.dumps({**_kept(artifacts), asset: found}, indent=1)}\n".encode())


def remembered(artifacts: Artifacts) -> dict[str, Remembered]:
    """What the assets' versions on disk changed, as far as it was kept; never what an older version changed."""
    return {
        asset: Remembered(found["first"], [Change(*change) for change in found["changes"]])
        for asset, found in _kept(artifacts).items()
        if asset in artifacts.assets() and found["fingerprint"] == artifacts.manifest(asset).fingerprint
    }


def _kept(artifacts: Artifacts) -> dict[str, Any]:
    try:
        return dict(json.loads((artifacts.root / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}
