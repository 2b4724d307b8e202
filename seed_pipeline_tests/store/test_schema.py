"""The target's schema: ours is the platform's, the platform's own is good enough, a contradicting one is refused."""

import copy

import pytest
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.schema import kind
from seed_pipeline.store import database, ownership
from seed_pipeline.store.catalogue import Catalogue, Reference
from seed_pipeline.store.contradictions import affinity
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline_tests.store import servers
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.platform import FACTS, migrate
from seed_pipeline_tests.store.test_load import assert_holds


def catalogue(target: Target) -> Catalogue:
    with target.engine.connect() as connection:
        return database.dialect_of(connection).catalogue(connection)


def shown(type_: str, nullable: bool, default: str | None) -> str:
    """A column in the words of the facts."""
    short = {"character varying": "varchar", "timestamp without time zone": "timestamp"}
    for long, word in short.items():
        type_ = type_.replace(long, word)
    default = default.partition("::")[0] if default else None
    return type_ + ("" if nullable else " not null") + (f" default {default}" if default else "")


def named(reference: Reference) -> str:
    action = "" if reference.action == "no action" else f" on delete {reference.action}"
    return f"{reference.parent}({', '.join(reference.parent_columns)}){action}"


def test_our_tables_are_the_platforms(postgres: Target) -> None:
    """Every enumeration, column, type, default, key, reference, unique and check is the platform's."""
    database.create_missing(postgres.engine)
    found = catalogue(postgres)
    assert {name: list(values) for name, values in found.enums.items()} == FACTS["enums"]
    tables = {name: found.tables[name] for name in schema.PLATFORM}
    assert set(tables) == set(FACTS["tables"])
    for name, facts in tables.items():
        expected = FACTS["tables"][name]
        columns = {c: shown(f.type, f.nullable, f.default) for c, f in facts.columns.items()}
        assert columns == expected["columns"], name
        assert list(columns) == list(expected["columns"]), name
        assert list(facts.key) == expected["primary_key"], name
        assert [list(u) for u in facts.uniques] == [[c] for c in expected.get("unique", [])], name
        assert sorted(facts.checks) == sorted(expected.get("checks", [])), name
        references = {r.columns[0]: named(r) for r in found.references if r.child == name}
        assert references == expected.get("foreign_keys", {}), name


def named_things(target: Target) -> dict[str, list]:
    """Every constraint and index of `public` by its name, with its definition, and the other schemas."""
    return {
        "constraints": target.rows(
            "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2"
        ),
        "indexes": target.rows(
            "SELECT tablename::text, indexname::text FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
        ),
    }


def test_names_are_the_platforms(postgres: Target, server: sa.URL) -> None:
    """Every constraint and index of `public` is called as the platform's schema tool calls it (P11)."""
    with servers.database(server) as url:
        theirs = Target(url)
        migrate(theirs)
        expected = named_things(theirs)
        theirs.engine.dispose()
    database.create_missing(postgres.engine)
    assert named_things(postgres) == expected


def the_last_versions(target: Target) -> None:
    """Make of a release what the last version would have left: all in one schema, names as PostgreSQL gives them."""
    target.age()
    target.run("DROP TABLE seed_pipeline.seed_pipeline_settings")
    for name in (*schema.ANSWER_KEY, ownership.ROWS, ownership.RELEASES):
        target.run(f"ALTER TABLE seed_pipeline.{name} SET SCHEMA public")
    target.run("DROP SCHEMA seed_pipeline")
    kinds = {"f": "fkey", "c": "check", "p": "pkey"}
    for table, name, of, column in target.rows(
        "SELECT conrelid::regclass::text, conname::text, contype::text, (SELECT attname::text FROM pg_attribute "
        "WHERE attrelid = conrelid AND attnum = conkey[1]) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c', 'p')"
    ):
        old = f"{table}_pkey" if of == "p" else f"{table}_{column}_{kinds[of]}"
        if old != name and not name.startswith(("truth_", "seed_pipeline_")):
            target.run(f'ALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{old}"')


@pytest.mark.parametrize("what", ["load", "clean"])
def test_the_last_versions_database_is_taken_over(postgres: Target, first: list[Tables], what: str) -> None:
    """Answer key and manifest move into the schema of our own, constraints get the platform's names, no row changes."""
    postgres.load(first)
    names = named_things(postgres)
    the_last_versions(postgres)
    assert named_things(postgres) != names
    read = database.read(postgres.engine, ["truth_personas", "sessions"])
    assert {name: len(rows) for name, rows in read.items()} == {"truth_personas": 52, "sessions": 80}
    assert (postgres.plan(first).changes, postgres.count("public.seed_pipeline_releases")) == (0, 1)
    if what == "load":
        plan = postgres.load(first)
        assert (plan.changes, plan.created, named_things(postgres)) == (0, ("schema:seed_pipeline",), names)
    database.clean(postgres.engine)
    assert catalogue(postgres) == Catalogue({}, (), {})
    assert postgres.count("pg_namespace", "nspname = 'seed_pipeline'") == 0


