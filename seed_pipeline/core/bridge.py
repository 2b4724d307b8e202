"""For entities that are not made of columns yet: tables as frames, and back."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from seed_pipeline.core.columns import Column, Table, Tables, Words


def to_frames(tables: Mapping[str, Table]) -> dict[str, pd.DataFrame]:
    """Every table as a frame."""
    return {name: to_frame(table) for name, table in tables.items()}


def to_frame(table: Table) -> pd.DataFrame:
    """A table as a frame: words as `str`."""
    columns = {
        name: pd.array(column.texts(), dtype="str") if isinstance(column, Words) else column
        for name, column in table.items()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(table.rows))


def from_frames(frames: Mapping[str, pd.DataFrame]) -> Tables:
    """Every frame as a table."""
    return {name: Table({str(c): _column(frame[c]) for c in frame}, len(frame)) for name, frame in frames.items()}


def _column(values: pd.Series) -> Column:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy().astype(np.int64)
        return Words(values.cat.categories.to_numpy(object), codes)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        array = pa.array(values.astype(object), from_pandas=True)
        words = pa.types.is_string(array.type) or pa.types.is_null(array.type)
        return Words(array.cast(pa.string())) if words else array.to_numpy(zero_copy_only=False)
    if values.dtype.kind == "M":
        return values.to_numpy("datetime64[s]")
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    return values.to_numpy(np.float64, na_value=np.nan)
