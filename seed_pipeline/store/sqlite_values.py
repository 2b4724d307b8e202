"""Rows as sqlite3 takes and gives them."""

import marshal

import pyarrow as pa
import sqlalchemy as sa

from seed_pipeline.core.columns import arrow_type
from seed_pipeline.schema import kind


def bytes(rows: list[tuple]) -> memoryview:
    """The rows one after the other, without a mark of where a list of them began."""
    return memoryview(marshal.dumps(rows, 2))[5:]


def values(array: pa.Array) -> list:
    """The column as Python values that sqlite3 takes: moments as text, flags as 0 and 1."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        array = array.cast(pa.string())
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    return array.to_pylist()


def array(column: sa.Column, values: list) -> pa.Array:
    """The values that sqlite3 gives of a column, as Arrow."""
    of_kind = kind(column)
    if of_kind in ("timestamp", "date"):
        return pa.array(values, pa.string()).cast(arrow_type(column))
    return pa.array(values, pa.int64()).cast(pa.bool_()) if of_kind == "bool" else pa.array(values, arrow_type(column))
