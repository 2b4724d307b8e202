"""The whole path under odd servers, roles, schemas and poolers: `make field` prints what came of each.

A case prepares a database, and every command is then asked in turn. What a case expects is a word in the refusal of the
commands that write, or nothing: then every command has to succeed, and `clean` has to leave what was there.
"""

import io
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa

from seed_pipeline.cli import main
from seed_pipeline.store import database
from seed_pipeline_tests.store import servers
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.platform import migrate

COMMANDS = ("plan", "run", "check", "explain", "report", "demo", "grade", "clean")
_WORLD = ("--preset", "ci", "--set", "main.allowed_targets=['*']")
_VISITOR = "INSERT INTO {0}users (id, email, name, role) VALUES ('visitor', 'v@example.org', 'V', 'student')"
_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Case:
    """One surrounding. In `prepare` (as superuser) {db} and {role} are the database and the role that connects.

    refused: words of the refusal, for the commands in `by`; the others are then not asked.
    """

    name: str
    prepare: tuple[str, ...] = ()
    refused: str = ""
    by: tuple[str, ...] = ("plan", "run")
    query: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    schema: str = "public"
    create: str = ""
    owner: bool = True


def _setting(text: str, **more: object) -> Case:
    return Case(text, (f"ALTER DATABASE {{db}} SET {text}",), **more)  # type: ignore[arg-type]


def _few(name: str, *grants: str, **more: object) -> Case:
    """A role that owns nothing, in a database in which everything stands."""
    connect = ("REVOKE ALL ON DATABASE {db} FROM PUBLIC", "GRANT CONNECT, TEMPORARY ON DATABASE {db} TO {role}")
    return Case(name, (*connect, *grants), owner=False, **more)  # type: ignore[arg-type]


_USAGE = "GRANT USAGE ON SCHEMA public, seed_pipeline TO {role}"
_WRITE = f"GRANT {_EVERYTHING} ON ALL TABLES IN SCHEMA public, seed_pipeline TO {{role}}"
_MANY = (
    "DateStyle = 'German'", "client_encoding = 'LATIN1'", "quote_all_identifiers = on", "extra_float_digits = -15",
    "search_path = ''", "statement_timeout = '20ms'", "TimeZone = 'Asia/Kolkata'",
)  # fmt: skip
CASES = (
    Case("many settings at once", tuple(f"ALTER DATABASE {{db}} SET {text}" for text in _MANY)),
    _setting("DateStyle = 'German'"),
    _setting("DateStyle = 'SQL, DMY'"),
    _setting("TimeZone = 'Pacific/Auckland'"),
    _setting("client_encoding = 'LATIN1'"),
    _setting("quote_all_identifiers = on"),
    _setting("extra_float_digits = -15"),
    _setting("standard_conforming_strings = off"),
    _setting("bytea_output = 'escape'"),
    _setting("search_path = ''"),
    _setting("statement_timeout = '20ms'"),
    _setting("lock_timeout = '1ms'"),
    _setting("idle_in_transaction_session_timeout = '30ms'"),
    _setting("transaction_timeout = '90ms'"),
    _setting("default_transaction_isolation = 'serializable'"),
    _setting("default_transaction_deferrable = on"),
    _setting("transform_null_equals = on"),
    _setting("array_nulls = off"),
    _setting("work_mem = '64kB'"),
    _setting("plan_cache_mode = 'force_generic_plan'"),
    _setting("enable_seqscan = off"),
    _setting("track_counts = off"),
    _setting("default_transaction_read_only = on", refused="read-only.*may write", by=("run",)),
    _setting("session_replication_role = 'replica'", refused="session_replication_role", by=COMMANDS[:-1]),
    Case("database in SQL_ASCII", create="TEMPLATE template0 LOCALE 'C' ENCODING 'SQL_ASCII'"),
    Case("database in LATIN1", create="TEMPLATE template0 LOCALE 'C' ENCODING 'LATIN1'",
         refused="encoding", by=COMMANDS[:-1]),
    Case("PGCLIENTENCODING=LATIN1", environment={"PGCLIENTENCODING": "LATIN1"}),
    Case("PGOPTIONS=-c DateStyle=German", environment={"PGOPTIONS": "-c DateStyle=German"}),
    Case("URL with client_encoding=latin1", query={"client_encoding": "latin1"}),
    Case("URL with pgbouncer=true", query={"pgbouncer": "true", "connection_limit": "1"}),
    Case("schema app by target_schema", schema="app", options=("--set", "main.target_schema=app")),
    Case("schema app by URL", schema="app", query={"schema": "app"}),
    _few("role: no CONNECT", "REVOKE CONNECT ON DATABASE {db} FROM {role}", refused="may not connect.*GRANT CONNECT"),
    _few("role: no USAGE", "REVOKE USAGE ON SCHEMA public FROM PUBLIC", refused='GRANT USAGE ON SCHEMA "public"'),
    _few("role: no TEMPORARY", _USAGE, _WRITE, "REVOKE TEMPORARY ON DATABASE {db} FROM {role}",
         refused=r"owner: GRANT TEMPORARY ON DATABASE \S+ TO \w+\.$"),
    _few("role: reads", _USAGE, _WRITE.replace(_EVERYTHING, "SELECT"), by=("run",),
         refused="GRANT INSERT, UPDATE, DELETE"),
    _few("role: writes, owns nothing", _USAGE, _WRITE),
)  # fmt: skip
POOLED = Case("PgBouncer, pool_mode = transaction", schema="app", query={"schema": "app", "pgbouncer": "true"})


@dataclass(frozen=True)
class Outcome:
    """What one command came to: its exit code and what it said; `bad` says what is wrong with that."""

    command: str
    code: int
    said: str
    bad: str = ""


