"""Platforms that hold our values though they are not to the letter ours, and those that cannot (PostgreSQL)."""

import copy

import pytest

from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.frames import Tables
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.platform import FACTS, migrate
from seed_pipeline_tests.store.test_load import assert_holds


def test_wider_types_are_accepted_and_told(postgres: Target, first: list[Tables]) -> None:
    """Types that hold our values take a release, which reads back the same; the plan says which differ."""
    facts = copy.deepcopy(FACTS)
    columns = {name: table["columns"] for name, table in facts["tables"].items()}
    columns["users"] |= {"email": "text not null", "role": "text not null", "created_at": "timestamptz not null"}
    columns["users"]["seq"] = "bigint generated always as identity"
    columns["users"]["locale"] = "text not null default 'en'"
    columns["sessions"] |= {
        "session_number": "bigint not null",
        "overall_session_score": "numeric(4,2)",
        "scheduled_start": "timestamp(3) not null",
        "completed_at": "timestamp(6) with time zone",
    }
    columns["tutors"] |= {"member_since": "timestamp not null default now()", "hourly_rate": "double precision"}
    migrate(postgres, facts)
    postgres.run("CREATE DOMAIN short AS varchar(100)")
    postgres.run("ALTER TABLE subjects ALTER COLUMN name TYPE short")
    plan = postgres.load(first)
    assert "sessions.overall_session_score: type is numeric(4,2), ours is numeric(3,1)" in plan.accepted
    assert {line.partition(":")[0] for line in plan.accepted} == {
        "users.email", "users.role", "users.created_at", "sessions.session_number", "sessions.overall_session_score",
        "sessions.scheduled_start", "sessions.completed_at", "tutors.member_since", "tutors.hourly_rate",
    }  # fmt: skip
    assert_holds(postgres, first)
    assert postgres.load(first).changes == 0
    database.clean(postgres.engine)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE users ALTER COLUMN email TYPE varchar(100)", r"users.email: type is character varying\(100\)"),
        ("ALTER TABLE sessions ALTER COLUMN session_number TYPE smallint", "sessions.session_number: type is smallint"),
        ("ALTER TABLE tutors ALTER COLUMN hourly_rate TYPE numeric(6,1)", "tutors.hourly_rate: type is numeric"),
        ("ALTER TABLE users ADD tenant integer NOT NULL", "users.tenant: unknown to us.*SET DEFAULT"),
        ("CREATE TABLE people (id varchar(128) PRIMARY KEY)", r"users.id: has to be in people.*drop the key"),
    ],
)
def test_what_cannot_hold_them_is_refused_by_plan_and_run_alike(
    postgres: Target, first: list[Tables], change: str, said: str
) -> None:
    """Narrower types, columns that nobody fills, keys into tables that are not ours: the same sentence from both."""
    migrate(postgres)
    postgres.run(change)
    if "people" in change:
        postgres.run("ALTER TABLE users ADD FOREIGN KEY (id) REFERENCES people(id)")
    for attempt in (postgres.plan, postgres.load):
        with pytest.raises(StoreError, match=said):
            attempt(first)


def test_the_platforms_schema_need_not_be_public(postgres: Target, first: list[Tables], second: list[Tables]) -> None:
    """`schema` names it, the session's own is the next guess; enumerations may live in another; `public` is empty."""
    migrate(postgres, schema="app")
    postgres.run("CREATE SCHEMA types")
    for name in FACTS["enums"]:
        postgres.run(f"ALTER TYPE app.{name} SET SCHEMA types")
    named = Target(postgres.url.update_query_dict({"schema": "app"}))
    named.load(first)
    assert named.count("pg_class", "relnamespace = 'app'::regnamespace AND relname LIKE 'truth%'") == 0
    assert_holds(named, first)
    guessed = Target(postgres.url.update_query_dict({"options": "-csearch_path=app"}))
    assert guessed.load(second, seed=2).release == 2
    assert postgres.count("pg_class", "relnamespace = 'public'::regnamespace") == 0
    assert postgres.count("pg_type", "typnamespace = 'app'::regnamespace AND typtype = 'e'") == 0
    database.clean(named.engine)
    assert named.count("users") == 0
    with pytest.raises(StoreError, match=r"nowhere.*there is no such schema.*target_schema"):
        database.connect(postgres.url, schema="nowhere").connect()
    for theirs, says in (("information_schema", "the server's own"), ("seed_pipeline", "is ours")):
        with pytest.raises(StoreError, match=f"{theirs}.*{says}.*target_schema"):
            database.connect(postgres.url, schema=theirs).connect()


