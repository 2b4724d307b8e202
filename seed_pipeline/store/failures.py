"""What databases say, told to the person who can act on it, without secrets."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from seed_pipeline.store import grants
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact, scrub

_ATOMIC = "the target holds the whole previous release or the whole new one, never a mixture"
_WAIT = "wait for the other one to end, or raise wait_seconds"


@contextmanager
def explained(engine: sa.Engine, *, writing: bool = True) -> Iterator[None]:
    """Turn what the database raises inside into a StoreError that names the target, the reason and a remedy."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _explanation(engine, error.orig, writing) from None
    except (sqlite3.Error, psycopg.Error) as error:
        raise _explanation(engine, error, writing) from None


def _explanation(engine: sa.Engine, error: BaseException | None, writing: bool) -> StoreError:
    text = scrub(" ".join(str(error).split()), engine.get_execution_options().get("secrets", ()))
    why, remedy, retry = _sqlite(error, text) if isinstance(error, sqlite3.Error) else _postgres(error, text)
    remedy = _granting(engine, error, writing) or remedy
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
    return text, _LOOK, False


_ERRORS = psycopg.errors
_CONNECTION = (_ERRORS.OperationalError, _ERRORS.InterfaceError)
_LOOK = "see the message; nothing was applied"
# Kind of error, words in it, why, remedy, whether trying again may help: the first that fits.
_POSTGRES: tuple[tuple[tuple[type[BaseException], ...], str, str, str, bool], ...] = (
    ((_ERRORS.LockNotAvailable, _ERRORS.DeadlockDetected), "", "another session holds a lock on the tables",
     _WAIT, True),
    ((_ERRORS.QueryCanceled,), "", "somebody, or a timeout of the server, cancelled a statement ({0})",
     "run again; a timeout of the role or the database is lifted with ALTER ROLE … RESET statement_timeout", True),
    ((_ERRORS.ReadOnlySqlTransaction,), "", "the database is read-only here ({0}): a standby, or "
     "default_transaction_read_only of the role or the database", "name the primary, or a role that may write", False),
    ((_ERRORS.UntranslatableCharacter, _ERRORS.CharacterNotInRepertoire), "",
     "the database's encoding cannot hold the data ({0})", "CREATE DATABASE … ENCODING 'UTF8', and load there", False),
    ((_ERRORS.NotNullViolation, _ERRORS.ForeignKeyViolation, _ERRORS.UniqueViolation, _ERRORS.CheckViolation,
      _ERRORS.ExclusionViolation, _ERRORS.DataError), "", "the data breaks a rule of the database ({0})", "", False),
    ((_ERRORS.InsufficientPrivilege,), "row-level security",
     "row security hides rows from the user ({0}), and what cannot be seen cannot be left alone",
     "release as the tables' owner, or as a role with BYPASSRLS", False),
    ((_ERRORS.InsufficientPrivilege,), "", "the user may not do this ({0})",
     "name the owner, or a role that may", False),
    ((_ERRORS.InvalidPassword, _ERRORS.InvalidAuthorizationSpecification, *_CONNECTION),
     r"authentication failed|no password supplied|role .* does not exist|no pg_hba|not permitted to log in",
     "the server refuses the user ({0})", "check host, database, user and password (PGPASSWORD, ~/.pgpass)", False),
    ((_ERRORS.InsufficientPrivilege, *_CONNECTION), "permission denied for database",
     "the user may not connect to the database ({0})", "GRANT CONNECT ON DATABASE … TO the user", False),
    ((_ERRORS.InvalidCatalogName, *_CONNECTION), "database .* does not exist|no such database",
     "there is no such database ({0})", "create it, or correct its name", False),
    (_CONNECTION, "unsupported startup parameter",
     "the pooler does not take a parameter of the connection ({0})",
     "take it out of the URL (unset PGOPTIONS, where it is options), or name the server's own port", False),
    (_CONNECTION, "SSL|certificate|channel binding|sslmode",
     "the connection cannot be secured as asked ({0})", "correct sslmode, sslrootcert or channel_binding", False),
    (_CONNECTION, "translate host name|invalid (port|connection option|integer)|Name or service not known",
     "the URL leads nowhere ({0})", "correct host and port", False),
    ((_ERRORS.InvalidSqlStatementName, _ERRORS.DuplicatePreparedStatement), "",
     "a pooler mixes the statements of several connections ({0})",
     "name the server's own port, not the pooler's", False),
    (_CONNECTION, "", "the connection failed or was lost ({0}); " + _ATOMIC,
     "check that the server runs, then run again", True),
)  # fmt: skip


def _postgres(error: BaseException | None, text: str) -> tuple[str, str, bool]:
    for kinds, words, why, remedy, retry in _POSTGRES:
        if isinstance(error, kinds) and re.search(words, text):
            return why.replace("{0}", text), remedy or _mend(text), retry
    return text, _LOOK, False


def _granting(engine: sa.Engine, error: BaseException | None, writing: bool) -> str:
    """The statements that grant what the user lacks; empty where that is not the trouble or cannot be found out."""
    if not isinstance(error, _ERRORS.InsufficientPrivilege) or "row-level security" in str(error):
        return ""
    try:
        with engine.connect() as connection:
            lacking = grants.missing(connection, writing)
    except (sa.exc.DBAPIError, psycopg.Error):
        return ""
    return "as the tables' owner: " + "; ".join(lacking) if lacking else ""


def _mend(text: str) -> str:
    if re.search(r"unique|duplicate", text, re.IGNORECASE):
        return "give the colliding rows different keys; `plan` shows which rows are not ours"
    return "run the checks on the data: they name rows and columns"
