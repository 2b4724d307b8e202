"""A load makes the target hold the release: in one step, by key, and only where something differs."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import application, database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables, conform
from seed_pipeline.store.held import held
from seed_pipeline.store.stream import Content, Stream
from seed_pipeline_tests.store import synthetic
from seed_pipeline_tests.store.conftest import Target, release_of


def rows_of(chunks: list[Tables]) -> int:
    return sum(len(frame) for tables in chunks for frame in tables.values())


def merged(chunks: list[Tables]) -> Tables:
    """The release as `read` gives it: all chunks together, sorted by key."""
    found = {}
    for name in chunks[0]:
        keys = [c.name for c in schema.metadata.tables[name].primary_key]
        frame = pd.concat([tables[name] for tables in chunks], ignore_index=True)
        order = frame[keys].astype({k: str for k in keys if k != "seq"}).sort_values(keys).index
        found[name] = frame.loc[order].reset_index(drop=True)
    return found


def changed(chunks: list[Tables], table: str, **values: object) -> list[Tables]:
    """The release with other values in one table's columns."""
    return [{**tables, table: conform(table, tables[table].assign(**values))} for tables in chunks]


def assert_holds(target: Target, chunks: list[Tables]) -> None:
    found, expected = database.read(target.engine), merged(chunks)
    assert list(found) == list(expected)
    for name, frame in found.items():
        pd.testing.assert_frame_equal(frame, expected[name], obj=name)


def test_first_load_fills_an_empty_database(target: Target, first: list[Tables]) -> None:
    """Every row arrives, tables nobody fills are created too, and the manifest says what this is."""
    plan = target.load(first)
    assert (plan.total("insert"), plan.changes, plan.applied, plan.release) == (rows_of(first), rows_of(first), True, 1)
    assert_holds(target, first)
    assert target.count("alerts") == 0
    assert target.rows("SELECT release, seed, settings_fingerprint, version FROM seed_pipeline_releases") == [
        (1, "1", "settings of 1", "0.1.0")
    ]
    owned = sum(len(t[name]) for t in first for name in t if name not in schema.ANSWER_KEY)
    assert target.owned() == owned


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_databases_read_back_the_same_values(sqlite: Target, postgres: Target, seed: int) -> None:
    """What was released is what is read, value by value, from SQLite and from PostgreSQL alike."""
    chunks = list(synthetic.release(seed, cohorts=3, sessions=40, chunk=2))
    for target in (sqlite, postgres):
        target.load(chunks, seed)
        assert_holds(target, chunks)


def test_texts_survive_as_they_are(target: Target, first: list[Tables]) -> None:
    """Quotes, line breaks, commas, backslashes, emoji, right-to-left text, empty text and no text stay apart."""
    texts = [
        'say "hi"',
        "a\nb\r\nc",
        "x,y;\tz",
        "back\\slash \\N",
        "🎓 ärger",
        "שלום",
        "",
        None,
        "NULL",
        "'",
        "%s %(a)s :b",
    ]
    session = first[0]["session_transcript_highlights"].iloc[: len(texts)]
    chunks = [dict(first[0])]
    chunks[0]["session_transcript_highlights"] = session.assign(text=[t if t is not None else "x" for t in texts])
    feedback = first[0]["session_feedback"].iloc[: len(texts)]
    chunks[0]["session_feedback"] = feedback.assign(feedback_text=pd.Series(texts, dtype="str"))
    target.load(chunks)
    assert_holds(target, chunks)
    assert target.load(chunks).changes == 0


def test_the_same_release_again_writes_nothing(target: Target, first: list[Tables]) -> None:
    """A second load of the same data leaves file and rows as they were, and is no new release."""
    target.load(first)
    before = fingerprint(target)
    again = target.load(first)
    assert (again.changes, again.total("unchanged"), again.release) == (0, rows_of(first), 1)
    assert fingerprint(target) == before


