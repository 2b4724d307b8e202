"""The guard: releases go where they were meant to go, and no secret is ever shown."""

import pickle
from pathlib import Path

import psycopg
import pytest

from seed_pipeline.settings import ALLOWED
from seed_pipeline.store import database, guard
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.failures import explained
from seed_pipeline.store.frames import Tables
from seed_pipeline.store.target import parse, redact
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.servers import raw

SECRET = "s3cr+t/ä:@word"
QUOTED = "s3cr%2Bt%2F%C3%A4%3A%40word"


@pytest.mark.parametrize(
    "target",
    [
        "sqlite:///data/seed.db",
        "postgresql://localhost/app",
        "postgresql://me@127.0.0.1:5433/app",
        "postgresql:///app?host=/var/run/postgresql",
        "postgresql://db.staging.example.com/app",
        "postgres://db.example.com/app_staging",
    ],
)
def test_shipped_patterns_allow_files_this_machine_and_staging(target: str) -> None:
    """Nothing has to be configured for a file, a local server, or something that calls itself staging."""
    guard.check(target, ALLOWED, environ={})


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("postgresql://db.example.com/app", "postgresql://db.example.com/app"),
        ("postgresql://me:pw@10.0.0.5:6432/app", "postgresql://10.0.0.5/app"),
        ("postgresql://localhost,db.example.com/app", "postgresql://db.example.com/app"),
        ("postgresql://localhost/app?hostaddr=10.0.0.5", "postgresql://10.0.0.5/app"),
        ("postgresql://localhost/app?host=db.example.com", "postgresql://db.example.com/app"),
        ("postgresql:///app?host=localhost&host=db.example.com:6000", "postgresql://db.example.com/app"),
    ],
)
def test_other_targets_are_refused_with_the_pattern_to_add(target: str, name: str) -> None:
    """The message shows what was compared, so that allowing it is one line; every host of several has to be allowed."""
    with pytest.raises(StoreError, match="allowed_targets") as caught:
        guard.check(target, ALLOWED, environ={})
    assert f"add '{name}'" in str(caught.value)
    assert "pw" not in str(caught.value)
    guard.check(target, [*ALLOWED, name], environ={})


@pytest.mark.parametrize("path", ["data/../../etc/app.db", "data/x/../../etc/app.db", "/srv/data/../app.db"])
def test_a_detour_leads_where_it_leads(path: str) -> None:
    """What is compared with the patterns is the file, not the way to it."""
    with pytest.raises(StoreError, match="no pattern of allowed_targets allows") as caught:
        guard.check(f"sqlite:///{path}", ["sqlite:///data/*", "sqlite:////srv/data/*"], environ={})
    assert "data/" not in str(caught.value).partition("allows ")[2]
    guard.check("sqlite:///data/../data/./app.db", ["sqlite:///data/*"], environ={})


def test_patterns_may_name_ports_and_services() -> None:
    """`HOST:PORT` forms match too, the default port included; a service of libpq's is compared by its name."""
    guard.check("postgresql://db/app", ["postgresql://db:5432/*"], environ={})
    guard.check("postgresql://db:6000/app", ["postgresql://db:6000/app"], environ={})
    with pytest.raises(StoreError):
        guard.check("postgresql://db:6000/app", ["postgresql://db:5432/app"], environ={})
    guard.check("postgresql://?service=nightly", ["postgresql://service=nightly/*"], environ={})


def test_the_environments_host_counts() -> None:
    """A URL without a host goes where PGHOST says, and so does the guard."""
    guard.check("postgresql:///app", ALLOWED, environ={})
    for environ in ({"PGHOST": "db.example.com"}, {"PGHOSTADDR": "10.0.0.5"}, {"PGSERVICE": "live"}):
        with pytest.raises(StoreError):
            guard.check("postgresql:///app", ALLOWED, environ=environ)


@pytest.mark.parametrize(
    "target",
    [
        "postgresql://db.prod.example.com/app",
        "postgresql://production-db/app",
        "postgresql://staging.example.com/my_prod",
        "postgresql://db/PROD2",
        "postgresql://live.example.com/app",
        "postgresql://db/app-prd",
        "postgresql://preprod/app",
        "sqlite:///srv/production/app.db",
        "postgresql://127.0.0.1/harmless?dbname=production",
        "postgresql://localhost/app?host=prod-db.example.com",
        "postgresql://localhost/app?port=5432&dbname=production",
    ],
)
def test_what_smells_of_production_is_refused(target: str) -> None:
    """Even if a pattern allows it; the override is named in the message."""
    with pytest.raises(StoreError, match=r"smells of production.*--allow-production"):
        guard.check(target, ["*"], environ={})
    guard.check(target, ["*"], allow_production=True, environ={})


