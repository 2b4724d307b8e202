"""Rows that are not ours survive every release; where they collide with it, the user decides, not the loader.

The foreign rows here are what an application, a colleague or a migration would write beside seeded data.
"""

import pytest

from seed_pipeline import schema
from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.test_load import assert_holds, changed, rows_of

OWN = "11111111-2222-4333-8444-{:012d}"
NEW_SESSION = (
    "INSERT INTO sessions (id, tutor_id, student_id, scheduled_start, scheduled_duration, subject_id, session_number) "
    "VALUES (:id, :tutor, :student, '2025-02-20 15:00:00', 45, :subject, 99)"
)
NEW_ALERT = (
    "INSERT INTO alerts (id, tutor_id, alert_type, severity, title, description, session_id) "
    "VALUES (:id, :tutor, 'no_show_pattern', 'warning', 'by hand', 'seen', :session)"
)


def a_user(target: Target, name: str = "visitor") -> str:
    target.run(
        "INSERT INTO users (id, email, name, role) VALUES (:id, :email, 'A Visitor', 'student')",
        id=name,
        email=f"{name}@example.com",
    )
    return name


def some(target: Target, table: str, column: str = "id", where: str = "1 = 1") -> str:
    return str(target.one(f"SELECT min(CAST({column} AS varchar(64))) FROM {table} WHERE {where}"))


def a_session(target: Target, number: int = 1, **values: str) -> str:
    key = OWN.format(number)
    tutor, student = (some(target, "users", where=f"role = '{role}'") for role in ("tutor", "student"))
    found = {"tutor": tutor, "student": student, "subject": some(target, "subjects"), **values}
    target.run(NEW_SESSION, id=key, **found)
    return key


def of(plan: object, table: str, what: str) -> int:
    return next((getattr(t, what) for t in plan.tables if t.table == table), 0)  # type: ignore[attr-defined]


def assert_consistent(target: Target) -> None:
    """No row refers to one that is not there."""
    with target.engine.connect() as connection:
        catalogue = database.dialect_of(connection).catalogue(connection)
    for reference in catalogue.references:
        child, parent = reference.columns[0], reference.parent_columns[0]
        orphans = (
            f"c.{child} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {reference.parent} p WHERE p.{parent} = c.{child})"
        )
        assert target.count(f"{reference.child} c", orphans) == 0, reference


