"""A release on its way into a database: read once, chunk by chunk, and only those tables that may differ."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Union

import pyarrow as pa

from seed_pipeline import schema
from seed_pipeline.store.errors import StoreError

if TYPE_CHECKING:
    from seed_pipeline.store.frames import Tables

ArrowTables = dict[str, pa.Table]


class Content(NamedTuple):
    """What a table of the release comes to: its rows, and a digest of all of them."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Stream:
    """Complete tables, at most one chunk in memory at a time.

    `open` takes the tables that are not wanted; `contents` says, where it is known before, what the tables come to.
    """

    open: Callable[[Collection[str]], Iterator[ArrowTables]]
    contents: Mapping[str, Content] = field(default_factory=dict)

    @classmethod
    def of(cls, chunks: Union["Stream", "Iterable[Tables]"]) -> "Stream":
        """The stream itself, or one of frames."""
        return chunks if isinstance(chunks, Stream) else cls(lambda without: _opened(chunks, without))


def _opened(chunks: "Iterable[Tables]", without: Collection[str]) -> Iterator[ArrowTables]:
    from seed_pipeline.store.frames import to_arrow

    empty = True
    for tables in chunks:
        empty = False
        wanted = [name for name in tables if name in schema.FILLED and name not in without]
        yield {name: to_arrow(name, tables[name][[*schema.metadata.tables[name].columns.keys()]]) for name in wanted}
    if empty:  # an iterator that was gone through before, and no release that has no rows
        why, remedy = "somebody else wrote into the target while it was being compared", "run again"
        raise StoreError("target", None, why, remedy, retry=True)
