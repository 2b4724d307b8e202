"""Targets to test against: both databases, each test with an empty one of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pytest
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import database, ownership
from seed_pipeline.store.frames import Tables
from seed_pipeline.store.plan import Options, Plan, Release
from seed_pipeline_tests.store import servers, synthetic


@dataclass
class Target:
    """An empty database of one kind, with the few things a test does to it."""

    url: sa.URL

    @cached_property
    def engine(self) -> sa.Engine:
        return database.connect(self.url)

    @property
    def is_postgres(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    def load(self, chunks: list[Tables], seed: int = 1, **options: object) -> Plan:
        return database.load(self.engine, chunks, release_of(seed), Options(**options))  # type: ignore[arg-type]

    def plan(self, chunks: list[Tables], **options: object) -> Plan:
        return database.plan(self.engine, chunks, Options(**options))  # type: ignore[arg-type]

    def run(self, sql: str, **values: object) -> None:
        """What the application or a person does in the meantime."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(sql), values)

    def rows(self, sql: str) -> list[tuple]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql))]

    def count(self, table: str, where: str = "1 = 1") -> int:
        return self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]

    def owned(self) -> int:
        """Rows of the platform's tables that the manifest calls ours."""
        with self.engine.connect() as connection:
            catalogue = database.dialect_of(connection).catalogue(connection)
            return sum(ownership.known(connection, catalogue, name).num_rows for name in schema.FILLED)

    def age(self) -> None:
        """Turn the manifest of rows into the last version's: a row for each, and no digest."""
        with self.engine.begin() as connection:
            catalogue = database.dialect_of(connection).catalogue(connection)
            known = {name: ownership.known(connection, catalogue, name) for name in schema.FILLED}
            place = "seed_pipeline." if self.is_postgres else ""
            columns = "table_name varchar(63), row_key text, kept boolean NOT NULL, digest bigint"
            key = "PRIMARY KEY (table_name, row_key)"
            connection.exec_driver_sql(f"CREATE TABLE {place}{ownership.ROWS} ({columns}, {key})")
            rows = [
                {"t": name, "k": row["row_key"], "kept": row["kept"]}
                for name in known
                for row in known[name].to_pylist()
            ]
            values = "(table_name, row_key, kept) VALUES (:t, :k, :kept)"
            connection.execute(sa.text(f"INSERT INTO {place}{ownership.ROWS} {values}"), rows)
            for name in (ownership.KEYS, ownership.CONTENTS):
                connection.exec_driver_sql(f"DROP TABLE {place}{name}")

    def one(self, sql: str) -> object:
        return self.rows(sql)[0][0]


def release_of(seed: int) -> Release:
    return Release(seed, f"settings of {seed}", "0.1.0", date(2025, 3, 1), f"data of {seed}")


@pytest.fixture(scope="session")
def server() -> Iterator[sa.URL]:
    with servers.running() as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> Target:
    return Target(sa.URL.create("sqlite", database=str(tmp_path / "folder" / "seed.db")))


@pytest.fixture
def postgres(server: sa.URL) -> Iterator[Target]:
    with servers.database(server) as url:
        yield Target(url)


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest) -> Target:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def first() -> list[Tables]:
    """Two cohorts of seed 1, in one chunk each; tests do not change them."""
    return list(synthetic.release(1, sessions=40))


@pytest.fixture(scope="session")
def second() -> list[Tables]:
    """The same of seed 2: other people, sessions and subjects."""
    return list(synthetic.release(2, sessions=40))