def test_1_a_person_who_signed_up_survives(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """A user made by the application stays through a re-run and another seed, and counts as foreign."""
    target.load(first)
    a_user(target)
    for chunks, seed in ((first, 1), (second, 2), (first, 1)):
        plan = target.load(chunks, seed)
        assert of(plan, "users", "foreign") == 1
        assert target.count("users", "id = 'visitor'") == 1
        assert_holds(target, chunks)


def test_2_a_session_with_a_seeded_tutor_survives_a_rerun(target: Target, first: list[Tables]) -> None:
    """A lesson booked by hand with seeded people stays when the same people are released again, tweaked or not."""
    target.load(first)
    key = a_session(target)
    target.load(first)
    plan = target.load(changed(first, "tutors", bio="new bio"))
    assert (of(plan, "sessions", "foreign"), of(plan, "tutors", "update")) == (1, 12)
    assert target.count("sessions", f"id = '{key}'") == 1


def test_3_a_release_that_would_take_the_tutor_away_is_refused(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """Another seed has other tutors: deleting the old one would cascade into the hand-made session."""
    target.load(first)
    a_session(target)
    plan = target.plan(second)
    assert {(e.table, e.rows, e.because) for e in plan.effects if e.what == "refused"} == {
        ("sessions", 1, "sessions.tutor_id → users"),
        ("sessions", 1, "sessions.student_id → users"),
        ("sessions", 1, "sessions.subject_id → subjects"),
    }
    with pytest.raises(StoreError, match=r"sessions: 1 row\(s\), sessions.tutor_id → users(.|\n)*on_foreign=keep"):
        target.load(second, seed=2)
    assert target.count("sessions") == rows_of([{"s": t["sessions"]} for t in first]) + 1


def test_4_keep_leaves_what_the_session_needs(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """`keep`: tutor, student and subject stay with their profiles; their other sessions go; later they go too."""
    target.load(first)
    key = a_session(target)
    plan = target.load(second, seed=2, on_foreign="keep")
    assert (of(plan, "users", "kept"), of(plan, "subjects", "kept"), of(plan, "tutors", "kept")) == (2, 1, 1)
    assert of(plan, "sessions", "kept") == 0
    assert target.count("sessions", f"id = '{key}'") == 1
    assert_consistent(target)
    assert_holds(target, second)
    target.run("DELETE FROM sessions WHERE id = :id", id=key)
    plan = target.load(second, seed=2)
    assert [of(plan, name, "delete") for name in ("users", "subjects", "tutors", "sessions")] == [2, 1, 1, 0]
    assert plan.total("kept") == 0
    assert target.count("users") == rows_of([{"s": t["users"]} for t in second])


def test_5_cascade_takes_the_session_along_and_says_so(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """`cascade`: the hand-made session goes with its tutor, its metrics and feedback with it; the plan counts them."""
    target.load(first)
    key = a_session(target)
    target.run("INSERT INTO session_feedback (session_id, student_satisfaction_rating) VALUES (:id, 5)", id=key)
    plan = target.load(second, seed=2, on_foreign="cascade")
    deleted = {e.table: e.rows for e in plan.effects if e.what == "deleted"}
    assert deleted == {"sessions": 1, "session_feedback": 1}
    assert target.count("sessions", f"id = '{key}'") == 0
    assert_holds(target, second)
    assert_consistent(target)


def test_6_an_alert_on_a_seeded_session_is_not_emptied_unseen(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """Deleting the session would set the alert's reference to null: that too is touching a foreign row."""
    target.load(first)
    tutor = a_user(target, "real-tutor")
    session = some(target, "sessions")
    target.run(NEW_ALERT, id=OWN.format(6), tutor=tutor, session=session)
    with pytest.raises(StoreError, match=r"alerts: 1 row\(s\), alerts.session_id → sessions"):
        target.load(second, seed=2)
    plan = target.load(second, seed=2, on_foreign="keep")
    assert of(plan, "sessions", "kept") == 1
    assert target.one("SELECT CAST(session_id AS varchar(64)) FROM alerts") == session
    assert_consistent(target)
    assert_holds(target, second)
    plan = target.load(first, on_foreign="keep")
    assert of(plan, "sessions", "kept") == 0, "the release has the session again"
    plan = target.load(second, seed=2, on_foreign="cascade")
    assert [(e.table, e.rows) for e in plan.effects if e.what == "emptied"] == [("alerts", 1)]
    assert target.rows("SELECT session_id FROM alerts") == [(None,)]


def test_7_feedback_given_in_the_app_on_a_seeded_session_stays(target: Target, first: list[Tables]) -> None:
    """Where the release now has feedback of its own for that session: refuse, keep theirs, or let ours win."""
    without = [{**t, "session_feedback": t["session_feedback"].iloc[1:]} for t in first]
    target.load(without)
    session = first[0]["session_feedback"]["session_id"].iloc[0]
    target.run(
        "INSERT INTO session_feedback (session_id, student_satisfaction_rating, feedback_text) "
        "VALUES (:id, 2, 'really')",
        id=session,
    )
    plan = target.load(without)
    assert of(plan, "session_feedback", "foreign") == 1
    with pytest.raises(StoreError, match=r"session_feedback: 1 row\(s\), same key"):
        target.load(first)
    plan = target.load(first, on_foreign="keep")
    assert (of(plan, "session_feedback", "taken"), of(plan, "session_feedback", "foreign")) == (1, 1)
    assert target.count("session_feedback", "feedback_text = 'really'") == 1
    plan = target.load(first, on_foreign="cascade")
    assert of(plan, "session_feedback", "update") == 1
    assert [e.line for e in plan.effects] == [
        "session_feedback: 1 row(s) of others are overwritten and become ours (same key)"
    ]
    assert_holds(target, first)


def test_8_a_subject_of_their_migrations(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """A subject with the same name under another key: refused; `keep` books our sessions on the platform's subject."""
    database.create_missing(target.engine)
    name = first[0]["subjects"]["name"][0]
    target.run("INSERT INTO subjects (id, name, category) VALUES (:id, :name, 'math')", id=OWN.format(8), name=name)
    with pytest.raises(StoreError, match=r"subjects: 1 row\(s\), subjects.name has to be unique"):
        target.load(first)
    ours = first[0]["subjects"]["id"][0]
    booked = sum((t["sessions"]["subject_id"] == ours).sum() for t in first)
    target.load(first, on_foreign="keep")
    assert target.count("sessions", f"subject_id = '{OWN.format(8)}'") == booked > 0
    assert target.count("subjects", f"id = '{ours}'") == 0
    assert_consistent(target)
    assert target.load(first, on_foreign="keep").changes == 0
    target.load(second, seed=2, on_foreign="keep")
    assert target.count("subjects", f"id = '{OWN.format(8)}'") == 1


def test_9_an_administrator_with_notes_keeps_account_and_address(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """The old admin wrote a note by hand; the new seed's admin has the same address: one account, the old key."""
    users = second[0]["users"].copy()
    users.loc[users["role"].astype(str) == "admin", "email"] = "admin1@example.org"
    same_address = [{**second[0], "users": users}, *second[1:]]
    target.load(first)
    tutor = a_user(target, "real-tutor")
    target.run(
        "INSERT INTO coaching_notes (id, tutor_id, note_type, content, created_by) "
        "VALUES (:id, :tutor, 'manual', 'talk less', 'admin-1')",
        id=OWN.format(9),
        tutor=tutor,
    )
    target.load(same_address, seed=2, on_foreign="keep")
    assert target.rows("SELECT id, email FROM users WHERE role = 'admin'") == [("admin-1", "admin1@example.org")]
    assert target.one("SELECT created_by FROM coaching_notes") == "admin-1"
    assert database.read(target.engine, ["users"])["users"]["id"].isin(["admin-1"]).sum() == 1


def test_10_a_table_of_the_apps_own_that_refers_to_ours(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """Tables we never heard of are found by their references, whatever they are called, and treated with care."""
    marks, page = '"Book ""marks"" 100%"', '"pa""ge"'
    target.load(first)
    session = some(target, "sessions")
    kind = "uuid" if target.is_postgres else "text"
    target.run(f"CREATE TABLE {marks} (session_id {kind} REFERENCES sessions(id), {page} integer UNIQUE)")
    target.run(f"CREATE TABLE folds ({page} integer REFERENCES {marks}({page}) ON DELETE CASCADE)")
    target.run(f"INSERT INTO {marks} VALUES (:id, 7)", id=session)
    target.run("INSERT INTO folds VALUES (7)")
    with pytest.raises(StoreError, match=r'Book "marks" 100%'):
        target.load(second, seed=2)
    target.load(second, seed=2, on_foreign="keep")
    assert target.count("sessions", f"id = '{session}'") == 1
    assert target.count(marks) == 1
    plan = target.load(second, seed=2, on_foreign="cascade")
    assert sorted(e.rows for e in plan.effects if e.what == "deleted") == [1, 1]
    assert (target.count(marks), target.count("folds")) == (0, 0)
    assert_holds(target, second)


def test_11_foreign_rows_alone_in_the_platforms_tables(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """A database already in use: our first release adds, and takes away again, and theirs is as it was."""
    database.create_missing(target.engine, answer_key=False)
    target.run("INSERT INTO subjects (id, name, category) VALUES (:id, 'Chess', 'other')", id=OWN.format(11))
    for name in ("real-tutor", "real-student"):
        a_user(target, name)
    a_session(target, 11, tutor="real-tutor", student="real-student", subject=OWN.format(11))
    before = {name: target.rows(f"SELECT * FROM {name}") for name in ("users", "subjects", "sessions")}
    for chunks, seed in ((first, 1), (second, 2)):
        plan = target.load(chunks, seed)
        assert [of(plan, name, "foreign") for name in before] == [2, 1, 1]
    database.clean(target.engine)
    assert {name: target.rows(f"SELECT * FROM {name}") for name in before} == before


def test_12_emptying_foreign_data_needs_its_own_word(target: Target, first: list[Tables]) -> None:
    """`empty_foreign_data` removes what `clear_existing_data` never would: all foreign rows."""
    target.load(first)
    a_session(target, student=a_user(target))
    target.run(NEW_ALERT, id=OWN.format(12), tutor="visitor", session=None)
    assert target.load(first, clear_existing_data=True).total("foreign") == 3
    plan = target.load(first, empty_foreign_data=True)
    assert (plan.total("delete"), plan.total("foreign")) == (3, 0)
    assert {t.table for t in plan.tables if t.delete} == {"users", "sessions", "alerts"}
    assert_holds(target, first)


def test_a_column_that_the_application_added_is_its_own(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """users.last_session_id, filled on a row of ours: what takes the session away is refused or empties it."""
    target.load(first)
    kind = "uuid" if target.is_postgres else "text"
    target.run(f"ALTER TABLE users ADD COLUMN last_session_id {kind} REFERENCES sessions(id)")
    session, tutor = target.rows("SELECT id, tutor_id FROM sessions ORDER BY id LIMIT 1")[0]
    target.run("UPDATE users SET last_session_id = :session WHERE id = :tutor", session=session, tutor=tutor)
    assert target.load(first).changes == 0
    fewer = [{n: rows[rows["id"] != str(session)] if n == "sessions" else rows for n, rows in t.items()} for t in first]
    fewer = [
        {n: rows[rows["session_id"] != str(session)] if "session_id" in rows else rows for n, rows in t.items()}
        for t in fewer
    ]
    with pytest.raises(StoreError, match=r"users: 1 row\(s\), users.last_session_id → sessions"):
        target.load(fewer)
    assert target.plan(fewer).refused
    assert [(e.table, e.what) for e in target.load(fewer, on_foreign="cascade").effects] == [("users", "emptied")]
    assert target.count("users", "last_session_id IS NOT NULL") == 0
    other = target.one("SELECT id FROM sessions ORDER BY id LIMIT 1")
    target.run("UPDATE users SET last_session_id = :other WHERE id = :tutor", other=other, tutor=tutor)
    target.load(second, seed=2, on_foreign="cascade")
    database.clean(target.engine)
    assert (target.count("users"), target.count("sessions")) == (0, 0)


def test_foreign_rows_in_the_answer_key_are_ours(target: Target, first: list[Tables]) -> None:
    """The `truth_` tables are the pipeline's own: what somebody adds there goes with the next release."""
    target.load(first)
    a_user(target)
    target.run("INSERT INTO truth_personas (user_id, role, persona) VALUES ('visitor', 'student', 'guest')")
    assert of(target.load(first), "truth_personas", "delete") == 1
    assert set(schema.ANSWER_KEY) <= set(database.read(target.engine))


def test_only_known_choices_are_taken(target: Target, first: list[Tables]) -> None:
    """A misspelt choice is named with the ones there are."""
    with pytest.raises(StoreError, match=r"on_foreign = 'kep'.*refuse, keep, cascade"):
        target.load(first, on_foreign="kep")


def test_rows_of_ours_that_somebody_edited_are_told_apart(
    target: Target, first: list[Tables], second: list[Tables]
) -> None:
    """Three students were renamed by hand: the plan tells them from what we change, and a setting decides."""
    target.load(first)
    target.run(
        "UPDATE users SET name = 'Renamed' WHERE role = 'student' AND id < (SELECT id FROM users WHERE role = "
        "'student' ORDER BY id LIMIT 1 OFFSET 3)"
    )
    tweaked = changed(first, "tutors", bio="new bio")
    plan = target.plan(tweaked)
    assert [e.line for e in plan.effects] == [
        "users: 3 row(s) of ours that somebody edited are overwritten (edited since the last release)"
    ]
    assert [(of(plan, name, "update"), of(plan, name, "edited")) for name in ("users", "tutors")] == [(3, 3), (12, 0)]
    with pytest.raises(StoreError, match=r"users: 3 row\(s\), edited since the last release(.|\n)*on_edited=keep"):
        target.load(tweaked, on_edited="refuse")
    assert target.count("users", "name = 'Renamed'") == 3
    for _ in range(2):
        plan = target.load(tweaked, on_edited="keep")
        assert (of(plan, "users", "update"), of(plan, "users", "edited")) == (0, 3)
        assert target.count("users", "name = 'Renamed'") == 3
    plan = target.load(second, 2, on_edited="keep")
    assert (of(plan, "users", "kept"), target.count("users", "name = 'Renamed'")) == (3, 3)
    assert_consistent(target)
    assert_holds(target, second)
    target.load(tweaked)
    assert_holds(target, tweaked)
    assert target.plan(changed(first, "tutors", bio="another")).total("edited") == 0


def test_an_edit_that_is_about_to_go_is_said(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """Another seed takes an edited session away: shown, or refused; cleaning shows it, too."""
    target.load(first)
    target.run("UPDATE sessions SET overall_session_score = 1.25 WHERE id = :id", id=some(target, "sessions"))
    expected = "sessions: 1 row(s) of ours that somebody edited go (edited since the last release)"
    assert [e.line for e in target.plan(second).effects] == [expected]
    with pytest.raises(StoreError, match="edited since"):
        target.load(second, 2, on_edited="refuse")
    assert expected in [e.line for e in database.clean(target.engine).effects]


def test_an_earlier_versions_manifest_learns_to_tell_edits(target: Target, first: list[Tables]) -> None:
    """Rows that it recorded without their values are taken as they are; from the next release on edits are seen."""
    target.load(first)
    owned = target.owned()
    target.age()
    assert target.load(first).changes == 0
    assert target.owned() == owned
    target.run("UPDATE tutors SET bio = 'edited'")
    assert of(target.plan(first), "tutors", "edited") == 12


def test_a_foreign_row_that_moves_to_another_partition_is_not_lost(
    postgres: Target, first: list[Tables], second: list[Tables]
) -> None:
    """A note loses its session and moves to where notes without one are: it came and went, and nothing is missing."""
    postgres.load(first)
    session = "session_id uuid REFERENCES sessions ON DELETE SET NULL"
    postgres.run(f"CREATE TABLE remarks ({session}, body text) PARTITION BY LIST (session_id)")
    postgres.run("CREATE TABLE remarks_on_none PARTITION OF remarks FOR VALUES IN (NULL)")
    postgres.run("CREATE TABLE remarks_on_some PARTITION OF remarks DEFAULT")
    postgres.run("INSERT INTO remarks SELECT id, 'look here' FROM sessions LIMIT 3")
    plan = postgres.load(second, 2, on_foreign="cascade")
    assert ("remarks", 3, "emptied") in [(e.table, e.rows, e.what) for e in plan.effects]
    assert postgres.count("remarks_on_none", "body = 'look here'") == 3
