"""What databases say, in whatever language, is told by what it is: by SQLSTATE, never by words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.pq import DiagnosticField

from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained

SAID = "Поле »users« — das gibt es nicht"
ERRORS = psycopg.errors


@contextmanager
def refusing(code: str) -> Iterator[sa.URL]:
    """A server that lets nobody in, in no language that we know; its URL."""
    fields = b"SFATAL\0VFATAL\0C" + code.encode() + b"\0M" + SAID.encode() + b"\0\0"
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(str(Path(folder, ".s.PGSQL.5432")))
        server.listen()

        def answer() -> None:
            for _ in range(2):
                with server.accept()[0] as client:
                    client.recv(10_000)
                    client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield sa.URL.create("postgresql+psycopg", "me", database="app", query={"host": folder, "port": "5432"})


@pytest.mark.parametrize(
    ("code", "why", "retry"),
    [
        ("28P01", "refuses the user.*PGPASSWORD", False),
        ("28000", "refuses the user.*PGPASSWORD", False),
        ("42501", "may not connect.*GRANT CONNECT", False),
        ("3D000", "no such database.*create it", False),
        ("53300", "takes no more connections.*pg_stat_activity", True),
        ("57P03", "failed or was lost.*run again", True),
    ],
)
def test_who_is_not_let_in_is_told_why(code: str, why: str, retry: bool) -> None:
    """Not to be let in is no lost connection, and is tried again only where that may help."""
    with refusing(code) as url, pytest.raises(StoreError, match=why) as caught:
        database.read(database.connect(url))
    assert SAID in str(caught.value)
    assert caught.value.retry is retry


def told(error: Exception) -> StoreError:
    """What is made of an error of the driver."""
    nowhere = sa.create_engine("postgresql+psycopg:///?host=/nowhere", poolclass=sa.pool.NullPool)
    with pytest.raises(StoreError) as caught, explained(nowhere):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (ERRORS.LockNotAvailable, "another session holds a lock"),
        (ERRORS.QueryCanceled, "cancelled a statement"),
        (ERRORS.ReadOnlySqlTransaction, "read-only here"),
        (ERRORS.UntranslatableCharacter, "encoding cannot hold"),
        (ERRORS.UniqueViolation, "breaks a rule.*different keys"),
        (ERRORS.NotNullViolation, "breaks a rule.*run the checks"),
        (ERRORS.InsufficientPrivilege, "may not do this"),
        (ERRORS.DependentObjectsStillExist, "made of what would have to go"),
        (ERRORS.AdminShutdown, "failed or was lost"),
    ],
)
def test_what_a_server_says_is_told_by_its_kind(kind: type[Exception], why: str) -> None:
    """Each kind has its sentence and remedy, and what the server said is in it."""
    with pytest.raises(StoreError, match=why):
        raise told(kind(SAID))


def test_row_security_is_known_by_the_place_it_comes_from() -> None:
    """The privilege that is missing is BYPASSRLS, and no GRANT helps."""
    info = dict.fromkeys(DiagnosticField) | {DiagnosticField.SOURCE_FILE: b"rls.c"}
    assert "BYPASSRLS" in str(told(ERRORS.InsufficientPrivilege(SAID, info=info)))  # type: ignore[arg-type]
