"""Nothing goes that the plan did not show, and what is there afterwards is what was released: or all is rolled back.

The databases here do things of their own: triggers, rules, cascades beyond what we can see, rows hidden from us.
"""

from collections.abc import Callable

import pytest

from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.test_foreign import a_session, a_user
from seed_pipeline_tests.store.test_load import assert_holds

Loading = Callable[[list[Tables], int], object]


def trigger(target: Target, when: str, table: str, does: str) -> None:
    """Let the database do something of its own for each row: `does` is a statement."""
    if not target.is_postgres:
        return target.run(f"CREATE TRIGGER habit {when} ON {table} BEGIN {does}; END")
    end = "RETURN NULL" if "IGNORE" in does or when.startswith("AFTER") else "RETURN OLD"
    body = "" if "IGNORE" in does else f"{does};"
    target.run(f"CREATE FUNCTION habit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} {end}; END $$")
    target.run(f"CREATE TRIGGER habit {when} ON {table} FOR EACH ROW EXECUTE FUNCTION habit()")


def refused(loading: Callable[[], object], *words: str) -> None:
    with pytest.raises(StoreError) as caught:
        loading()
    assert all(part in str(caught.value) for part in (*words, "Nothing was written")), str(caught.value)


def test_a_trigger_that_makes_rows_of_its_own_is_noticed(target: Target, first: list[Tables]) -> None:
    """`AFTER INSERT ON users` makes an empty student for each: they would be reported as loaded, all nulls."""
    database.create_missing(target.engine)
    trigger(target, "AFTER INSERT", "users", "INSERT INTO students (user_id) VALUES (NEW.id)")
    refused(lambda: target.load(first), "students: 53 row(s) came" if target.is_postgres else "students:")
    assert target.count("users") == target.count("students") == 0


def test_a_trigger_that_changes_our_values_is_noticed(target: Target, first: list[Tables]) -> None:
    """No row more or less, but another text in it than was judged."""
    database.create_missing(target.engine)
    trigger(target, "AFTER INSERT", "tutors", "UPDATE users SET name = 'Nobody' WHERE id = NEW.user_id")
    refused(lambda: target.load(first), "users: 12 row(s) are not what the release says")
    assert target.count("users") == 0


def test_a_trigger_that_deletes_elsewhere_is_noticed(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """The application forgets its bookmarks when a session goes: no plan could show them, so none of it happens."""
    target.load(first)
    target.run("CREATE TABLE bookmarks (place integer)")
    target.run("INSERT INTO bookmarks VALUES (1), (2)")
    trigger(target, "AFTER DELETE", "sessions", "DELETE FROM bookmarks")
    refused(lambda: target.load(second, 2), "bookmarks: 2 row(s) went, 0 planned")
    refused(lambda: database.clean(target.engine), "bookmarks: 2 row(s) went, 0 planned")
    assert target.count("bookmarks") == 2
    assert_holds(target, first)


def test_a_trigger_that_keeps_rows_is_noticed(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """Rows that a trigger does not let go would stay as nobody's, and the next release would meet them."""
    target.load(first)
    trigger(target, "BEFORE DELETE", "session_feedback_tags", "SELECT RAISE(IGNORE)")
    with pytest.raises(StoreError):
        target.load(second, 2)
    assert_holds(target, first)


def test_cascades_beyond_the_schema_are_counted(postgres: Target, first: list[Tables], second: list[Tables]) -> None:
    """Two references away, in a schema that no plan reads: what goes there by cascade stops the release."""
    postgres.load(first)
    a_session(postgres)
    postgres.run("CREATE SCHEMA crm")
    postgres.run("CREATE TABLE crm.calls (id int PRIMARY KEY, session_id uuid REFERENCES sessions ON DELETE CASCADE)")
    postgres.run("CREATE TABLE crm.notes (call_id int REFERENCES crm.calls ON DELETE CASCADE)")
    postgres.run("INSERT INTO crm.calls SELECT 1, min(id::text)::uuid FROM sessions")
    postgres.run("INSERT INTO crm.notes VALUES (1)")
    refused(lambda: postgres.load(second, 2, on_foreign="cascade"), "crm.notes: 1 row(s) went, 0 planned")
    assert postgres.count("crm.notes") == 1
    assert_holds(postgres, first)


def test_rows_hidden_by_row_security_are_not_lost(postgres: Target, first: list[Tables], second: list[Tables]) -> None:
    """A session of the application that the loading role may not see: planning, loading, reading, cleaning say so."""
    postgres.load(first)
    key = a_session(postgres, student=a_user(postgres))
    role = f"loader_of_{postgres.url.database}"
    postgres.run(f"CREATE ROLE {role}")
    postgres.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public, seed_pipeline TO {role}")
    postgres.run(f"GRANT ALL ON SCHEMA public, seed_pipeline TO {role}")
    postgres.run("ALTER TABLE sessions ENABLE ROW LEVEL SECURITY")
    postgres.run(f"CREATE POLICY others ON sessions USING (id <> '{key}')")
    limited = Target(postgres.url.update_query_dict({"options": f"-c role={role}"}))
    try:
        for attempt in (
            lambda: limited.plan(second),
            lambda: limited.load(second, 2),
            lambda: database.read(limited.engine),
            lambda: database.clean(limited.engine),
        ):
            with pytest.raises(StoreError, match=r"row security hides rows.*BYPASSRLS"):
                attempt()
        assert postgres.count("sessions", f"id = '{key}'") == 1
        assert_holds(postgres, first)
    finally:
        postgres.run(f"DROP OWNED BY {role}")
        postgres.run(f"DROP ROLE {role}")


def test_what_nobody_counts_is_counted_by_us(postgres: Target, first: list[Tables], second: list[Tables]) -> None:
    """On a server that keeps no statistics the rows themselves are counted."""
    quiet = Target(postgres.url.update_query_dict({"options": "-c track_counts=off"}))
    quiet.load(first)
    trigger(quiet, "AFTER DELETE", "sessions", "DELETE FROM alerts")
    quiet.run(
        "INSERT INTO alerts (id, tutor_id, alert_type, severity, title, description) "
        "VALUES (gen_random_uuid(), :tutor, 'no_show_pattern', 'info', 'by hand', '')",
        tutor=a_user(quiet),
    )
    refused(lambda: quiet.load(second, 2), "alerts: 1 row(s) went, 0 planned")
    assert_holds(quiet, first)
