"""What databases say, told to the person who can act on it, without secrets."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact, scrub

_ATOMIC = "the target holds the whole previous release or the whole new one, never a mixture"
_WAIT = "wait for the other one to end, or raise wait_seconds"


@contextmanager
def explained(engine: sa.Engine) -> Iterator[None]:
    """Turn what the database raises inside into a StoreError that names the target, the reason and a remedy."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _explanation(engine, error.orig) from None
    except (sqlite3.Error, psycopg.Error) as error:
        raise _explanation(engine, error) from None


def _explanation(engine: sa.Engine, error: BaseException | None) -> StoreError:
    text = scrub(" ".join(str(error).split()), engine.get_execution_options().get("secrets", ()))
    why, remedy, retry = _sqlite(error, text) if isinstance(error, sqlite3.Error) else _postgres(error, text)
    return StoreError(redact(engine.url), None, why, remedy, retry=retry)


def _sqlite(error: BaseException, text: str) -> tuple[str, str, bool]:
    if "locked" in text or "busy" in text:
        return "another process is writing to the database", _WAIT, True
    if isinstance(error, sqlite3.IntegrityError):
        return f"the data breaks a rule of the database ({text})", _mend(text), False
    if "unable to open" in text:
        return "the file cannot be opened", "check the folder's permissions and that the path is not a folder", False
    if "readonly" in text:
        return "the file cannot be written", "check the file's and folder's permissions", False
    if "not a database" in text:
        return "the file is not a SQLite database", "name another file, or move this one away", False
    if "full" in text:
        return f"the disk is full; {_ATOMIC}", "free some space (or point SQLITE_TMPDIR at a larger disk)", True
    return text, "see the message; nothing was applied", False


def _postgres(error: BaseException | None, text: str) -> tuple[str, str, bool]:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "another session holds a lock on the tables", _WAIT, True
    if isinstance(error, psycopg.errors.IntegrityError | psycopg.errors.DataError):
        return f"the data breaks a rule of the database ({text})", _mend(text), False
    if isinstance(error, psycopg.errors.InsufficientPrivilege) and "row-level security" in text:
        return (
            f"row security hides rows from the user ({text}), and what cannot be seen cannot be left alone",
            "release as the tables' owner, or as a role with BYPASSRLS",
            False,
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return (
            f"the user may not do this ({text})",
            "grant the user CREATE, SELECT, INSERT, UPDATE, DELETE, REFERENCES",
            False,
        )
    if isinstance(error, psycopg.errors.InvalidPassword | psycopg.errors.InvalidAuthorizationSpecification):
        return f"the server refuses the user ({text})", "check user and password (PGPASSWORD, ~/.pgpass)", False
    if isinstance(error, psycopg.errors.InvalidCatalogName):
        return f"there is no such database ({text})", "create it, or correct its name", False
    if isinstance(error, psycopg.OperationalError) and _refused(text):
        return (
            f"the server refuses the connection ({text})",
            "check host, database, user and password (PGPASSWORD, ~/.pgpass)",
            False,
        )
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return (
            f"the connection failed or was lost ({text}); {_ATOMIC}",
            "check that the server runs, then run again",
            True,
        )
    return text, "see the message; nothing was applied", False


def _refused(text: str) -> bool:
    return bool(re.search(r"authentication failed|no password supplied|does not exist|no pg_hba", text))


def _mend(text: str) -> str:
    if re.search(r"unique|duplicate", text, re.IGNORECASE):
        return "give the colliding rows different keys; `plan` shows which rows are not ours"
    return "run the checks on the data: they name rows and columns"
