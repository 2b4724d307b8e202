"""Whatever happens while a release is loaded, readers see the whole old one or the whole new one.

Kills are real SIGKILLs of a loading process, at random moments of the whole load; the long run is `make torture`.
"""

import multiprocessing
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline.store.target import parse
from seed_pipeline_tests.store import loader, servers
from seed_pipeline_tests.store.conftest import Target, release_of
from seed_pipeline_tests.store.platform import migrate
from seed_pipeline_tests.store.test_load import assert_holds

Slow = tuple[threading.Event, threading.Event, Iterator[Tables]]
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["seed_pipeline_tests.store.loader"])


def a_load(target: Target, seed: int) -> tuple[multiprocessing.process.BaseProcess, object]:
    """Start a load in a process of its own; returns when it begins."""
    here, there = PROCESSES.Pipe(duplex=False)
    url = target.url.render_as_string(hide_password=False)
    process = PROCESSES.Process(target=loader.load, args=(url, seed, there))
    process.start()
    there.close()
    assert here.recv() == "begins"
    return process, here


def kill_at(target: Target, seed: int, seconds: float) -> bool:
    """Kill a load after so long; whether it was still at work."""
    process, _ = a_load(target, seed)
    time.sleep(seconds)
    was_alive = process.is_alive()
    process.kill()
    process.join()
    return was_alive


def duration(target: Target, seed: int) -> float:
    process, here = a_load(target, seed)
    began = time.monotonic()
    assert here.recv() == "done"  # type: ignore[attr-defined]
    took = time.monotonic() - began
    process.join()
    return took


def torture(target: Target, kills: int) -> dict[str, int]:
    """Kill so many loads, from their first moment to past their last, while somebody reads; what came of it."""
    target.load(loader.RELEASES[1])
    states = [counts(target)]
    with reading(target) as seen:
        whole = duration(target, 2)
        states.append(counts(target))
        present, alive, arrived = 2, 0, 0
        for kill in range(kills):
            wanted = 3 - present
            alive += kill_at(target, wanted, whole * 1.5 * random.Random(kill).random())
            present = int(str(target.one("SELECT seed FROM seed_pipeline_releases ORDER BY release DESC LIMIT 1")))
            arrived += present == wanted
            assert_holds(target, loader.RELEASES[present])
    assert [found for found in seen if found not in states] == []
    assert alive, "every load was over before it was killed"
    target.load(loader.RELEASES[3 - present], 3 - present)
    assert_holds(target, loader.RELEASES[3 - present])
    assert target.load(loader.RELEASES[3 - present], 3 - present).changes == 0
    return {"kills": kills, "at work": alive, "arrived": arrived, "snapshots read": len(seen)}


def test_a_killed_load_leaves_a_whole_release(target: Target) -> None:
    """Killed at four moments of the load, the database holds one of the two releases, and the next load just works."""
    torture(target, 4)


