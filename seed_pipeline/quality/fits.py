"""Whether every value of an Arrow table is surely what the schema says: types, extremes, distinct words.

Who is in doubt asks the Pandera schema, which says what is wrong with which row; a test holds the two together.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Enum, Integer, Numeric

from seed_pipeline.schema import metadata


def fits(table: str, data: pa.Table, columns: Sequence[str] | None = None) -> bool:
    """Whether the columns (all of the table's by default) surely are lawful; false where that is not seen at once."""
    known = metadata.tables[table].columns
    return all(name in data.column_names and _fits(known[name], data[name]) for name in columns or known.keys())


def _fits(column: Column, values: pa.ChunkedArray) -> bool:
    if values.null_count and not column.nullable:
        return False
    if values.null_count == len(values):
        return True
    kind, found = column.type, values.type
    if isinstance(kind, Enum):
        return _words(found) and set(pc.unique(values).to_pylist()) <= {*kind.enums, None}
    if isinstance(kind, Boolean):
        return bool(pa.types.is_boolean(found))
    if isinstance(kind, Date):
        return bool(pa.types.is_date32(found))
    if isinstance(kind, DateTime):
        return found == pa.timestamp("s")
    if isinstance(kind, Integer | Numeric | Double):
        return _number(column, values)
    return _words(found) and _within(pc.utf8_length(_plain(values)), 1, getattr(kind, "length", None) or float("inf"))


def _number(column: Column, values: pa.ChunkedArray) -> bool:
    whole, places = isinstance(column.type, Integer), getattr(column.type, "scale", None)
    if whole != pa.types.is_integer(values.type) or not (whole or pa.types.is_floating(values.type)):
        return False
    if not whole and not pc.all(pc.is_finite(values)).as_py():
        return False
    if not whole and places is not None:
        off = pc.abs(pc.subtract(values, pc.round(values, ndigits=places)))
        if not pc.max(off).as_py() < 1e-9:
            return False
    return "domain" not in column.info or _within(values, *column.info["domain"])


def _within(values: pa.ChunkedArray, low: float, high: float) -> bool:
    extremes = pc.min_max(values).as_py()
    return bool(low <= extremes["min"] and extremes["max"] <= high)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The words, each once where they come as a dictionary."""
    return pc.unique(values).dictionary if pa.types.is_dictionary(values.type) else values


def _words(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
