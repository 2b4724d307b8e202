"""Content digests that depend on the values and their order, never on how they were cut into chunks."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class ColumnDigest:
    """SHA-256 over one column, fed piece by piece.

    Numbers, dates and flags: fixed-width little-endian values and, apart from them, one validity byte per row.
    Text: the lengths (-1 for null) and, apart from them, the UTF-8 bytes. Each stream is a plain concatenation, so
    the pieces' boundaries leave no mark.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._type = ""
        self._values, self._shape = hashlib.sha256(), hashlib.sha256()

    def update(self, piece: pa.ChunkedArray | pa.Array) -> None:
        """Feed the next rows; every piece has the same type."""
        array = piece.combine_chunks() if isinstance(piece, pa.ChunkedArray) else piece
        if not len(array):
            self._type = self._type or _type_name(array.type)
            return
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        self.rows += len(array)
        self._type = self._type or _type_name(array.type)
        feed = self._feed_text if _is_text(array.type) else self._feed_fixed
        feed(array)

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        whole = f"{self._type}\n{self.rows}\n{self._values.hexdigest()}\n{self._shape.hexdigest()}"
        return hashlib.sha256(whole.encode()).hexdigest()

    def _feed_text(self, array: pa.Array) -> None:
        lengths = pc.fill_null(pc.cast(pc.binary_length(array), pa.int64()), -1)
        self._shape.update(lengths.to_numpy(zero_copy_only=False).astype("<i8").data)
        full = pc.fill_null(array.cast(pa.large_string()), "")
        _, offsets, data = full.buffers()
        ends = np.frombuffer(offsets, "<i8")[full.offset : full.offset + len(full) + 1]
        if data is not None:
            self._values.update(memoryview(data)[ends[0] : ends[-1]])

    def _feed_fixed(self, array: pa.Array) -> None:
        self._shape.update(array.is_valid().to_numpy(zero_copy_only=False).astype(np.uint8).data)
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.uint8())
        elif not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
            array = array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
        values = pc.fill_null(array, 0).to_numpy(zero_copy_only=False)
        # Adding zero turns -0.0 into 0.0: equal values have equal digests.
        values = values + 0.0 if values.dtype.kind == "f" else values
        self._values.update(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).data)


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_)


def _type_name(type_: pa.DataType) -> str:
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return "string" if _is_text(type_) else str(type_)
