"""From what the entities made of one chunk to the complete tables of that chunk."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from seed_pipeline import schema
from seed_pipeline.core.columns import arrow_type
from seed_pipeline.schema import ASSETS
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.stream import ArrowTables

if TYPE_CHECKING:
    from seed_pipeline.store.frames import Tables


def whole(parts: "Mapping[str, Tables]") -> "Tables":
    """`assembled` for frames."""
    from seed_pipeline.store.frames import from_arrow, to_arrow

    arrow = {asset: {name: to_arrow(name, frame) for name, frame in of.items()} for asset, of in parts.items()}
    return {name: from_arrow(name, data) for name, data in assembled(arrow).items()}


def assembled(parts: Mapping[str, ArrowTables], without: Collection[str] = ()) -> ArrowTables:
    """Complete schema tables of one chunk, in schema order, columns and types, but for those in `without`.

    `parts`: asset → its tables of this chunk. Rows of a table made by several assets (`users`) follow each other in
    schema order of the assets; columns that a later asset fills are joined by position after the keys were compared.
    Tables of assets that `parts` does not have (the answer key, switched off) are absent; a table without rows is
    there, empty. Raises StoreError where keys disagree or a column nobody filled is left.
    """
    names = [name for name in schema.FILLED if schema.metadata.tables[name].info["asset"] in parts]
    return {name: _table(name, parts) for name in names if name not in without}


def makers(name: str, assets: Collection[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Of these assets those that make the table's rows, and those that fill columns of them later, with the columns."""
    filled = [c.info["asset"] for c in schema.metadata.tables[name].columns if "asset" in c.info]
    late = {asset: schema.columns_made_by(asset, name) for asset in filled}
    return [asset for asset in ASSETS if asset in assets and asset not in late], late


def _table(name: str, parts: Mapping[str, ArrowTables]) -> pa.Table:
    first, late = makers(name, parts)
    rows = [parts[asset][name] for asset in first if len(parts[asset].get(name, ()))]
    for asset, filled in late.items() if rows else ():
        rows[0] = _joined(name, rows[0], asset, parts, filled)
    kept = pa.schema([(c.name, arrow_type(c)) for c in schema.metadata.tables[name].columns])
    if not rows:
        return pa.Table.from_batches([], kept)  # `empty_table` would load pandas
    return pa.concat_tables([_complete(name, data, kept) for data in rows])


def _complete(name: str, data: pa.Table, kept: pa.Schema) -> pa.Table:
    missing = [column for column in kept.names if column not in data.column_names]
    if missing:
        why = "no entity filled the column" + ("s" if len(missing) > 1 else "")
        raise StoreError(f"{name}: {', '.join(missing)}", None, why, "materialize the assets that fill them")
    return data.select(kept.names).cast(kept)


def _joined(name: str, base: pa.Table, asset: str, parts: Mapping[str, ArrowTables], filled: list[str]) -> pa.Table:
    """The base with the columns that `asset` fills, row by row."""
    keys = [c.name for c in schema.metadata.tables[name].primary_key]
    late = [c for c in filled if c not in keys]
    if asset not in parts or name not in parts[asset]:
        why = f"the asset {asset} that fills the column is missing"
        raise StoreError(f"{name}: {', '.join(late)}", None, why, f"materialize {asset}")
    part = parts[asset][name]
    for key in keys:
        if not part[key].cast(pa.string()).equals(base[key].cast(pa.string())):
            why = f"rows of the asset {asset} are not the table's rows in the same order"
            raise StoreError(f"{name}.{key}", None, why, f"materialize {asset} again after its upstream assets")
    kept = [c for c in base.column_names if c not in late]
    return pa.Table.from_arrays([*base.select(kept).columns, *part.select(late).columns], names=[*kept, *late])
