"""What a process hands to another: large arrays go through a file that the receiver maps, not through a pipe."""

import mmap
import pickle
from pathlib import Path
from typing import Any, NamedTuple


class Parcel(NamedTuple):
    """A value as bytes, its buffers beside it in a file."""

    content: bytes
    sizes: tuple[int, ...]
    path: Path


def packed(value: Any, path: Path) -> Parcel:
    """The value, ready to be sent; its buffers are in the file, which the receiver removes."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    with path.open("wb") as file:
        for view in views:
            file.write(view)
    return Parcel(content, tuple(view.nbytes for view in views), path)


def opened(parcel: Parcel) -> Any:
    """The value; its arrays lie in the mapped file, which has no name any more."""
    if not sum(parcel.sizes):
        parcel.path.unlink()
        return pickle.loads(parcel.content, buffers=[b""] * len(parcel.sizes))
    with parcel.path.open("rb") as file:
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    parcel.path.unlink()
    buffers, start = [], 0
    for size in parcel.sizes:
        buffers.append(mapped[start : start + size])
        start += size
    return pickle.loads(parcel.content, buffers=buffers)
