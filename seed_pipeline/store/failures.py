"""What databases say, told to the person who can act on it, without secrets."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact, scrub

ATOMIC = "the target holds the whole previous release or the whole new one, never a mixture"
COLLIDES = "give the colliding rows different keys; `plan` shows which rows are not ours"
LOOK = "see the message; nothing was applied"
RULE = "run the checks on the data: they name rows and columns; or change the rule, if it is not one of ours"


@contextmanager
def explained(engine: sa.Engine, *, writing: bool = True) -> Iterator[None]:
    """Turn what the database raises inside into a StoreError that names the target, the reason and a remedy."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _explanation(engine, error.orig, writing) from None
    except engine.dialect.loaded_dbapi.Error as error:
        raise _explanation(engine, error, writing) from None


def _explanation(engine: sa.Engine, error: BaseException | None, writing: bool) -> StoreError:
    text = scrub(" ".join(str(error).split()), engine.get_execution_options().get("secrets", ()))
    text = re.sub(r"\bseed_(stage|twin)_", "", text)  # our temporary tables, which nobody else knows
    if isinstance(error, sqlite3.Error):
        why, remedy, retry = _sqlite(error, text)
    else:
        from seed_pipeline.store.postgres_failures import explanation  # its driver takes its time to load

        why, remedy, retry = explanation(engine, error, text, writing)
    return StoreError(redact(engine.url), None, why, remedy, retry=retry)


# The beginning of SQLite's name for the error, why, remedy, whether trying again may help: the first that fits.
_SQLITE = (
    (("SQLITE_BUSY", "SQLITE_LOCKED"), "another process writes to the database, or reads it in one long transaction",
     "wait for it to end (a viewer may hold one open), or raise wait_seconds", True),
    (("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG"), "the data breaks a rule of the database ({0})",
     RULE, False),
    (("SQLITE_CANTOPEN", "SQLITE_PERM"), "the file cannot be opened",
     "check the folder's permissions and that the path is not a folder", False),
    (("SQLITE_READONLY",), "the file cannot be written", "check the file's and folder's permissions", False),
    (("SQLITE_NOTADB",), "the file is not a SQLite database", "name another file, or move this one away", False),
    (("SQLITE_CORRUPT",), "the file is damaged ({0})",
     "name another file, or bring this one back from a copy (sqlite3 FILE .recover saves what can be read)", False),
    (("SQLITE_FULL", "SQLITE_IOERR"), "the disk is full, or cannot be read or written ({0}); " + ATOMIC,
     "free some space (or point SQLITE_TMPDIR at a larger disk)", True),
)  # fmt: skip


def _sqlite(error: BaseException, text: str) -> tuple[str, str, bool]:
    name = getattr(error, "sqlite_errorname", "")
    for names, why, remedy, retry in _SQLITE:
        if name.startswith(names):
            return why.replace("{0}", text), COLLIDES if "UNIQUE" in text else remedy, retry
    return text, LOOK, False