def test_sqlite_has_the_same_columns_in_strict_tables(sqlite: Target) -> None:
    """SQLite gets every column with an affinity that leaves values alone, in STRICT tables, with defaults that work."""
    database.create_missing(sqlite.engine)
    found = catalogue(sqlite)
    plain = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL"}
    for table in schema.metadata.tables.values():
        facts = found.tables[table.name]
        assert list(facts.columns) == [c.name for c in table.columns]
        assert facts.key == tuple(c.name for c in table.primary_key)
        for column in table.columns:
            assert facts.columns[column.name].type == plain.get(kind(column), "TEXT")
            assert facts.columns[column.name].nullable == column.nullable
    assert sqlite.count("sqlite_master", "type = 'table' AND sql NOT LIKE '%STRICT%'") == 0
    sqlite.run("INSERT INTO users (id, email, name, role) VALUES ('u', 'u@example.org', 'U', 'student')")
    sqlite.run("INSERT INTO students (user_id) VALUES ('u')")
    sqlite.run("INSERT INTO subjects (name, category) VALUES ('Chess', 'other')")
    day, status = sqlite.rows("SELECT enrolled_since, status FROM students")[0]
    assert (len(day), status) == (10, "active")
    assert len(str(sqlite.one("SELECT id FROM subjects"))) == 36


def test_what_the_platforms_migrations_created_is_used(postgres: Target, first: list[Tables]) -> None:
    """A database migrated by the application takes a release; only the answer key and the manifest are added."""
    migrate(postgres)
    before = set(catalogue(postgres).tables)
    plan = postgres.load(first)
    assert set(plan.created) == {f"table:{name}" for name in schema.ANSWER_KEY}
    added = set(catalogue(postgres).tables) - before
    assert added == {*schema.ANSWER_KEY, *(table.name for table in ownership.TABLES)}
    assert_holds(postgres, first)


def test_a_contradicting_schema_is_refused_with_every_place(postgres: Target, first: list[Tables]) -> None:
    """One message lists all contradictions; what is merely more (columns with defaults, values, tables) is none."""
    facts = copy.deepcopy(FACTS)
    facts["enums"]["session_status"] = ["scheduled", "completed"]
    facts["enums"]["user_role"] = [*facts["enums"]["user_role"], "parent"]
    tables = facts["tables"]
    tables["users"]["columns"] |= {"locale": "text not null default 'en'", "tenant": "integer not null"}
    tables["tutors"]["columns"]["hourly_rate"] = "integer"
    tables["tutors"]["columns"]["bio"] = "text not null"
    del tables["students"]["columns"]["learning_goals"]
    tables["sessions"]["columns"]["tutor_id"] = "uuid not null"
    tables["sessions"]["foreign_keys"]["tutor_id"] = "subjects(id)"
    tables["session_feedback_tags"]["primary_key"] = ["session_id"]
    migrate(postgres, facts)
    with pytest.raises(StoreError) as caught:
        postgres.load(first)
    lines = [line.strip() for line in str(caught.value).splitlines() if line.startswith("  ")]
    assert sorted(lines) == [
        "session_feedback_tags: primary key is (session_id), ours is (session_id, tag)",
        "sessions.status: enumeration session_status lacks in_progress, no_show_tutor, no_show_student, cancelled, "
        "rescheduled",
        "sessions.tutor_id: refers to subjects(id), ours to users(id)",
        "sessions.tutor_id: type is uuid, ours is character varying(128)",
        "students.learning_goals: missing",
        "tutors.bio: NOT NULL, ours may be null",
        "tutors.hourly_rate: type is integer, ours is numeric(6,2)",
        "users.tenant: unknown to us, NOT NULL and without a default; give it one (ALTER COLUMN … SET DEFAULT), or let "
        "it be null",
    ]
    assert postgres.count("users") == 0
    assert set(catalogue(postgres).tables) == set(tables)


def test_another_versions_tables_are_cleaned_and_filled_again(target: Target, first: list[Tables]) -> None:
    """Where only our own tables differ, the message says so, and `clean` clears the way."""
    target.load(first)
    target.run("ALTER TABLE seed_pipeline_releases DROP COLUMN version")
    with pytest.raises(StoreError, match=r"seed_pipeline_releases.version: missing(.|\n)*seed-pipeline clean"):
        target.load(first)
    database.clean(target.engine)
    assert target.load(first).applied


