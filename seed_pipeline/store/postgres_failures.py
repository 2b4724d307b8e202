"""What PostgreSQL and its driver say, told to the person who can act on it."""

import re

import psycopg
import sqlalchemy as sa

from seed_pipeline.store import admission, grants
from seed_pipeline.store.failures import ATOMIC, COLLIDES, LOOK, RULE

_ERRORS = psycopg.errors


class _RowSecurity(_ERRORS.InsufficientPrivilege):
    """Rows are hidden from us."""


class _NoConnect(_ERRORS.InsufficientPrivilege):
    """The database is closed to us."""


class _NoParameter(_ERRORS.ProgrammingError):
    """What the connection should be like cannot be."""


_PARAMETER = (_ERRORS.UndefinedObject, _ERRORS.InvalidParameterValue, _ERRORS.CantChangeRuntimeParam)
# Errors by their SQLSTATE (never by words, which are in the server's language); words of libpq and of poolers, which
# have no SQLSTATE and one language; why, remedy, whether trying again may help: the first that fits.
_POSTGRES: tuple[tuple[tuple[type[BaseException], ...], str, str, str, bool], ...] = (
    ((_ERRORS.LockNotAvailable, _ERRORS.DeadlockDetected), "", "another session holds a lock on the tables",
     "wait for the other one to end, or raise wait_seconds", True),
    ((_ERRORS.QueryCanceled,), "", "somebody, or a timeout of the server, cancelled a statement ({0})",
     "run again; a timeout of the role or the database is lifted with ALTER ROLE … RESET statement_timeout", True),
    ((_ERRORS.ReadOnlySqlTransaction,), "", "the database is read-only here ({0}): a standby, or "
     "default_transaction_read_only of the role or the database", "name the primary, or a role that may write", False),
    ((_ERRORS.UntranslatableCharacter, _ERRORS.CharacterNotInRepertoire), "",
     "the database's encoding cannot hold the data ({0})", "CREATE DATABASE … ENCODING 'UTF8', and load there", False),
    ((_ERRORS.UniqueViolation,), "", "the data breaks a rule of the database ({0})", COLLIDES, False),
    ((_ERRORS.IntegrityError, _ERRORS.DataError), "", "the data breaks a rule of the database ({0})",
     RULE, False),
    ((_RowSecurity,), "", "row security hides rows from the user ({0}), and what cannot be seen cannot be left alone",
     "release as the tables' owner, or as a role with BYPASSRLS", False),
    ((_NoConnect,), "permission denied for database",
     "the user may not connect to the database ({0})", "GRANT CONNECT ON DATABASE … TO the user", False),
    ((_ERRORS.InsufficientPrivilege,), "", "the user may not do this ({0})",
     "name the owner, or a role that may", False),
    ((_ERRORS.InvalidPassword, _ERRORS.InvalidAuthorizationSpecification),
     r"authentication failed|no password supplied|role .* does not exist|no pg_hba|not permitted to log in",
     "the server refuses the user ({0})", "check host, database, user and password (PGPASSWORD, ~/.pgpass)", False),
    ((_ERRORS.InvalidCatalogName,), "database .* does not exist|no such database",
     "there is no such database ({0})", "create it, or correct its name", False),
    ((_ERRORS.TooManyConnections,), "", "the server takes no more connections ({0})",
     "end some (pg_stat_activity lists them), or raise the limit of server, database or role", True),
    ((_NoParameter,), "unsupported startup parameter|invalid target_session_attrs",
     "a parameter of the connection is not taken ({0})", "correct it, or take it out of the URL (unset PGOPTIONS, "
     "where it is options); where a pooler refuses it, name the server's own port", False),
    ((), "SSL|certificate|channel binding|sslmode",
     "the connection cannot be secured as asked ({0})", "correct sslmode, sslrootcert or channel_binding", False),
    ((), "translate host name|invalid (port|connection option|integer)|Name or service not known|definition of service",
     "the URL leads nowhere ({0})", "correct host, port and service (PGSERVICE)", False),
    ((_ERRORS.InvalidSqlStatementName, _ERRORS.DuplicatePreparedStatement), "",
     "a pooler mixes the statements of several connections ({0})",
     "name the server's own port, not the pooler's", False),
    ((_ERRORS.DependentObjectsStillExist,), "", "something of others is made of what would have to go ({0})",
     "drop it, or leave our tables where they are", False),
    ((_ERRORS.OperationalError, _ERRORS.InterfaceError), "", "the connection failed or was lost ({0}); " + ATOMIC,
     "check that the server runs, then run again", True),
)  # fmt: skip


def explanation(engine: sa.Engine, error: BaseException | None, text: str, writing: bool) -> tuple[str, str, bool]:
    """Why, what to do, and whether trying again may help; `text` is the server's own message."""
    kind = _kind(error)
    why, remedy, retry = _told(kind, text)
    return why, _granting(engine, kind, writing) or remedy, retry


def _told(kind: type[BaseException], text: str) -> tuple[str, str, bool]:
    for kinds, words, why, remedy, retry in _POSTGRES:
        unnamed = words and kind in (_ERRORS.OperationalError, _ERRORS.ProtocolViolation)
        if issubclass(kind, kinds) or (unnamed and re.search(words, text)):
            return why.replace("{0}", text), remedy, retry
    return text, LOOK, False


def _kind(error: BaseException | None) -> type[BaseException]:
    """The class of an error by its SQLSTATE, and where that tells too little, by the place that it comes from."""
    if not isinstance(error, psycopg.Error):
        return Exception
    if error.diag.source_file == "rls.c":
        return _RowSecurity
    state = None if error.sqlstate else admission.sqlstate(error)
    kind = type(error) if state is None else _ERRORS.lookup(state)
    if state and issubclass(kind, _PARAMETER):
        return _NoParameter
    return _NoConnect if state and issubclass(kind, _ERRORS.InsufficientPrivilege) else kind


def _granting(engine: sa.Engine, kind: type[BaseException], writing: bool) -> str:
    """The statements that grant what the user lacks; empty where that is not the trouble or cannot be found out."""
    if kind is not _ERRORS.InsufficientPrivilege:
        return ""
    try:
        with engine.connect() as connection:
            lacking = grants.missing(connection, writing)
    except (sa.exc.DBAPIError, psycopg.Error):
        return ""
    return "as the tables' owner: " + "; ".join(lacking) if lacking else ""
