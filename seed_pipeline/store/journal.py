"""How far the making of artifacts has come, so that a run that was killed goes on where it stood.

The first line says what is made, and by which code: for anything else the journal counts for nothing. Each further
line is a chunk: its parts, by asset and table, with their SHA-256. What comes after a torn line counts for nothing.
At a URL, where nothing can be added to a file, each line is a file of its own.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import filesystem, is_local, put

Chunk = Mapping[str, Mapping[str, str]]
"""Asset → table → SHA-256 of the part."""


class Journal:
    """The journal under `root` of what `key` describes; `chunks` are those that an earlier run finished."""

    def __init__(self, root: Path, key: Mapping[str, object]) -> None:
        self.path, self._key = root / ".making.jsonl", json.loads(json.dumps(key))
        lines = []
        with suppress(OSError, ValueError):
            for line in self._lines():
                lines.append(json.loads(line))
        self.chunks: list[Chunk] = lines[1:] if lines and lines[0] == self._key else []

    def __enter__(self) -> "Journal":
        self.keep(len(self.chunks))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not interrupted(error):
            self._remove()

    def keep(self, count: int) -> None:
        """The first chunks alone: those after turned out to be damaged."""
        self.chunks = self.chunks[:count]
        lines = [json.dumps(line) for line in (self._key, *self.chunks)]
        if is_local(self.path):
            return put(self.path, "".join(f"{line}\n" for line in lines).encode())
        self._remove()
        for number, line in enumerate(lines):
            self._put(number, line)

    def add(self, chunk: Chunk) -> None:
        """The next chunk is whole."""
        self.chunks.append(chunk)
        if not is_local(self.path):
            return self._put(len(self.chunks), json.dumps(chunk))
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(chunk)}\n")
            file.flush()
            os.fsync(file.fileno())

    def _put(self, number: int, line: str) -> None:
        put(self.path / f"{number:08d}", line.encode())

    def _lines(self) -> Iterator[str]:
        if is_local(self.path):
            yield from self.path.read_text(encoding="utf-8").splitlines()
            return
        for number in count():  # up to the first that is missing
            yield (self.path / f"{number:08d}").read_text(encoding="utf-8")

    def _remove(self) -> None:
        if is_local(self.path):
            self.path.unlink(missing_ok=True)
        elif self.path.exists():
            filesystem(self.path).rm(str(self.path), recursive=True)


def interrupted(error: BaseException | None) -> bool:
    """Whether the same work may succeed another time: somebody ended it, or there was no more room, or no network."""
    again = isinstance(error, OSError | MemoryError) or (isinstance(error, StoreError) and error.retry)
    return error is not None and (again or not isinstance(error, Exception))
