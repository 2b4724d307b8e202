"""From what the entities made of one chunk to the complete tables of that chunk."""

from collections.abc import Mapping

import pandas as pd

from seed_pipeline import schema
from seed_pipeline.schema import ASSETS
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables, conform, empty


def whole(parts: Mapping[str, Tables]) -> Tables:
    """Complete schema tables of one chunk, in schema order, columns and dtypes.

    `parts`: asset → its tables of this chunk. Rows of a table made by several assets (`users`) follow each other in
    schema order of the assets; columns that a later asset fills are joined by position after the keys were compared.
    Tables of assets that `parts` does not have (the answer key, switched off) are absent; a table without rows is
    there, empty. Raises StoreError where keys disagree or a column nobody filled is left.
    """
    names = [name for name in schema.FILLED if schema.metadata.tables[name].info["asset"] in parts]
    return {name: _table(name, parts) for name in names}


def _table(name: str, parts: Mapping[str, Tables]) -> pd.DataFrame:
    late = {c.info["asset"]: schema.columns_made_by(c.info["asset"], name) for c in _late_columns(name)}
    makers = [asset for asset in ASSETS if asset in parts and asset not in late and len(parts[asset].get(name, ())) > 0]
    if not makers:
        return empty(name)
    rows = [parts[asset][name] for asset in makers]
    for asset, filled in late.items():
        rows[0] = _joined(name, rows[0], asset, parts, filled)
    pieces = [conform(name, frame) for frame in rows]
    return pieces[0] if len(pieces) == 1 else pd.concat(pieces, ignore_index=True)


def _late_columns(name: str) -> list:
    return [c for c in schema.metadata.tables[name].columns if "asset" in c.info]


def _joined(name: str, base: pd.DataFrame, asset: str, parts: Mapping[str, Tables], filled: list[str]) -> pd.DataFrame:
    """The base with the columns that `asset` fills, row by row."""
    if asset not in parts or name not in parts[asset]:
        made = ", ".join(c for c in filled if c not in _keys(name))
        why = f"the asset {asset} that fills the column is missing"
        raise StoreError(f"{name}: {made}", None, why, f"materialize {asset}")
    part = parts[asset][name]
    for key in _keys(name):
        if len(part) != len(base) or (part[key].astype(str).to_numpy() != base[key].astype(str).to_numpy()).any():
            why = f"rows of the asset {asset} are not the table's rows in the same order"
            raise StoreError(f"{name}.{key}", None, why, f"materialize {asset} again after its upstream assets")
    return base.assign(**{c: part[c].array for c in filled if c not in _keys(name)})


def _keys(name: str) -> list[str]:
    return [c.name for c in schema.metadata.tables[name].primary_key]
