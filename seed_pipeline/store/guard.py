"""Keeps releases away from databases they were not meant for."""

import os
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import sqlalchemy as sa

from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import parse, redact

# "prod", "production", "prod2", "my_prod", not "product" or "products", not "nonprod", not "reproduction".
_SMELL = re.compile(r"(?<!non)(?<!non[-_.])(?<!\bre)prod(?!uct(?!ion))|(?<![a-z])(?:prd|live)(?![a-z])", re.IGNORECASE)


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
    service from the environment, so does this. With several hosts each has to be allowed.
    """
    url = parse(target, environ) if isinstance(target, str) else target
    for names in _names(url, environ):
        if not any(fnmatchcase(name, pattern.lower()) for name in names for pattern in allowed):
            remedy = f"if it is meant, add '{names[0]}' (or a pattern for it) to allowed_targets in configs/main.yaml"
            raise StoreError(redact(url), None, f"no pattern of allowed_targets allows {names[0]}", remedy)
        smelling = _SMELL.search(names[0].partition("://")[2])
        if smelling and not allow_production:
            why = f"'{smelling.group()}' in {names[0]} smells of production"
            remedy = "name another target, or, if it is meant, pass --allow-production (setting main.allow_production)"
            raise StoreError(redact(url), None, why, remedy)


def _names(url: sa.URL, environ: Mapping[str, str]) -> list[tuple[str, ...]]:
    """For each host of the target the texts that a pattern may match; the first is the one to show."""
    if url.get_backend_name() == "sqlite":
        path = str(url.database or ":memory:")
        return [(f"sqlite:///{path}".lower(), f"sqlite:///{Path(path).absolute()}".lower())]
    service = _text(url.query.get("service")) or environ.get("PGSERVICE")
    database = url.database or _text(url.query.get("dbname")) or environ.get("PGDATABASE") or url.username or ""
    if service and not url.host:
        return [(f"postgresql://service={service}/{url.database or '*'}".lower(),)]
    written = url.host or _text(url.query.get("host")) or environ.get("PGHOST") or "localhost"
    addresses = _text(url.query.get("hostaddr")) or environ.get("PGHOSTADDR") or ""
    port = url.port or _text(url.query.get("port")) or environ.get("PGPORT") or 5432
    hosts = [part for part in f"{written},{addresses}".split(",") if part]
    return [_forms(host, str(port), database) for host in hosts]


def _forms(host: str, port: str, database: str) -> tuple[str, ...]:
    name, _, own_port = host.partition(":") if host.count(":") == 1 else (host, "", "")
    name = "localhost" if name.startswith(("/", "@")) else name
    return f"postgresql://{name}/{database}".lower(), f"postgresql://{name}:{own_port or port}/{database}".lower()


def _text(value: str | tuple[str, ...] | None) -> str:
    return ",".join(value) if isinstance(value, tuple) else value or ""