def ask(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a command; 99 for an exception that got through."""
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            main(arguments)
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    except Exception as error:
        return 99, f"{said.getvalue()}{type(error).__name__}: {error}"
    return 0, said.getvalue()


def play(case: Case, server: sa.URL, through: str = "") -> Iterator[Outcome]:
    """Ask every command of a case in a database of its own; `through` is a pooler's socket folder."""
    with _prepared(case, server) as (target, role, folder):
        before = _rows(target)
        url = target.url.set(username=role).update_query_dict({"host": through} if through else {})
        there = servers.raw(url.update_query_dict(case.query))
        for command in case.by if case.refused else COMMANDS:
            arguments = _arguments(command, target, folder)
            with _environment(case.environment):
                code, said = ask(*arguments, *case.options, "--target", there)
            words = " ".join(said.split())
            yield Outcome(command, code, words, _bad(case, command, code, words, target, before))


def _arguments(command: str, target: Target, folder: Path) -> list[str]:
    if command == "explain":
        with _superuser(target.url) as connection:
            there = connection.execute("SELECT to_regclass('seed_pipeline.truth_personas')").fetchone()
            people = (
                "SELECT user_id FROM seed_pipeline.truth_personas LIMIT 1" if there != (None,) else "SELECT 'nobody'"
            )
            found = connection.execute(people).fetchone()  # type: ignore[arg-type]
        return ["explain", found[0] if found else "nobody", *_WORLD]
    if command == "report":
        return ["report", "--out", str(folder / "report.html"), *_WORLD]
    made = ["--artifacts", str(folder / command)] if command == "run" else []
    answers = ["--set", "main.answer_key=true"] if command in ("plan", "run") else []
    return [command, *made, *_WORLD, *answers]


def _bad(case: Case, command: str, code: int, words: str, target: Target, before: dict[str, int]) -> str:
    if code == 99 or "Traceback" in words:
        return "an exception got through"
    if case.refused:
        rows = _rows(target)
        wrong = "" if re.search(case.refused, words) else "another refusal was expected"
        return wrong or ("it was not refused" if code == 0 else "") or ("rows changed" if rows != before else "")
    if command == "clean" and _rows(target) != before:
        return "rows are not as they were before"
    return f"exit code {code}" if code else ""


def _rows(target: Target) -> dict[str, int]:
    """Rows of the platform's tables, as the superuser sees them."""
    with _superuser(target.url) as connection:
        names = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace IN "
            "(SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app'))"
        ).fetchall()
        return {n: connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for (n,) in names}  # type: ignore


def _superuser(url: sa.URL) -> psycopg.Connection:
    calm = "-c statement_timeout=0 -c search_path=public,app -c default_transaction_read_only=off"
    return psycopg.connect(servers.raw(url), options=calm, client_encoding="utf8", autocommit=True)


class _Superuser(Target):
    """The database as its owner has it, without our policy."""

    def run(self, sql: str, **values: object) -> None:
        with _superuser(self.url) as connection:
            connection.execute(sql)  # type: ignore[arg-type]


@contextmanager
def _prepared(case: Case, server: sa.URL) -> Iterator[tuple[Target, str, Path]]:
    with servers.database(server, case.create) as url, tempfile.TemporaryDirectory() as folder:
        role, target = f"role_of_{url.database}", _Superuser(url)
        migrate(target, schema=case.schema)
        if not case.owner:
            database.create_missing(target.engine)
        target.run(_VISITOR.format("" if case.schema == "public" else f"{case.schema}."))
        target.engine.dispose()
        with _superuser(url) as connection:
            connection.execute(f"CREATE ROLE {role} LOGIN {'SUPERUSER' if case.owner else ''}")
            for statement in case.prepare:
                connection.execute(statement.format(db=url.database, role=role))
        try:
            yield target, role, Path(folder)
        finally:
            with _superuser(url) as connection:
                connection.execute(f"ALTER DATABASE {url.database} RESET ALL")
            with _superuser(url) as connection:
                connection.execute(f"DROP OWNED BY {role}")
                connection.execute(f"DROP ROLE {role}")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def pooler(server: sa.URL) -> Iterator[str]:
    """PgBouncer in transaction mode before the server; its socket's folder. FileNotFoundError if there is none."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise FileNotFoundError("pgbouncer")
    folder = Path(tempfile.mkdtemp(prefix="seed_pool_"))
    folder.chmod(0o777)
    lines = [
        "[databases]", f"* = host={server.query['host']} user={server.username}",
        "[pgbouncer]", "pool_mode = transaction", "auth_type = any", "max_client_conn = 20", "default_pool_size = 3",
        f"unix_socket_dir = {folder}", "listen_port = 5432", "listen_addr =", f"logfile = {folder}/log",
    ]  # fmt: skip
    (folder / "pgbouncer.ini").write_text("\n".join(lines))
    # It refuses to be root, and only the server's own user gets at a socket in the server's folder.
    who = {"user": Path(str(server.query["host"])).owner()} if os.geteuid() == 0 else {}
    running = subprocess.Popen(
        [program, folder / "pgbouncer.ini"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who
    )
    try:
        until = time.monotonic() + 10
        while not (folder / ".s.PGSQL.5432").exists() and time.monotonic() < until:
            time.sleep(0.05)
        yield str(folder)
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def table(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of the matrix: per command ok, refused, or what is wrong."""
    said = {o.command: o.bad or ("ok" if o.code == 0 else "refused") for o in outcomes}
    return f"{name:<48}" + " ".join(f"{said.get(c, '-'):<8}" for c in COMMANDS)
