"""Frames of the schema's tables: how each column looks in Arrow, on disk and in pandas.

text, ids: `str`; enumerations: categoricals in the platform's order; timestamps and dates: `datetime64[s]` (dates at
midnight); integers: int32, or Int32 where the column may be null; numbers: float64; flags: bool.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.core.columns import arrow_type
from seed_pipeline.schema import kind
from seed_pipeline.store.errors import StoreError

if TYPE_CHECKING:  # Only frames need it, and it takes its time to load.
    import pandas as pd

Tables = dict[str, "pd.DataFrame"]


def columns(table: str, names: Sequence[str] | None = None) -> list[sa.Column]:
    """The table's columns in schema order, limited to `names` where given."""
    return [c for c in schema.metadata.tables[table].columns if names is None or c.name in names]


def to_arrow(table: str, frame: "pd.DataFrame") -> pa.Table:
    """The frame's schema columns, in the frame's order and in schema types; NaN, NaT and None become null.

    Columns and tables the schema does not know keep the types they come with. Raises StoreError naming table and
    column for values that do not fit the column's type.
    """
    if table not in schema.metadata.tables:
        return _working(table, frame)
    known = schema.metadata.tables[table].columns
    names = [str(name) for name in frame.columns]
    arrays = [_to_array(table, frame[name], arrow_type(known[name]) if name in known else None) for name in names]
    return pa.Table.from_arrays(arrays, names=names)


def _to_array(table: str, values: "pd.Series", type_: pa.DataType | None) -> pa.Array:
    try:
        if type_ is not None and not len(values):
            return pa.array([], type=type_)
        array = pa.array(values, from_pandas=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        return array if type_ is None or array.type == type_ else array.cast(type_)
    except (pa.ArrowException, TypeError, ValueError) as error:
        remedy = "see seed_pipeline/schema.py for the column's type; the entity that makes it has to produce that"
        why = f"values do not fit the column's type ({_line(error)})"
        raise StoreError(f"{table}.{values.name}", None, why, remedy) from None


def _working(table: str, frame: "pd.DataFrame") -> pa.Table:
    """A working table with what pandas needs to give it back as it was."""
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        why = f"Parquet cannot hold a column ({_line(error)})"
        raise StoreError(table, None, why, "keep text, numbers, flags and moments in working tables") from None


def _line(error: Exception) -> str:
    return str(error).splitlines()[0]


def from_arrow(table: str, data: pa.Table) -> "pd.DataFrame":
    """The Arrow table as a frame with the dtypes of this module, columns as they are in `data`."""
    import pandas as pd

    known = schema.metadata.tables[table].columns
    made = {name: _to_series(known[name], data.column(name)) for name in data.column_names if name in known}
    extra = {name: data.column(name).to_pandas() for name in data.column_names if name not in known}
    both = {**made, **extra}
    return pd.DataFrame({name: both[name] for name in data.column_names}, index=pd.RangeIndex(data.num_rows))


def as_frames(tables: Mapping[str, pa.Table]) -> Tables:
    """Tables as frames: those of the schema in the dtypes of this module, working tables in Arrow's own."""
    return {n: from_arrow(n, data) if n in schema.metadata.tables else data.to_pandas() for n, data in tables.items()}


def _to_series(column: sa.Column, values: pa.ChunkedArray) -> "pd.Series":
    import pandas as pd

    of_kind = kind(column)
    if of_kind == "enum":
        return pd.Series(_categorical(column, values))
    if of_kind in ("timestamp", "date"):
        return values.cast(pa.timestamp("s")).to_pandas()
    if of_kind == "int" and column.nullable:
        return values.cast(pa.int32()).to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
    if of_kind in ("text", "json"):
        mapped = {pa.large_string(): pd.StringDtype(na_value=np.nan)}
        return values.cast(pa.large_string()).to_pandas(types_mapper=mapped.get)
    return values.cast(arrow_type(column)).to_pandas()


def _categorical(column: sa.Column, values: pa.ChunkedArray) -> "pd.Categorical":
    """Categories in the platform's order; a value the platform does not have is kept, for the checks to find."""
    import pandas as pd

    coded = values.cast(pa.string()).dictionary_encode().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = pa.array([], pa.dictionary(pa.int32(), pa.string()))
    found = coded.dictionary.to_pylist()
    categories = list(column.type.enums)  # type: ignore[attr-defined]
    categories += [value for value in found if value not in set(categories)]
    place = np.array([categories.index(value) for value in found] + [-1], dtype=np.int32)
    codes = place[coded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)]
    return pd.Categorical.from_codes(codes, categories=pd.Index(categories))


def conform(table: str, frame: "pd.DataFrame", names: Sequence[str] | None = None) -> "pd.DataFrame":
    """The table's schema columns (or `names` of them) in schema order and dtypes; other columns are dropped.

    Raises StoreError for a column that is missing.
    """
    wanted = [c.name for c in columns(table, names)]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        why = "no entity filled the column" + ("s" if len(missing) > 1 else "")
        raise StoreError(f"{table}: {', '.join(missing)}", None, why, "materialize the assets that fill them")
    return from_arrow(table, to_arrow(table, frame[wanted]))