def test_what_stays_and_what_is_released_may_change_places(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """Where earlier rows are kept, going back to an earlier release reads as that release, though no row is new."""
    for seed, chunks in ((1, first), (2, second), (1, first)):
        target.load(chunks, seed, clear_existing_data=False)
        assert_holds(target, chunks)
    before = fingerprint(target)
    assert target.load(first, 1, clear_existing_data=False).release == 3
    assert fingerprint(target) == before


def test_both_databases_sort_numbers_alike(sqlite: Target, postgres: Target, first: list[Tables]) -> None:
    """The tenth effect on a metric comes after the ninth, not after the first."""
    effects = first[0]["truth_effects"]
    many = pd.concat([effects.assign(seq=effects["seq"] + later) for later in range(0, 12, 2)], ignore_index=True)
    chunks = [{**first[0], "truth_effects": conform("truth_effects", many)}]
    for target in (sqlite, postgres):
        target.load(chunks)
        assert_holds(target, chunks)


@pytest.mark.parametrize("seed", [-(2**70), 2**70])
def test_any_integer_is_a_seed_that_can_be_recorded(target: Target, first: list[Tables], seed: int) -> None:
    """The manifest has room for seeds beyond 64 bits (X2), and knows them again."""
    target.load(first, seed)
    assert target.one("SELECT seed FROM seed_pipeline_releases") == str(seed)
    assert target.load(first, seed).release == 1


def fingerprint(target: Target) -> object:
    """SQLite: the file's bytes; PostgreSQL: every row version of every table."""
    if not target.is_postgres:
        return Path(str(target.url.database)).read_bytes()
    names = [
        row[0] for row in target.rows("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY 1")
    ]
    versions = "SELECT count(*), sum(xmin::text::bigint), sum(xmax::text::bigint) FROM"
    return [target.rows(f"{versions} {name}") for name in names]


def test_a_tweak_touches_only_the_rows_that_differ(target: Target, first: list[Tables]) -> None:
    """Ten other ratings are ten updates in one table."""
    target.load(first)
    feedback = first[0]["session_feedback"]
    rating = feedback["student_satisfaction_rating"].where(
        feedback.index >= 10, 6 - feedback["student_satisfaction_rating"]
    )
    moved = int((rating != feedback["student_satisfaction_rating"]).sum())
    tweaked = [{**first[0], "session_feedback": feedback.assign(student_satisfaction_rating=rating)}, *first[1:]]
    plan = target.load(tweaked)
    assert 0 < moved == plan.changes == plan.total("update")
    assert {t.table for t in plan.tables if t.update} == {"session_feedback"}
    assert_holds(target, tweaked)


def test_null_and_value_differ(target: Target, first: list[Tables]) -> None:
    """A value that becomes null, and a null that becomes a value, are changes."""
    target.load(first)
    tweaked = changed(first, "sessions", ai_summary=pd.NA)
    assert target.load(tweaked).total("update") > 0
    assert_holds(target, tweaked)
    assert target.load(first).total("update") > 0
    assert_holds(target, first)


def test_another_seed_replaces_the_first(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """Rows that the new release does not have go, its own come, and the manifest has a second line."""
    target.load(first)
    plan = target.load(second, seed=2)
    assert plan.release == 2
    assert plan.total("delete") > 0
    assert_holds(target, second)
    assert target.count("users") == len(merged(second)["users"])


def test_growing_only_appends(target: Target, first: list[Tables]) -> None:
    """Another cohort is inserted; nothing that was there is written again."""
    target.load(first)
    grown = [*first, synthetic.whole(synthetic.parts(1, range(2, 3), sessions=40))]
    plan = target.load(grown)
    assert (plan.total("update"), plan.total("delete")) == (0, 0)
    assert plan.total("insert") == rows_of(grown) - rows_of(first)
    assert_holds(target, grown)


def test_rows_changed_or_deleted_by_others_are_restored(target: Target, first: list[Tables]) -> None:
    """Our rows are as released after a release, whatever was done to them in between."""
    target.load(first)
    target.run("UPDATE students SET bio = 'changed in the app'")
    target.run("DELETE FROM session_feedback")
    plan = target.load(first)
    feedback = len(merged(first)["session_feedback"])
    assert (plan.total("insert"), plan.total("update")) == (feedback, target.count("students"))
    assert_holds(target, first)


def test_unique_values_may_change_hands(target: Target, first: list[Tables]) -> None:
    """Two subjects that swap names, an address that moves to a new person: uniqueness is no obstacle in between."""
    target.load(first)
    names = first[0]["subjects"]["name"].tolist()
    swapped = [{**first[0], "subjects": first[0]["subjects"].assign(name=names[1:] + names[:1])}, *first[1:]]
    target.load(swapped)
    assert_holds(target, swapped)
    users = swapped[0]["users"]
    renamed = users.assign(id=users["id"].where(users["role"].astype(str) != "admin", "another-admin"))
    moved = [{**swapped[0], "users": renamed}, *swapped[1:]]
    target.load(moved)
    assert_holds(target, moved)


def test_plan_says_what_load_does_and_touches_nothing(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """The plan's counts are the load's, before every one of three releases, and planning leaves no mark."""
    for chunks in (first, second, first):
        before = fingerprint(target) if target.is_postgres or Path(str(target.url.database)).exists() else None
        plan = target.plan(chunks)
        assert not plan.applied
        if before is not None:
            assert fingerprint(target) == before
        assert plan.tables == target.load(chunks).tables


def test_planning_does_not_create_the_file(sqlite: Target, first: list[Tables]) -> None:
    """A plan against a SQLite file that does not exist is all inserts, and the file still does not exist."""
    plan = database.plan(database.connect(sqlite.url, writable=False), first)
    assert plan.total("insert") == rows_of(first)
    assert not Path(str(sqlite.url.database)).parent.exists()


def test_without_answer_key_there_are_no_truth_tables(target: Target, first: list[Tables]) -> None:
    """Switched off, the answer key is neither created nor loaded, and what an earlier release left of it is removed."""
    target.load(first, answer_key=False)
    assert not set(schema.ANSWER_KEY) & set(database.read(target.engine))
    target.load(first)
    assert target.count("truth_effects") == len(merged(first)["truth_effects"])
    target.load(first, answer_key=False)
    assert [target.count(name) for name in schema.ANSWER_KEY] == [0] * len(schema.ANSWER_KEY)


def test_clear_existing_data_off_keeps_earlier_releases(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """With the switch off two seeds live side by side; `read` gives the newer; switched on again, the older goes."""
    target.load(first)
    plan = target.load(second, seed=2, clear_existing_data=False)
    assert plan.total("delete") == 0
    assert target.count("tutors") == len(merged(first)["tutors"]) + len(merged(second)["tutors"])
    assert database.read(target.engine)["tutors"]["user_id"].tolist() == merged(second)["tutors"]["user_id"].tolist()
    target.load(second, seed=2)
    assert_holds(target, second)
    assert target.count("tutors") == len(merged(second)["tutors"])


def test_a_value_the_database_refuses_changes_nothing(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """An orphan or an invalid enumeration ends in one readable message, and the former release is all there."""
    target.load(first)
    orphan = changed(second, "session_feedback", session_id=second[0]["session_feedback"]["session_id"].str[::-1])
    unknown = changed(second, "sessions", status="finished")
    twice = [*second, second[0]]
    for bad in (orphan, unknown, twice):
        with pytest.raises(StoreError) as caught:
            target.load(bad, seed=2)
        assert "Traceback" not in str(caught.value)
        assert not caught.value.retry
        assert_holds(target, first)


def test_a_failure_of_the_data_changes_nothing(target: Target, first: list[Tables]) -> None:
    """What goes wrong while the chunks are made comes through as it is, and the former release is all there."""
    target.load(first)

    def failing():
        yield first[0]
        raise KeyError("while generating")

    with pytest.raises(KeyError, match="while generating"):
        database.load(target.engine, failing(), release_of(2))
    assert_holds(target, first)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, first: list[Tables]) -> None:
    """A text file, a folder, a folder that cannot be made: one line each, and the file keeps its content."""
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look like a page of one" * 40)
    (tmp_path / "folder.db").mkdir()
    for name in ("notes.txt", "folder.db", "notes.txt/seed.db"):
        with pytest.raises(StoreError) as caught:
            database.load(database.connect(f"sqlite:///{tmp_path / name}"), first, release_of(1))
        assert name in str(caught.value)
    assert (tmp_path / "notes.txt").read_text().startswith("not a database")


def test_sqlite_has_no_affinity_traps(sqlite: Target, first: list[Tables]) -> None:
    """An ID made of digits stays text, a whole score stays a real number, flags are 0 and 1, moments are text."""
    sessions = first[0]["sessions"].assign(overall_session_score=7.0)
    subjects = first[0]["subjects"].copy()
    subjects.loc[0, "id"] = "00000000-0000-0000-0000-0000000000e5"
    sessions["subject_id"] = sessions["subject_id"].replace(first[0]["subjects"]["id"][0], subjects["id"][0])
    teaching = {
        name: first[0][name].assign(
            subject_id=first[0][name]["subject_id"].replace(first[0]["subjects"]["id"][0], subjects["id"][0])
        )
        for name in ("tutor_subjects", "student_subjects")
    }
    sqlite.load([{**first[0], **teaching, "sessions": sessions, "subjects": subjects}])
    kinds = (
        "SELECT DISTINCT typeof(id), typeof(overall_session_score), typeof(homework_assigned), typeof(scheduled_start)"
    )
    assert sqlite.rows(f"{kinds} FROM sessions") == [("text", "real", "integer", "text")]
    assert sqlite.count("subjects", "id = '00000000-0000-0000-0000-0000000000e5'") == 1
    assert sqlite.one("PRAGMA foreign_keys") == 1
    assert len(str(sqlite.one("SELECT min(scheduled_start) FROM sessions"))) == len("2025-02-01 15:00:00")


def test_replacing_many_rows_does_not_scan_for_each(postgres: Target) -> None:
    """PostgreSQL looks for referring rows of every deleted one; the load gives it an index and takes it away again."""
    many = list(synthetic.release(1, cohorts=10, chunk=10))
    postgres.load(many)
    scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'session_transcript_highlights'"
    postgres.run("SELECT pg_stat_reset()")
    plan = postgres.load(list(synthetic.release(2, cohorts=1)), seed=2)
    assert sum(t.delete for t in plan.tables if t.table == "sessions") == len(many[0]["sessions"])
    assert int(str(postgres.one(scans))) < 100
    assert postgres.rows("SELECT indexname FROM pg_indexes WHERE starts_with(indexname, 'seed_pipeline_support')") == []


def mode(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


@pytest.mark.parametrize("theirs", ["delete", "wal"])
def test_a_file_stays_in_its_journal_mode(sqlite: Target, first: list[Tables], theirs: str) -> None:
    """Refused or loaded, with a log beside it only where there was one: what others read with stays able to."""
    path = Path(str(sqlite.url.database))
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA journal_mode = {theirs}")
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY)")
    with pytest.raises(StoreError, match="contradicts"):
        sqlite.load(first)
    assert mode(path) == theirs
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE users")
    sqlite.load(first)
    assert mode(path) == theirs
    assert theirs == "wal" or not path.with_name("seed.db-wal").exists()


def test_a_file_whose_release_was_killed_gets_its_journal_mode_back(
    sqlite: Target, first: list[Tables], second: list[Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process tidies nothing up and leaves the file in WAL mode; the next release, refused or not, does."""
    sqlite.load(first)
    path = Path(str(sqlite.url.database))
    mark, meanwhile, real = path.with_name("seed.db-seed-pipeline"), [], application.apply

    def watched(*given: Any, **more: Any) -> Any:
        meanwhile.append((mode(path), mark.read_text()))
        return real(*given, **more)

    monkeypatch.setattr(application, "apply", watched)
    sqlite.load(second, 2)
    assert meanwhile == [("wal", "delete")]
    assert (mode(path), mark.exists()) == ("delete", False)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    mark.write_text("delete")
    assert sqlite.load(second, 2).changes == 0
    assert (mode(path), mark.exists()) == ("delete", False)


def test_a_reader_in_a_long_transaction_is_waited_for_and_named(sqlite: Target, first: list[Tables]) -> None:
    """A first release into a file without a log cannot end before its readers do: it says so when its time is up."""
    Path(str(sqlite.url.database)).parent.mkdir()
    reader = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    reader.execute("CREATE TABLE theirs (id INTEGER)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM theirs").fetchall()
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"reads it in one long transaction.*viewer.*wait_seconds") as caught:
        sqlite.load(first, wait_seconds=0.3)
    assert caught.value.retry
    assert 0.3 <= time.monotonic() - began < 3
    reader.execute("COMMIT")
    reader.close()
    assert [row[0] for row in sqlite.rows("SELECT name FROM sqlite_master")] == ["theirs"]
    assert sqlite.load(first).applied


def test_a_released_file_can_be_read_where_nobody_may_write(sqlite: Target, first: list[Tables]) -> None:
    """On read-only media no log can be made beside the file, and none is needed."""
    sqlite.load(first)
    with sqlite3.connect(f"file:{sqlite.url.database}?mode=ro&immutable=1", uri=True) as connection:
        assert connection.execute("SELECT count(*) FROM tutors").fetchone() == (12,)
    assert Path(str(sqlite.url.database)).read_bytes()[18:20] == b"\x01\x01", "the header asks for no log"


def test_a_readers_snapshot_holds_nobody_up(sqlite: Target, first: list[Tables], second: list[Tables]) -> None:
    """Somebody reads in one long transaction: the release is there at once, and the reader goes on with the old one."""
    sqlite.load(first)
    reader = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    with sqlite3.connect(str(sqlite.url.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    reader.execute("BEGIN")
    before = reader.execute("SELECT min(id) FROM users").fetchone()
    began = time.monotonic()
    sqlite.load(second, 2)
    assert time.monotonic() - began < 5
    assert reader.execute("SELECT min(id) FROM users").fetchone() == before
    reader.close()
    assert_holds(sqlite, second)


def test_what_goes_wrong_after_the_commit_does_not_undo_it(
    target: Target, first: list[Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at the checkpoint, a lost connection while tidying up: the release is loaded, and that is said."""
    tidy = type(database.dialect_of(target.url)).finish

    def finish(self: object, connection: sa.Connection) -> None:
        connection.connection.driver_connection.close()  # type: ignore[union-attr]
        tidy(self, connection)  # type: ignore[arg-type]

    monkeypatch.setattr(type(database.dialect_of(target.url)), "finish", finish)
    assert target.load(first).applied
    monkeypatch.undo()
    assert_holds(target, first)


def sealed(chunks: list[Tables]) -> Stream:
    """A release that says what its tables come to, as that of artifacts does."""
    whole = merged(chunks)
    return Stream(Stream.of(chunks).open, {name: Content(len(frame), "as made") for name, frame in whole.items()})


HABITS = (
    "INSERT INTO theirs VALUES (1)",
    "UPDATE sessions SET session_number = 99 WHERE id IN (SELECT id FROM sessions LIMIT 1)",
    "DELETE FROM session_feedback_tags",
    "INSERT INTO users (id, email, name, role) VALUES ('u', 'u@example.org', 'U', 'student')",
    "UPDATE truth_personas SET persona = persona",
    "DROP TABLE truth_churn",
)
"""What somebody does in a table: the first in one of their own, the others in one that a release fills."""


def test_a_target_says_whether_it_is_as_its_release_left_it(target: Target, first: list[Tables]) -> None:
    """By seals: whoever wrote a single row of ours, or beside ours, is noticed; what happens elsewhere is not ours."""
    said = {"seed": "1", "settings_fingerprint": "settings of 1", "answer_key": True}
    rows = {name: len(frame) for name, frame in merged(first).items()}
    target.run("CREATE TABLE theirs (id int)")
    assert held(target.engine, said) is None
    for habit in HABITS:
        database.load(target.engine, sealed(first), release_of(1))
        found = held(database.connect(target.url, writable=False), said)
        assert found is not None, habit
        assert (found.rows, found.fingerprint) == (rows, "data of 1")
        assert held(target.engine, {**said, "seed": "2"}) is None
        target.run(habit)
        if habit == "UPDATE truth_personas SET persona = persona" and not target.is_postgres:
            continue  # the same bytes: nobody can tell, and nobody need
        assert (held(target.engine, said) is not None) is ("theirs" in habit), habit
        target.run("DELETE FROM users WHERE id = 'u'")
