"""How far the making of artifacts has come, so that a run that was killed goes on where it stood.

The first line says what is made, and by which code: for anything else the journal counts for nothing. Each further
line is a chunk: its parts, by asset and table, with their SHA-256. What comes after a torn line counts for nothing.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

Chunk = Mapping[str, Mapping[str, str]]
"""Asset → table → SHA-256 of the part."""


class Journal:
    """The journal under `root` of what `key` describes; `chunks` are those that an earlier run finished."""

    def __init__(self, root: Path, key: Mapping[str, object]) -> None:
        self.path, self._key = root / ".making.jsonl", json.loads(json.dumps(key))
        lines = []
        with suppress(OSError, ValueError):
            for line in self.path.read_text(encoding="utf-8").splitlines():
                lines.append(json.loads(line))
        self.chunks: list[Chunk] = lines[1:] if lines and lines[0] == self._key else []

    def __enter__(self) -> "Journal":
        self.keep(len(self.chunks))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not interrupted(error):
            self.path.unlink(missing_ok=True)

    def keep(self, count: int) -> None:
        """The first chunks alone: those after turned out to be damaged."""
        self.chunks = self.chunks[:count]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text("".join(f"{json.dumps(line)}\n" for line in (self._key, *self.chunks)), encoding="utf-8")
        draft.replace(self.path)

    def add(self, chunk: Chunk) -> None:
        """The next chunk is whole."""
        self.chunks.append(chunk)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(chunk)}\n")
            file.flush()
            os.fsync(file.fileno())


def interrupted(error: BaseException | None) -> bool:
    """Whether the same work may succeed another time: somebody ended it, or the machine had no more room."""
    return error is not None and (not isinstance(error, Exception) or isinstance(error, OSError | MemoryError))
