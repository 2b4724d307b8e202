"""Where a release goes: a target's URL, read from what a user wrote, and shown without its secrets."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

import sqlalchemy as sa

from seed_pipeline.store.errors import StoreError

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_PLAIN_PATH = re.compile(r"[\w./][\w./ -]*")
_FORMS = (
    "write sqlite:///data/seed.db, postgresql://user@host:5432/database (password in PGPASSWORD or ~/.pgpass), "
    "or env:NAME to read the whole URL from an environment variable"
)


def parse(text: str, environ: Mapping[str, str] = os.environ) -> sa.URL:
    """The URL of a SQLite file or PostgreSQL database; `env:NAME` reads it from the environment.

    What starts with none of the schemes is refused: as a file's name it would be past the guard, password and all.

    Raises StoreError, whose text never holds the URL itself: a URL that cannot be read may hold a password.
    """
    where, text = ("target", text.strip()) if not text.strip().startswith("env:") else _from_environment(text, environ)
    if not _SCHEME.match(text):
        remedy = f"if a file is meant, write sqlite:///{text}" if _PLAIN_PATH.fullmatch(text) else _FORMS
        raise StoreError(where, None, "it starts with none of sqlite:///, postgresql://, env:", remedy)
    scheme = text.partition("://")[0].lower()
    if scheme != "sqlite" and scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise StoreError(where, scheme, "only SQLite and PostgreSQL can be targets", _FORMS)
    url = _read(where, text)
    if scheme == "sqlite":
        return _file_named(where, url)
    if not (url.database or url.query.get("service")):
        raise StoreError(where, redact(url), "the URL names no database", _FORMS)
    from seed_pipeline.store.parameters import understood  # PostgreSQL's driver takes its time to load

    return understood(where, url.set(drivername="postgresql+psycopg"))


def _read(where: str, text: str) -> sa.URL:
    """The URL with its password where SQLAlchemy hides it."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None and "," in text.partition("://")[2].partition("/")[0]:
        remedy = "write postgresql:///app?host=one:5432&host=two:5432"
        raise StoreError(where, None, "several hosts with ports do not stand before the database", remedy)
    if not unquote(text).isprintable():
        raise StoreError(where, None, "the URL holds a character that cannot be printed", "remove it")
    parts = () if url is None or url.get_backend_name() == "sqlite" else (url.database, url.host)
    if url is None or any("@" in (part or "") for part in parts):
        why = "the URL cannot be read (special characters in a password have to be percent-encoded)"
        raise StoreError(where, None, why, _FORMS)
    if url.get_backend_name() == "sqlite" and url.query:
        why = f"a file takes no parameters, and this URL has {', '.join(sorted(url.query))}"
        raise StoreError(where, None, why, "write the path alone; main.wait_seconds says how long a release waits")
    if "sslpassword" in url.query:
        raise StoreError(
            where, None, "a URL may not hold the key's passphrase", "use a key without one, or a service file"
        )
    if "password" in url.query:
        url = url.set(password=str(url.query["password"])).difference_update_query(["password"])
    return url


def _file_named(where: str, url: sa.URL) -> sa.URL:
    """The URL of a SQLite file; what SQLite would take for something else than a path is refused."""
    if url.host or not url.database or url.database.startswith("file:"):
        why = "the URL names no file: a path follows three slashes, an absolute one four"
        raise StoreError(where, None, why, "write sqlite:///data/seed.db, or sqlite:////srv/seed.db")
    if url.database.startswith("~"):
        remedy = f"write sqlite:///{Path(url.database).expanduser()}"
        raise StoreError(where, url.database, "nobody but a shell knows what ~ stands for", remedy)
    return url.set(drivername="sqlite")


def _from_environment(text: str, environ: Mapping[str, str]) -> tuple[str, str]:
    name = text.strip().removeprefix("env:").strip()
    if not name:
        raise StoreError("target", "env:", "it names no environment variable", "write env:NAME")
    if not environ.get(name):
        raise StoreError(f"environment variable {name}", None, "it is not set", f"set {name} to the target's URL")
    return f"environment variable {name}", environ[name].strip()


def secrets(url: sa.URL) -> tuple[str, ...]:
    """Every secret in the URL, as it may appear in somebody else's message."""
    return (str(url.password), quote(str(url.password), safe="")) if url.password else ()


def bare(url: sa.URL) -> sa.URL:
    """The URL without any secret."""
    return url._replace(password=None)


def redact(url: sa.URL | str) -> str:
    """The URL for people: no secrets, no driver."""
    url = parse(url) if isinstance(url, str) else url
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database or ':memory:'}"
    return bare(url).set(drivername="postgresql").render_as_string(hide_password=True)


def scrub(text: str, hidden: Iterable[str]) -> str:
    """The text with the secrets blacked out."""
    for secret in hidden:
        text = text.replace(secret, "***")
    return text


def file(url: sa.URL) -> Path | None:
    """The SQLite file; None for PostgreSQL and for a database in memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))