@pytest.mark.slow
@pytest.mark.torture
def test_many_killed_loads_leave_a_whole_release(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    """The same at a hundred moments (KILLS), random and the same every time; some before the commit, some after it."""
    found = torture(target, int(os.environ.get("KILLS") or 100))
    with capsys.disabled():
        print(f"\n{target.url.get_backend_name()}: {found}")
    assert 0 < found["arrived"] < found["kills"]


def test_a_killed_first_load_leaves_an_empty_or_a_full_database(target: Target) -> None:
    """Tables are created in the same transaction: killed in the middle, a new database is still empty."""
    kill_at(target, 1, 0.05)
    found = database.read(target.engine)
    assert not found or len(found["users"]) == sum(len(t["users"]) for t in loader.RELEASES[1])
    target.load(loader.RELEASES[2], 2)
    assert_holds(target, loader.RELEASES[2])


def test_a_reader_never_sees_a_mixture(target: Target) -> None:
    """Counts and references, polled in one snapshot after the other during twenty releases, are of one release."""
    target.load(loader.RELEASES[1])
    states = {1: counts(target)}
    target.load(loader.RELEASES[2], 2)
    states[2] = counts(target)
    with reading(target) as seen:
        for turn in range(20):
            target.load(loader.RELEASES[turn % 2 + 1], turn % 2 + 1)
    assert len(seen) > 20
    assert [found for found in seen if found not in states.values()] == []
    assert {found["seed"] for found in seen} == {"1", "2"}


@contextmanager
def reading(target: Target) -> Iterator[list[dict[str, int | str]]]:
    """Somebody who reads one snapshot after the other, all the while; the list of what was seen."""
    over, seen = threading.Event(), []

    def poll() -> None:
        while not over.is_set():
            seen.append(counts(target))
            time.sleep(0.005)

    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(poll)
        try:
            yield seen
        finally:
            over.set()
        polling.result()


def counts(target: Target) -> dict[str, int | str]:
    """Rows per table, orphans, the seed in the manifest and the seed of the people, all in one snapshot."""
    queries = {name: f"SELECT count(*) FROM {name}" for name in COUNTED} | {
        "orphans": f"SELECT {' + '.join(f'({query})' for query in ORPHANS)}",
        "seed": "SELECT seed FROM seed_pipeline_releases ORDER BY release DESC LIMIT 1",
        "admin": "SELECT CAST(substr(max(id), 7) AS integer) FROM users WHERE role = 'admin'",
        "teaching": "SELECT count(*) FROM sessions s JOIN tutors t ON t.user_id = s.tutor_id",
    }
    with target.engine.connect() as connection:
        if target.is_postgres:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return {name: connection.execute(sa.text(query)).scalar_one() for name, query in queries.items()}


def orphans(key: sa.ForeignKey) -> str:
    """SQL that counts the rows whose reference leads nowhere."""
    child, parent = key.parent, key.column
    lost = f"c.{child.name} IS NOT NULL AND p.{parent.name} IS NULL"
    joined = f"LEFT JOIN {parent.table.name} p ON p.{parent.name} = c.{child.name}"
    return f"SELECT count(*) FROM {child.table.name} c {joined} WHERE {lost}"


COUNTED = (*schema.FILLED, "seed_pipeline_keys")
ORPHANS = [orphans(key) for table in schema.metadata.sorted_tables for key in table.foreign_keys]


def test_the_reader_would_notice(sqlite: Target) -> None:
    """A row whose references lead nowhere is seen, whichever table it is in."""
    sqlite.load(loader.RELEASES[1])
    assert counts(sqlite)["orphans"] == 0
    with sqlite3.connect(str(sqlite.url.database)) as careless:
        careless.execute("DELETE FROM users WHERE id = (SELECT min(student_id) FROM sessions)")
    assert counts(sqlite)["orphans"] > 1


@pytest.fixture
def slow_release() -> Iterator[Slow]:
    """A release that begins, says so, and ends when told to."""
    begun, go_on = threading.Event(), threading.Event()

    def chunks() -> Iterator[Tables]:
        yield loader.RELEASES[1][0]
        begun.set()
        assert go_on.wait(20)
        yield loader.RELEASES[1][1]

    yield begun, go_on, chunks()
    go_on.set()


def test_the_second_of_two_releases_fails_clearly(target: Target, slow_release: Slow) -> None:
    """While one release is at work another gives up after its waiting time, says why, and may be retried."""
    begun, go_on, chunks = slow_release
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(database.load, target.engine, chunks, release_of(1))
        assert begun.wait(20)
        with pytest.raises(StoreError, match=r"another (process writes|release into this database)") as caught:
            target.load(loader.RELEASES[2], 2, wait_seconds=0.2)
        assert caught.value.retry
        go_on.set()
        assert first.result().applied
    assert_holds(target, loader.RELEASES[1])


def test_the_second_of_two_releases_waits(target: Target, slow_release: Slow) -> None:
    """Given time, it loads after the first and against what the first left."""
    begun, go_on, chunks = slow_release
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(database.load, target.engine, chunks, release_of(1))
        assert begun.wait(20)
        second = pool.submit(target.load, loader.RELEASES[2], 2, wait_seconds=20)
        time.sleep(0.3)
        assert not second.done()
        go_on.set()
        assert [first.result().release, second.result().release] == [1, 2]
    assert_holds(target, loader.RELEASES[2])


def test_writers_of_the_app_wait_for_the_release(postgres: Target) -> None:
    """A release waits for an open write of the application, up to its waiting time, and then says so."""
    postgres.load(loader.RELEASES[1])
    with postgres.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET name = name WHERE role = 'admin'")
        with pytest.raises(StoreError, match="another session holds a lock") as caught:
            postgres.load(loader.RELEASES[2], 2, wait_seconds=0.2)
    assert caught.value.retry
    assert_holds(postgres, loader.RELEASES[1])


def test_a_first_load_waits_no_longer_than_told(postgres: Target) -> None:
    """On a database that the platform's migrations made, while the application writes: an error in time, no trace."""
    migrate(postgres)
    before = postgres.rows("SELECT relname FROM pg_class WHERE relkind IN ('r', 'i') ORDER BY 1")
    with postgres.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sessions")
        for told in (0.2, 0.4):
            began = time.monotonic()
            with pytest.raises(StoreError, match=r"another session holds a lock.*wait_seconds") as caught:
                postgres.load(loader.RELEASES[1], wait_seconds=told)
            assert caught.value.retry
            assert told <= time.monotonic() - began < told + 3
    assert postgres.rows("SELECT relname FROM pg_class WHERE relkind IN ('r', 'i') ORDER BY 1") == before
    assert postgres.load(loader.RELEASES[1], wait_seconds=5).applied


@pytest.mark.parametrize("filled", [False, True])
def test_the_application_works_while_rows_stream(postgres: Target, filled: bool) -> None:
    """A first or a second release holds up nobody who reads and writes in our tables or in those that name them."""
    migrate(postgres)
    postgres.run("CREATE TABLE notes (user_id varchar(128) REFERENCES users, body text)")
    if filled:
        postgres.load(loader.RELEASES[1])
    theirs = database.connect(postgres.url)

    def chunks() -> Iterator[Tables]:
        for number, tables in enumerate(loader.RELEASES[2]):
            yield tables
            with theirs.begin() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '300ms'")
                user = f"'visitor {number}'"
                connection.exec_driver_sql(f"INSERT INTO users VALUES ({user}, {user}, 'V', NULL, NULL, 'student')")
                connection.exec_driver_sql(f"INSERT INTO notes VALUES ({user}, 'a')")
                connection.exec_driver_sql("UPDATE notes SET body = 'b'")
                connection.exec_driver_sql("DELETE FROM sessions WHERE id = gen_random_uuid()")
                connection.exec_driver_sql(f"INSERT INTO subjects (name, category) VALUES ({user}, 'other')")
                connection.exec_driver_sql(f"DELETE FROM subjects WHERE name = {user}")

    assert database.load(postgres.engine, chunks(), release_of(2)).applied
    assert (postgres.count("notes", "body = 'b'"), postgres.count("users", "name = 'V'")) == (2, 2)
    unchecked = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
    assert postgres.rows(unchecked) == []
    assert postgres.load(loader.RELEASES[2], 2).changes == 0
    assert (postgres.count("notes", "body = 'b'"), postgres.count("users", "name = 'V'")) == (2, 2)


@pytest.mark.parametrize("filled", [False, True])
def test_the_application_writes_while_we_plan(target: Target, filled: bool) -> None:
    """A plan neither waits for the application nor holds it up, and leaves nothing behind."""
    target.load(loader.RELEASES[1])
    if not filled:
        target.run("DELETE FROM users")
        target.run("DELETE FROM subjects")

    def chunks() -> Iterator[Tables]:
        for number, tables in enumerate(loader.RELEASES[2]):
            yield tables
            with target.engine.begin() as connection:
                connection.exec_driver_sql(f"{'SET' if target.is_postgres else 'PRAGMA'} {patience}")
                connection.exec_driver_sql(f"INSERT INTO subjects (name, category) VALUES ('Chess {number}', 'other')")

    patience = "LOCAL lock_timeout = '300ms'" if target.is_postgres else "busy_timeout = 300"
    plan = database.plan(database.connect(target.url, writable=False), chunks())
    assert sum(t.foreign for t in plan.tables if t.table == "subjects") == 2
    assert target.count("subjects", "name LIKE 'Chess%'") == 2


def test_who_only_reads_cannot_write(target: Target) -> None:
    """`plan`, `check`, `demo` and `report` connect in a way in which the database itself refuses to write."""
    target.load(loader.RELEASES[1])
    with (
        database.connect(target.url, writable=False).connect() as connection,
        pytest.raises(sa.exc.DBAPIError, match=r"read-?only"),
    ):
        connection.exec_driver_sql("DELETE FROM session_feedback")
    assert_holds(target, loader.RELEASES[1])


def test_a_server_that_stops_in_the_middle() -> None:
    """The connection is lost, the error says that nothing is half done; after the restart the old release is there."""
    with servers.own_server() as server:
        target = Target(parse(server.get_uri()))
        target.load(loader.RELEASES[1])

        def chunks() -> Iterator[Tables]:
            yield loader.RELEASES[2][0]
            server.stop()
            yield loader.RELEASES[2][1]

        with pytest.raises(StoreError, match=r"lost|terminat|clos") as caught:
            database.load(target.engine, chunks(), release_of(2))
        assert caught.value.retry
        assert "whole previous release or the whole new one" in str(caught.value)
        with pytest.raises(StoreError, match="connection failed"):
            database.read(target.engine)
        server.start()
        assert_holds(target, loader.RELEASES[1])
        target.load(loader.RELEASES[2], 2)
        assert_holds(target, loader.RELEASES[2])