def test_a_link_is_what_it_leads_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder that leads to production is production; folders above the one we work in say nothing."""
    here = tmp_path / "live" / "project"
    (here / "production").mkdir(parents=True)
    (tmp_path / "way").symlink_to(here)
    (here / "dev.db").symlink_to("production.db")
    (here / "data").symlink_to("production")
    monkeypatch.chdir(tmp_path / "way")
    for target in ("sqlite:///dev.db", "sqlite:///data/seed.db", f"sqlite:///{tmp_path / 'way' / 'data' / 'seed.db'}"):
        with pytest.raises(StoreError, match=r"'prod' in sqlite:///production.* smells"):
            guard.check(target, ALLOWED)
    guard.check("sqlite:///seed.db", ALLOWED)
    (here / "dev.db").unlink()
    (here / "dev.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match=r"no pattern of allowed_targets allows sqlite:///.*elsewhere.db"):
        guard.check("sqlite:///dev.db", ["sqlite:///dev.db"])


def test_the_server_is_asked_what_it_is_called(
    postgres: Target, first: list[Tables], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a service file or a pooler leads: the connection is refused by the database's own name."""
    name = f"{postgres.url.database}_production"
    admin = psycopg.connect(raw(postgres.url), autocommit=True)
    admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    try:
        given = postgres.url.set(database=name).get_dialect()().create_connect_args(postgres.url)[1]
        lines = [f"{key}={value}" for key, value in {**given, "dbname": name}.items()]
        (tmp_path / "services.conf").write_text("\n".join(["[harmless]", *lines]))
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services.conf"))
        engine = database.connect("postgresql://?service=harmless")
        guard.check(engine.url, ["*service=harmless*"])
        guard.follow(engine, ["*service=harmless*"])
        with pytest.raises(StoreError, match=r"'prod' in postgresql://localhost/.*smells of production"):
            database.load(engine, first, database.Release(1, "s", "0"))
        assert Target(postgres.url.set(database=name)).count("pg_tables", "schemaname = 'public'") == 0
    finally:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
        admin.close()


@pytest.mark.parametrize(
    "target",
    [
        "postgresql://db/products",
        "postgresql://db/nonprod",
        "postgresql://non-prod.example.com/app",
        "postgresql://db/delivery",
        "postgresql://db/olive",
        "sqlite:///reproduction.db",
        "postgresql://db/maintenance",
    ],
)
def test_what_only_sounds_alike_is_not(target: str) -> None:
    """Products, deliveries and reproductions are no production."""
    guard.check(target, ["*"], environ={})


def test_no_secret_in_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords in the URL, in its query, or percent-encoded are in no repr, redaction, error or pickle."""
    urls = [
        f"postgresql://me:{QUOTED}@localhost:1/app",
        f"postgresql://me@localhost:1/app?password={QUOTED}",
    ]
    monkeypatch.setenv("STAGING", urls[0])
    for target in (*urls, "env:STAGING"):
        engine = database.connect(target)
        with pytest.raises(StoreError) as caught:
            database.read(engine)
        assert caught.value.retry
        texts = [repr(engine), str(engine.url), redact(target), str(caught.value), repr(caught.value)]
        texts += [str(pickle.loads(pickle.dumps(caught.value))), repr(parse(target)), str(engine.url.query)]
        assert not any("s3cr" in text for text in texts), texts


def test_a_secret_in_somebody_elses_message_is_blacked_out() -> None:
    """Should a driver ever quote the password, our error does not."""
    import psycopg

    engine = database.connect(f"postgresql://me:{QUOTED}@localhost:1/app")
    with pytest.raises(StoreError, match=r"wrong \*\*\* given") as caught, explained(engine):
        raise psycopg.OperationalError(f"wrong {SECRET} given")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mysql://me:s3cret@db/app", "only SQLite and PostgreSQL"),
        ("postgresql://me:x@s3cret/y@db/app", "percent-encoded"),
        ("postgresql://me:s3cret@db", "names no database"),
        ("env:NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE: it is not set"),
        ("postgresql://me:s3cret@db:port/app", "cannot be read"),
        ('"postgresql://me:s3cret@h/db"', "starts with none of"),
        ("host=h password=s3cret dbname=d", "starts with none of"),
        ("me:s3cret@h/db", "starts with none of"),
        ("file:./dev.db", "starts with none of"),
        ("data/seed.db", "if a file is meant, write sqlite:///data/seed.db"),
        ("sqlite://dev.db", "three slashes"),
        ("sqlite://", "names no file"),
        ("sqlite:///file:dev.db", "names no file"),
        ("postgresql://db/app?sslkey=a&sslpassword=s3cret", "may not hold the key's passphrase"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_being_shown(target: str, message: str) -> None:
    """A mistyped URL may hold a password anywhere, so the message tells the forms and not the text."""
    with pytest.raises(StoreError, match=message) as caught:
        parse(target, {})
    assert "s3" not in str(caught.value)


def test_the_manifest_holds_no_secret(postgres: Target, first: list[Tables]) -> None:
    """A release through a URL with a password records nothing of it."""
    url = postgres.url.set(password="s3cret-of-staging")
    database.load(database.connect(url), first, database.Release(1, "s", "0"))
    everything = str(postgres.rows("SELECT * FROM seed_pipeline_releases"))
    assert "s3cret" not in everything
    assert "s3cret" not in str(database.plan(database.connect(url), first).as_dict())
