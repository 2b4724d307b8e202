"""Arrow arrays from numpy's, buffer by buffer: pyarrow's own way in asks for pandas first, which costs its import."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), "<u2")


def text_array(texts: Iterable[str | None]) -> pa.Array:
    """Texts, or none."""
    known = list(texts)
    encoded = [b"" if text is None else text.encode() for text in known]
    none = np.array([text is None for text in known], dtype=bool)
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    words = pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(known), pa.py_buffer(offsets), words, _validity(none), int(none.sum()))


def number_array(values: np.ndarray, type_: pa.DataType | None = None, none: np.ndarray | None = None) -> pa.Array:
    """Numbers, flags and moments as they are or in another type; `none` says where there is nothing."""
    type_ = type_ or pa.from_numpy_dtype(values.dtype)
    if values.dtype.kind == "M":
        values = values.astype("datetime64[D]" if pa.types.is_date32(type_) else "datetime64[s]").astype(np.int64)
    if pa.types.is_boolean(type_):
        data = np.packbits(values.astype(bool), bitorder="little")
    else:
        data = np.ascontiguousarray(values, dtype=f"{_kind(type_)}{type_.bit_width // 8}")
    missing = 0 if none is None else int(none.sum())
    return pa.Array.from_buffers(
        type_, len(values), [_validity(none) if missing else None, pa.py_buffer(data)], missing
    )


def valid(array: pa.Array) -> np.ndarray:
    """One boolean per row of an array that lacks some: it holds something."""
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    return np.unpackbits(bits, bitorder="little")[array.offset : array.offset + len(array)].view(bool)


def raw(array: pa.Array) -> np.ndarray:
    """The values of an array of whole numbers, floats or moments as they lie there; anything where there is none."""
    width = array.type.bit_width // 8
    return np.frombuffer(array.buffers()[1] or b"", f"<{_kind(array.type)}{width}", len(array), array.offset * width)


def codes_of(array: pa.Array) -> np.ndarray:
    """Places (int32), -1 where there is none."""
    return np.where(valid(array), raw(array), np.int32(-1)) if array.null_count else raw(array)


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_floating(type_):
        return "f"
    return "u" if pa.types.is_unsigned_integer(type_) else "i"


def _validity(none: np.ndarray | None) -> pa.Buffer | None:
    return None if none is None or not none.any() else pa.py_buffer(np.packbits(~none, bitorder="little"))


def uuid_texts(high: np.ndarray, low: np.ndarray) -> pa.Array:
    """UUIDs in the form of version 4 from their two halves (uint64): old validators know no later version."""
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    # The variant was taken from the digit's character, and letters do not follow 9: so it stays (X7).
    digit = low >> np.uint64(60)
    variant = np.uint64(8) | ((digit + np.uint64(3) * (digit >= 10)) & np.uint64(3))
    low = (low & np.uint64(0x0FFFFFFFFFFFFFFF)) | (variant << np.uint64(60))
    pairs = _HEX[np.stack([high, low], axis=1).astype(">u8").view(np.uint8)].view(np.uint8)
    text = np.empty((len(high), 36), dtype=np.uint8)
    text[:, [8, 13, 18, 23]] = ord("-")
    start = 0
    for place, width in ((0, 8), (9, 4), (14, 4), (19, 4), (24, 12)):
        text[:, place : place + width] = pairs[:, start : start + width]
        start += width
    offsets = np.arange(len(high) + 1, dtype=np.int32) * 36
    return pa.StringArray.from_buffers(len(high), pa.py_buffer(offsets), pa.py_buffer(text))
