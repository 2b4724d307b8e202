"""What `plan`, `run` and `clean` do to a database that others use, too."""

import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from seed_pipeline_tests.cli.conftest import AS_OF, Command
from seed_pipeline_tests.store import servers

URL = "sqlite:///seed.db"
NOTE = """
    INSERT INTO coaching_notes (id, tutor_id, note_type, content, created_at)
    SELECT '00000000-0000-4000-8000-00000000000a', user_id, 'manual', 'Call her', '2026-02-01 10:00:00'
    FROM tutors LIMIT 1
"""


@pytest.fixture
def database(command: Command, seeded: Path, tmp_path: Path) -> Path:
    """The seeded database as seed.db in the test's folder."""
    return Path(shutil.copy(seeded / "data" / "seed.db", tmp_path / "seed.db"))


def rows(database: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def run(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(sql)


def total(tables: Iterable[dict], what: str) -> int:
    return sum(table[what] for table in tables)


def test_a_plan_shows_every_table_and_applies_nothing(command: Command, database: Path) -> None:
    """Insert, update, delete, unchanged and foreign, table by table; the file stays as it was, byte for byte."""
    before = database.read_bytes()
    answer = command("plan", *AS_OF, "--target", URL, "--set", "probabilities.availability.feedback=0.42")
    assert answer.code == 0
    assert "insert      update      delete   unchanged     foreign" in answer.out.splitlines()[0]
    assert any(line.split()[:1] == ["session_feedback"] for line in answer.out.splitlines())
    assert "Nothing was applied" in answer.out
    assert database.read_bytes() == before


def test_the_plan_is_what_run_does(command: Command, database: Path) -> None:
    """The same counts, and afterwards there is nothing left to do."""
    tweak = (*AS_OF, "--target", URL, "--seed", "7", "--json")
    planned = json.loads(command("plan", *tweak).out)["plan"]["tables"]
    done = json.loads(command("run", *tweak).out)["loaded"]
    assert done == {what: total(planned, what) for what in done}
    again = json.loads(command("plan", *tweak).out)["plan"]["tables"]
    assert total(again, "insert") + total(again, "update") + total(again, "delete") == 0


def test_a_plan_for_a_file_that_is_not_there(command: Command, tmp_path: Path) -> None:
    """All inserts, and still no file."""
    answer = command("plan", *AS_OF, "--target", "sqlite:///new/seed.db")
    assert answer.code == 0
    assert "Creates" in answer.out
    assert "sqlite:///new/seed.db" in answer.out
    assert not list(tmp_path.iterdir())


def test_a_plan_of_data_that_would_be_refused(command: Command, database: Path) -> None:
    """Exit code 1 and the statement that fails: run would not load it."""
    answer = command("plan", *AS_OF, "--target", URL, "--set", "targets.statements.O1_completed.expected=0.5")
    assert answer.code == 1
    assert "O1_completed failed" in answer.out
    assert "would stay as it is" in answer.out


def test_a_plan_of_artifacts(command: Command, seeded: Path, database: Path) -> None:
    """--artifacts: what is there already, for the world it was made for."""
    answer = command("plan", "--artifacts", str(seeded / "artifacts"), "--target", URL)
    assert answer.code == 0
    assert "nothing would be written" in answer.out


def test_rows_of_others_stop_a_release_until_told_how(command: Command, database: Path) -> None:
    """A coaching note on a tutor that has to go: plan and run refuse, keep keeps both, cascade says what went."""
    run(database, NOTE)
    before = database.read_bytes()
    other = (*AS_OF, "--target", URL, "--seed", "7")
    planned, refused = command("plan", *other), command("run", *other)
    assert (planned.code, refused.code) == (1, 2)
    assert "coaching_notes: 1 row(s) of others stand in the way" in planned.out
    assert "on_foreign=keep" in refused.err
    assert database.read_bytes() == before

    kept = command("run", *other, "--on-foreign", "keep")
    assert kept.code == 0
    assert "coaching_notes: 1 row(s) of others stay, with what they need of ours" in kept.out
    assert rows(database, "SELECT count(*) FROM coaching_notes JOIN tutors ON user_id = tutor_id") == [(1,)]

    run(database, "UPDATE coaching_notes SET tutor_id = (SELECT max(user_id) FROM tutors)")
    gone = command("run", *AS_OF, "--target", URL, "--seed", "8", "--on-foreign", "cascade")
    assert gone.code == 0
    assert "coaching_notes: 1 row(s) of others go" in gone.out
    assert rows(database, "SELECT count(*) FROM coaching_notes") == [(0,)]


def test_emptying_foreign_data_needs_its_own_word(command: Command, database: Path) -> None:
    """`clear_existing_data` never touches rows of others; `--empty-foreign-data` does."""
    run(database, NOTE)
    assert command("run", *AS_OF, "--target", URL).code == 0
    assert rows(database, "SELECT count(*) FROM coaching_notes") == [(1,)]
    assert command("run", *AS_OF, "--target", URL, "--empty-foreign-data").code == 0
    assert rows(database, "SELECT count(*) FROM coaching_notes") == [(0,)]


def test_clean_leaves_no_trace(command: Command, database: Path) -> None:
    """Our rows, tables and manifest are gone; a second call finds nothing."""
    answer = command("clean", "--target", URL)
    assert answer.code == 0
    assert "2,036 rows removed" in answer.out
    assert rows(database, "SELECT name FROM sqlite_master") == []
    assert "nothing of ours" in command("clean", "--target", URL).out


def test_clean_leaves_what_others_wrote(command: Command, database: Path) -> None:
    """A note of others stops it; with keep the note stays with its tutor, who is nobody's seed any more."""
    run(database, NOTE)
    assert command("clean", "--target", URL).code == 2
    assert command("clean", "--target", URL, "--on-foreign", "keep").code == 0
    assert rows(database, "SELECT count(*) FROM coaching_notes JOIN tutors ON user_id = tutor_id") == [(1,)]
    assert rows(database, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'seed_pipeline%'") == [(0,)]


def test_clean_makes_no_file(command: Command, tmp_path: Path) -> None:
    """Where there is no database there is nothing to clean, and afterwards still none."""
    answer = command("clean", "--target", "sqlite:///nothing/here.db")
    assert answer.code == 0
    assert "nothing of ours" in answer.out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["plan", "run", "clean"])
def test_production_is_refused(command: Command, name: str) -> None:
    """Exit code 2, before any work, with the override named; the password is not shown."""
    answer = command(name, "--target", "postgresql://me:hush@localhost/shop_production")
    assert answer.code == 2
    assert "--allow-production" in answer.err
    assert "hush" not in answer.err + answer.out


def test_production_can_be_meant(command: Command, tmp_path: Path) -> None:
    """--allow-production is the override."""
    assert command("run", *AS_OF, "--target", "sqlite:///production.db", "--allow-production").code == 0
    assert (tmp_path / "production.db").exists()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A new, empty database of each kind."""
    if request.param == "sqlite":
        yield "sqlite:///other.db"
        return
    with servers.running() as server, servers.database(server) as made:
        yield servers.raw(made)


def test_a_release_is_judged_by_the_settings_it_was_made_with(command: Command, url: str) -> None:
    """A preset, a rule switched off, another window: check, demo and report know them from the release."""
    world = ("--preset", "demo", "--disable-rule", "first_session", "--set", "main.days=50", *AS_OF)
    assert command("run", *world, "--target", url).code == 0
    for given in (["check"], ["demo", "--json"], ["report", "--out", "report.html"]):
        answer = command(*given, "--target", url)
        assert (answer.code, answer.err) == (0, ""), answer.out
    unlawful = command("check", "--target", url, "--set", "targets.statements.O1_completed.expected=0.5")
    assert unlawful.code == 1
    assert "O1_completed" in unlawful.out
    assert command("clean", "--target", url).code == 0
