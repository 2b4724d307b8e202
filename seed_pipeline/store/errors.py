"""What the store says when it cannot go on."""

from seed_pipeline.settings.secret import redacted


class StoreError(Exception):
    """A store or target that cannot be used as asked, for the person who can change it.

    `where` (a folder, a table, a target without its password), `value` (or None), `why`, `remedy`; `retry` is True
    where nothing is wrong with the data and the same call may work later (a lost connection, a lock held elsewhere).
    `str()` is the whole message.
    """

    def __init__(self, where: str, value: object, why: str, remedy: str, *, retry: bool = False) -> None:
        self.where, self.value, self.why, self.remedy, self.retry = where, value, why, remedy, retry
        shown = "" if value is None else f" = {value!r}" if isinstance(value, str) else f" = {value}"
        super().__init__(f"{redacted(where)}{redacted(shown)}: {redacted(why)}. What to do: {remedy}.")

    def __reduce__(self) -> tuple:
        return _rebuild, (self.where, self.value, self.why, self.remedy, self.retry)


def _rebuild(where: str, value: object, why: str, remedy: str, retry: bool) -> StoreError:
    return StoreError(where, value, why, remedy, retry=retry)