def test_a_sqlite_column_that_would_change_values_is_refused(sqlite: Target, first: list[Tables]) -> None:
    """A column declared `uuid` treats an ID such as …0e5 as a number; the message says so and what to declare."""
    sqlite.run("CREATE TABLE subjects (id uuid PRIMARY KEY, name text, category text, created_at datetime)")
    with pytest.raises(StoreError, match=r"subjects.id: declared UUID, which SQLite treats as NUMERIC.*declare TEXT"):
        sqlite.load(first)
    assert set(catalogue(sqlite).tables) == {"subjects"}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [("bigint", "INTEGER"), ("VARCHAR(36)", "TEXT"), ("", "BLOB"), ("double precision", "REAL"), ("uuid", "NUMERIC")],
)
def test_affinity_follows_sqlites_rule(declared: str, expected: str) -> None:
    """What SQLite makes of a declared type, in the order of its own documentation."""
    assert affinity(declared) == expected


def test_a_view_is_no_table(target: Target, first: list[Tables]) -> None:
    """Where a platform table's name is a view, nothing can be loaded."""
    target.run("CREATE VIEW users AS SELECT 1 AS id")
    with pytest.raises(StoreError, match="users: is a view"):
        target.load(first)


def test_clean_leaves_an_empty_database_empty(target: Target, first: list[Tables], second: list[Tables]) -> None:
    """What a release created in an empty database goes with it: tables, enumerations, manifest."""
    target.load(first)
    target.load(second, seed=2)
    plan = database.clean(target.engine)
    assert (plan.applied, plan.total("insert"), plan.total("kept")) == (True, 0, 0)
    assert catalogue(target) == Catalogue({}, (), {})
    assert database.clean(target.engine).tables == ()


def test_clean_leaves_the_platforms_database_as_it_was(postgres: Target, first: list[Tables]) -> None:
    """Tables of the platform's migrations stay, empty of our rows, full of theirs, and nothing is added to them."""
    migrate(postgres)
    postgres.run("INSERT INTO subjects (name, category) VALUES ('Chess', 'other')")
    before = catalogue(postgres)
    postgres.load(first)
    database.clean(postgres.engine)
    assert catalogue(postgres) == before
    assert [postgres.count(name) for name in schema.PLATFORM] == [1 if n == "subjects" else 0 for n in schema.PLATFORM]


def test_clean_keeps_tables_that_somebody_uses(target: Target, first: list[Tables]) -> None:
    """A foreign user lives on in the table that we made; clean does not ask whether the table was ours."""
    target.load(first)
    target.run("INSERT INTO users (id, email, name, role) VALUES ('u', 'u@example.org', 'U', 'student')")
    database.clean(target.engine)
    assert set(catalogue(target).tables) == {"users"}
    assert target.rows("SELECT id, role FROM users") == [("u", "student")]


def test_clean_keeps_tables_that_a_view_reads(target: Target, first: list[Tables]) -> None:
    """The application's view on sessions goes on working, over tables that are empty; the rest goes."""
    target.load(first)
    target.run("CREATE VIEW lessons AS SELECT s.id, u.name FROM sessions s JOIN users u ON u.id = s.tutor_id")
    plan = database.clean(target.engine)
    assert plan.total("delete") == sum(len(frame) for chunk in first for frame in chunk.values())
    assert target.rows("SELECT * FROM lessons") == []
    assert set(catalogue(target).tables) == {"lessons", "sessions", "users", "subjects"}


def test_clean_asks_before_it_cascades(target: Target, first: list[Tables]) -> None:
    """A foreign session with a seeded tutor stands in the way of cleaning, too; `keep` leaves its tutor behind."""
    target.load(first)
    with target.engine.connect() as connection:
        session = connection.execute(sa.text("SELECT * FROM sessions LIMIT 1")).mappings().one()
    copied = ", ".join(f'"{c}"' for c in session if c != "id")
    key = f"'{'0' * 8}-0000-4000-8000-{'0' * 12}'"
    target.run(f"INSERT INTO sessions (id, {copied}) SELECT {key}, {copied} FROM sessions LIMIT 1")
    with pytest.raises(StoreError, match="stand in the way"):
        database.clean(target.engine)
    database.clean(target.engine, database.Options(on_foreign="keep"))
    assert (target.count("sessions"), target.count("users"), target.count("subjects")) == (1, 2, 1)
    assert "seed_pipeline_keys" not in catalogue(target).tables
