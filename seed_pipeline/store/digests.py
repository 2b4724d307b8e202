"""Content digests that depend on the values and their order, never on how they were cut into chunks."""

import hashlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from seed_pipeline.core.arrays import number_array, raw, valid


class Piece(NamedTuple):
    """Rows of a column as they are digested; pieces follow each other, and their boundaries leave no mark.

    Numbers, dates and flags: fixed-width little-endian values and, apart from them, one validity byte per row.
    Text: the UTF-8 bytes and, apart from them, the lengths (-1 for null).
    """

    type: str
    rows: int
    values: np.ndarray
    shape: np.ndarray


class ColumnDigest:
    """SHA-256 over one column, fed piece by piece."""

    def __init__(self) -> None:
        self.rows = 0
        self._type = ""
        self._values, self._shape = hashlib.sha256(), hashlib.sha256()

    def feed(self, found: Piece) -> None:
        """Feed the next rows; every piece has the same type."""
        self._type = self._type or found.type
        self.rows += found.rows
        self._values.update(found.values.data)
        self._shape.update(found.shape.data)

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        whole = f"{self._type}\n{self.rows}\n{self._values.hexdigest()}\n{self._shape.hexdigest()}"
        return hashlib.sha256(whole.encode()).hexdigest()


def piece(column: pa.ChunkedArray | pa.Array) -> Piece:
    """The rows of a column, ready to be digested; texts with a dictionary are digested as texts."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    name = type_name(array.type)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    values, shape = _text(array) if _is_text(array.type) else _fixed(array)
    return Piece(name, len(array), values, shape)


def _text(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    offsets, data = array.buffers()[1:]
    width = "<i8" if pa.types.is_large_string(array.type) else "<i4"
    every = np.frombuffer(offsets, width) if len(array) else np.zeros(1, width)
    ends = every[array.offset : array.offset + len(array) + 1]
    lengths = np.diff(ends).astype("<i8")
    if array.null_count:
        none = ~valid(array)
        if lengths[none].any():
            return _text(array.drop_null())[0], np.where(none, -1, lengths)
        lengths[none] = -1
    return np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]], lengths


def _fixed(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    none = ~valid(array) if array.null_count else None
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    # Adding zero turns -0.0 into 0.0: equal values have equal digests.
    values = raw(array) + 0.0 if pa.types.is_floating(array.type) else raw(array)
    if none is None:
        return values, np.ones(len(array), np.uint8)
    return np.where(none, 0, values).astype(values.dtype), (~none).view(np.uint8)


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_)


def type_name(type_: pa.DataType) -> str:
    """The type as digests know it: texts are texts, with a dictionary or without."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return "string" if _is_text(type_) else str(type_)


_ROWS = 20_000  # at a time: each byte of a text becomes eight
_POWER, _INVERSE = 0x9E3779B97F4A7C15, pow(0x9E3779B97F4A7C15, -1, 1 << 64)
_NULL = np.uint64(0x5EED_DA7A_0000_0001)


def of_rows(data: pa.Table) -> pa.Array:
    """32 bits over the values of each row: the same for the same values, wherever they were read."""
    batches = data.to_batches(max_chunksize=_ROWS)
    pieces = [_of_batch(batch) for batch in batches]
    return number_array(np.concatenate([np.zeros(0, np.int32), *pieces]))


def _of_batch(batch: pa.RecordBatch) -> np.ndarray:
    total = np.zeros(batch.num_rows, np.uint64)
    for found in map(piece, batch.columns):
        is_text = found.type == "string"
        bits, absent = (_text_bits(found), -1) if is_text else (_fixed_bits(found.values), 0)
        total = (total ^ np.where(found.shape == absent, _NULL, bits)) * np.uint64(_POWER)
        total ^= total >> np.uint64(29)
    return (total >> np.uint64(32)).astype(np.uint32).view(np.int32)


def _fixed_bits(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float64 if values.dtype.kind == "f" else np.int64).view(np.uint64)


def _text_bits(found: Piece) -> np.ndarray:
    """A polynomial in each text's bytes, modulo 2^64, by differences of one running sum."""
    lengths = np.maximum(found.shape, 0)
    ends, count = np.cumsum(lengths), len(found.values)
    sums = np.zeros(count + 1, np.uint64)
    np.cumsum(found.values * _powers(_POWER, count), out=sums[1:])
    starts = ends - lengths
    return (sums[ends] - sums[starts]) * _powers(_INVERSE, count + 1)[starts] + lengths.astype(np.uint64)


_known: dict[int, np.ndarray] = {}


def _powers(base: int, count: int) -> np.ndarray:
    """The first so many powers, modulo 2^64; what was worked out once is kept."""
    if base not in _known or len(_known[base]) < count:
        powers = np.full(1 << max(count, 1 << 16).bit_length(), base, np.uint64)
        powers[:1] = 1
        _known[base] = np.cumprod(powers)
    return _known[base][:count]
