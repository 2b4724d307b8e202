"""Keeps releases away from databases they were not meant for.

What counts is what is really connected to: the parameters that the driver works out of URL and environment, the file
behind a link, and, once connected, what the server itself is called.
"""

import os
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import file, parse, redact

# "prod", "production", "prod2", "my_prod", not "product" or "products", not "nonprod", not "reproduction".
_SMELL = re.compile(r"(?<!non)(?<!non[-_.])(?<!\bre)prod(?!uct(?!ion))|(?<![a-z])(?:prd|live)(?![a-z])", re.IGNORECASE)
_SERVERS_NAMES = "SELECT current_database(), current_setting('cluster_name', true)"


def check(
    target: str | sa.URL,
    allowed: Sequence[str],
    *,
    allow_production: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Raise StoreError unless a pattern allows the target and its names do not smell of production.

    Patterns (`*`, `?`, `[…]`) are compared with `sqlite:///PATH` or `postgresql://HOST/DATABASE` (also
    `HOST:PORT`), in lower case; a Unix socket counts as localhost; where libpq would take host, port, database or
    service from the environment, so does this. With several hosts, and with a link and the file behind it, each has to
    be allowed.
    """
    url = parse(target, environ) if isinstance(target, str) else target
    for names in _files(url) if url.get_backend_name() == "sqlite" else _servers(url, environ):
        _allowed(url, names, allowed)
        _harmless(url, names[0], allow_production)


def follow(engine: sa.Engine, allowed: Sequence[str], *, allow_production: bool = False) -> None:
    """Check every connection of the engine again, by what it led to; StoreError when it is made.

    A service file, a pooler or a host's alias may lead elsewhere than the URL says.
    """

    def connected(raw: Any, _: object) -> None:
        try:
            with raw.cursor() as cursor:
                database, cluster = cursor.execute(_SERVERS_NAMES).fetchone()
            raw.rollback()
            names = [_forms(raw.info.host, str(raw.info.port), name) for name in {raw.info.dbname, database}]
            for forms in names:
                if "service" not in engine.url.query and not os.environ.get("PGSERVICE"):
                    _allowed(engine.url, forms, allowed)
                _harmless(engine.url, forms[0], allow_production)
            _harmless(engine.url, f"postgresql://{cluster or ''}", allow_production)
        except BaseException:
            raw.close()
            raise

    if engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", connected)


def _allowed(url: sa.URL, names: Sequence[str], allowed: Sequence[str]) -> None:
    if not any(fnmatchcase(name, pattern.lower()) for name in names for pattern in allowed):
        remedy = f"if it is meant, add '{names[0]}' (or a pattern for it) to allowed_targets in configs/main.yaml"
        raise StoreError(redact(url), None, f"no pattern of allowed_targets allows {names[0]}", remedy)


def _harmless(url: sa.URL, name: str, allow_production: bool) -> None:
    smelling = _SMELL.search(name.partition("://")[2])
    if smelling and not allow_production:
        why = f"'{smelling.group()}' in {name} smells of production"
        remedy = "name another target, or, if it is meant, pass --allow-production (setting main.allow_production)"
        raise StoreError(redact(url), None, why, remedy)


def _files(url: sa.URL) -> list[tuple[str, ...]]:
    """The path as it is written, but without detours, and what it leads to where there is a link on the way."""
    path = Path(os.path.normpath(file(url) or ":memory:"))
    here, real = Path.cwd().resolve(), path.resolve()
    found: list[tuple[str, ...]] = [(f"sqlite:///{path}".lower(), f"sqlite:///{path.absolute()}".lower())]
    if real != Path(os.path.normpath(here / path)):
        # Folders above the one we work in say nothing of the file.
        shown = real.relative_to(here) if real.is_relative_to(here) else real
        found.append((f"sqlite:///{shown}".lower(), f"sqlite:///{real}".lower()))
    return found


def _servers(url: sa.URL, environ: Mapping[str, str]) -> list[tuple[str, ...]]:
    """For each host of the target the texts that a pattern may match; the first is the one to show."""
    given = {k: str(v) for k, v in url.get_dialect()().create_connect_args(url)[1].items()}
    service = given.get("service") or environ.get("PGSERVICE")
    database = given.get("dbname") or environ.get("PGDATABASE") or given.get("user") or ""
    if service and "host" not in given:
        return [(f"postgresql://service={service}/{given.get('dbname', '*')}".lower(),)]
    hosts = (given.get("host") or environ.get("PGHOST") or "localhost").split(",")
    ports = (given.get("port") or environ.get("PGPORT") or "5432").split(",")
    hosts += (given.get("hostaddr") or environ.get("PGHOSTADDR") or "").split(",")
    ports += ports[-1:] * len(hosts)
    return [_forms(host, port, database) for host, port in zip(hosts, ports, strict=False) if host]


def _forms(host: str, port: str, database: str) -> tuple[str, ...]:
    name = "localhost" if host.startswith(("/", "@")) else host
    return f"postgresql://{name}/{database}".lower(), f"postgresql://{name}:{port or 5432}/{database}".lower()
