"""Where the rows of each table are, for whoever wants to query artifacts without reading them first."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from seed_pipeline import schema
from seed_pipeline.quality.scope import Relation
from seed_pipeline.store.artifacts import Artifacts, Manifest
from seed_pipeline.store.errors import StoreError

REFERENCE = ("subjects", "churn_algorithm_weights")
"""Tables that no cohort adds rows to."""
_PATTERN = re.compile(r"([\[*?])")


def relations(
    artifacts: Artifacts, assets: Sequence[str], *, here: bool = True, chunk: int | None = None
) -> dict[str, Relation]:
    """The tables as far as these assets make them, as SELECTs over their Parquet parts; nothing is parsed.

    `here`: parts that are elsewhere are fetched first; otherwise the SELECTs name their URLs. `chunk`: one chunk alone,
    and what there is once, whatever the chunks (REFERENCE). Rows of a table made by several assets (`users`) follow
    each other; columns that a later asset fills are joined by key. Raises StoreError where an asset is missing, or the
    assets do not belong together.
    """
    manifests = {asset: artifacts.manifest(asset) for asset in assets}
    _must_have_the_same_chunks(artifacts, manifests)
    found = {}
    for table in schema.FILLED:
        wanted = None if chunk is None or table in REFERENCE else [chunk]
        place = _Parts(artifacts, here, wanted)
        parts = {asset: m for asset, m in manifests.items() if place.has(m, table)}
        makers = [asset for asset in parts if schema.makes_rows(asset, table)]
        if makers:
            found[table] = _relation(place, table, parts, makers)
    return found


class _Parts(NamedTuple):
    """Where the parts of artifacts are to be read."""

    artifacts: Artifacts
    here: bool
    chunks: Collection[int] | None

    def has(self, manifest: Manifest, table: str) -> bool:
        """Whether the asset has parts of the table."""
        parts = enumerate(manifest.parts.get(table, ()))
        return any(print_ for n, print_ in parts if self.chunks is None or n in self.chunks)

    def sql(self, asset: str, table: str) -> str:
        """All parts of a table; what DuckDB would take for a pattern in a name is escaped."""
        found = self.artifacts.parts(asset, table, here=self.here, chunks=self.chunks)
        files = [_PATTERN.sub(r"[\1]", str(path)).replace("'", "''") for path in found]
        return "read_parquet([{}])".format(", ".join(f"'{file}'" for file in files))


def _relation(found: _Parts, table: str, parts: Mapping[str, Manifest], makers: list[str]) -> Relation:
    columns = {asset: _columns(table, manifest) for asset, manifest in parts.items()}
    keys = [c.name for c in schema.metadata.tables[table].primary_key]
    selects = [f"SELECT {_listed(columns[asset])} FROM {found.sql(asset, table)}" for asset in makers]
    select = "\nUNION ALL BY NAME\n".join(selects)
    chosen = list(dict.fromkeys(name for asset in makers for name in columns[asset]))
    for asset in parts:
        late = [name for name in columns[asset] if name not in keys and name not in chosen]
        if asset in makers or not late:
            continue
        _must_have_the_same_keys(found.artifacts, table, makers[0], asset, parts)
        select = (
            f"SELECT * FROM ({select})\nLEFT JOIN (SELECT {_listed([*keys, *late])} "
            f"FROM {found.sql(asset, table)}) USING ({_listed(keys)})"
        )
        chosen += late
    return Relation(select, tuple(chosen), sum(parts[asset].tables[table].rows for asset in makers))


def _columns(table: str, manifest: Manifest) -> list[str]:
    return [c.name for c in schema.metadata.tables[table].columns if c.name in manifest.tables[table].columns]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _must_have_the_same_chunks(artifacts: Artifacts, manifests: Mapping[str, Manifest]) -> None:
    counts = {asset: manifest.chunks for asset, manifest in manifests.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{asset} {count}" for asset, count in counts.items())
        remedy = "materialize all assets with the same number of sessions and the same chunk size"
        raise StoreError(str(artifacts.root), shown, "the assets have different numbers of chunks", remedy)


def _must_have_the_same_keys(
    artifacts: Artifacts, table: str, maker: str, asset: str, parts: Mapping[str, Manifest]
) -> None:
    for key in (c.name for c in schema.metadata.tables[table].primary_key):
        if parts[asset].tables[table].columns[key] != parts[maker].tables[table].columns[key]:
            why = f"rows of the asset {asset} are not the table's rows in the same order"
            remedy = f"materialize {asset} again after its upstream assets"
            raise StoreError(f"{table}.{key} in {artifacts.root}", None, why, remedy)
