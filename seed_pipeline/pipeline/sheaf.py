"""All that is made of a world, filling up chunk by chunk."""

from collections.abc import Callable, Mapping, Sequence

from seed_pipeline import schema
from seed_pipeline.core.dataset import Closing
from seed_pipeline.pipeline.work import DASHBOARD, Done
from seed_pipeline.store.artifacts import Draft
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.journal import Journal
from seed_pipeline.store.parts import Part, part_path, read, read_part, write_part

Progress = Callable[[str, int, int], None]


class Sheaf:
    """Drafts that fill up chunk by chunk, in order, from where an interrupted run left them."""

    def __init__(
        self, drafts: Mapping[str, Draft], closing: Closing, total: int, progress: Progress, journal: Journal | None
    ) -> None:
        self.drafts, self.total, self.done, self.rows = drafts, total, 0, 0
        self._closing, self._progress, self._journal = closing, progress, journal
        self._report()

    def resume(self) -> None:
        """Take in the chunks that are there and whole; the first that is damaged, and all after it, are made again."""
        for chunk in list(self._journal.chunks) if self._journal else ():
            try:
                parts = {e: [self._there(e, *part) for part in of.items()] for e, of in chunk.items()}
            except StoreError:
                return self._journal.keep(self.done) if self._journal else None
            place = self.drafts["answer_key"].folder / part_path(DASHBOARD, self.done)
            self._closing.add(read(place, chunk["answer_key"][DASHBOARD]), False)
            self._take(parts)

    def _there(self, entity: str, table: str, sha256: str) -> Part:
        return read_part(self.drafts[entity].folder, table, self.done, sha256)

    def add(self, done: Done) -> None:
        """The next chunk. What is said of everybody ends the last one."""
        last = self.done + 1 == self.total
        parts = {entity: list(of) for entity, of in done.parts.items()}
        if done.dashboard is not None:
            rows = self._closing.add(done.dashboard, last)
            parts["answer_key"].append(write_part(self.drafts["answer_key"].folder, DASHBOARD, self.done, rows))
        if self._journal and not last:
            self._journal.add({entity: {part.table: part.sha256 for part in of} for entity, of in parts.items()})
        self._take(parts)

    def _take(self, parts: Mapping[str, Sequence[Part]]) -> None:
        for entity, of in parts.items():
            for part in of:
                self.drafts[entity].add(part)
                if part.table in schema.FILLED and schema.makes_rows(entity, part.table):
                    self.rows += part.rows
        self.done += 1
        self._report()

    def _report(self) -> None:
        self._progress("making" if len(self.drafts) > 1 else next(iter(self.drafts)), self.done, self.total)
        if self.done > 0 and self.total > 1:  # as many rows as there will be if the rest is like what is there
            self._progress("rows", self.rows, self.rows * self.total // self.done)