RULES = {
    "check": ("ALTER TABLE sessions ADD CONSTRAINT short CHECK (scheduled_duration < 60)", "short"),
    "unique": ("CREATE UNIQUE INDEX one_name ON users (md5(name)) WHERE role IS NOT NULL", "one_name"),
    "exclusion": ("ALTER TABLE sessions ADD CONSTRAINT alone EXCLUDE USING hash (status WITH =)", "alone"),
    "domain": (
        "CREATE DOMAIN few AS integer CHECK (VALUE < 60); ALTER TABLE sessions ALTER scheduled_duration TYPE few",
        "few",
    ),
    "defaulted": ("ALTER TABLE users ADD region text NOT NULL DEFAULT 'x' CHECK (region <> 'x')", "region"),
    "counted": ("ALTER TABLE users ADD seq bigserial UNIQUE, ADD no bigint GENERATED ALWAYS AS IDENTITY UNIQUE", ""),
}
"""What an application may have added (PostgreSQL), and the word by which the refusal names it, if it refuses."""


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_the_application_is_told_by_plan_and_run_alike(
    postgres: Target, first: list[Tables], second: list[Tables], rule: str
) -> None:
    """Checks, unique keys, exclusions, domains: what a release would break is broken by the plan, on twins, before."""
    migrate(postgres)
    postgres.run(RULES[rule][0])
    if rule == "unique":
        postgres.run(
            "INSERT INTO users VALUES ('x', 'x@x.org', :n, NULL, NULL, 'admin', now())", n=first[0]["users"]["name"][3]
        )
    if not RULES[rule][1]:
        assert not postgres.plan(first).doubts
        postgres.load(first)
        assert postgres.plan(second).changes == postgres.load(second, 2).changes
        return
    for attempt in (postgres.plan, postgres.load):
        with pytest.raises(StoreError, match=RULES[rule][1]) as caught:
            attempt(first)
        assert "breaks a rule of the database" in caught.value.why
        assert "seed_twin" not in caught.value.why
    assert postgres.count("sessions") == 0


def test_a_plan_names_what_only_a_release_can_try(postgres: Target, first: list[Tables], second: list[Tables]) -> None:
    """Triggers may do what no rollback undoes, so a plan names them; and it names what the user may not do."""
    postgres.load(first)
    postgres.run("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$")
    postgres.run("CREATE TRIGGER never BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION no()")
    assert postgres.plan(first).doubts == ()
    assert postgres.plan(second).doubts == ("users: the trigger or rule never acts on what is written",)
    with pytest.raises(StoreError, match="never"):
        postgres.load(second, 2)
    role = f"reader_of_{postgres.url.database}"
    postgres.run(f"CREATE ROLE {role}")
    postgres.run(f"GRANT USAGE ON SCHEMA public, seed_pipeline TO {role}")
    postgres.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public, seed_pipeline TO {role}")
    try:
        limited = Target(postgres.url.update_query_dict({"options": f"-c role={role}"}))
        assert "GRANT INSERT, UPDATE, DELETE ON" in limited.plan(second).doubts[0]
    finally:
        postgres.run(f"DROP OWNED BY {role}")
        postgres.run(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    "rule",
    [
        "CREATE TRIGGER never BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'never'); END",
        "CREATE TRIGGER never AFTER INSERT ON tutors BEGIN UPDATE users SET name = 'never' WHERE id = NEW.user_id; END",
        "CREATE UNIQUE INDEX never ON users (role)",
        "ALTER TABLE users ADD COLUMN never TEXT NOT NULL DEFAULT 'x' CHECK (never <> 'x')",
    ],
)
def test_a_rule_in_a_file_is_told_by_plan_and_run_alike(sqlite: Target, first: list[Tables], rule: str) -> None:
    """A copy of the file takes the release, and says of it what the file would; the file stays as it was."""
    database.create_missing(sqlite.engine)
    assert sqlite.plan(first).doubts == ()
    sqlite.run(rule)
    said = []
    for attempt in (sqlite.plan, sqlite.load):
        with pytest.raises(StoreError) as caught:
            attempt(first)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert sqlite.count("users") == 0
