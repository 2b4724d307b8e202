"""A URL's parameters as providers and other drivers' users write them: understood, or refused by name."""

from collections.abc import Mapping

import sqlalchemy as sa
from psycopg.pq import Conninfo

from seed_pipeline.store.errors import StoreError

# What other drivers are told about prepared statements and pools: we prepare none by name and hold one connection.
_NOT_FOR_US = {
    "pgbouncer", "connection_limit", "pool_timeout", "pool_size", "socket_timeout", "statement_cache_size",
    "prepared_statements", "prepareThreshold", "preparedStatementCacheQueries", "prepared_statement_cache_size",
    "default_query_exec_mode", "binary_parameters", "uselibpqcompat", "supa", "workaround",
}  # fmt: skip
_SCHEMA = ("schema", "currentSchema", "search_path")
_SSL = {"true": "require", "1": "require", "require": "require", "false": "disable", "0": "disable"}
_LIBPQ = frozenset(option.keyword.decode() for option in Conninfo.get_defaults())


def understood(where: str, url: sa.URL) -> sa.URL:
    """The URL with libpq's parameters alone, and `schema` where it names one. Raises StoreError for an unknown one."""
    kept: dict[str, str | tuple[str, ...]] = {}
    for name, value in url.query.items():
        if name in _SCHEMA:
            kept["schema"] = _one_schema(where, name, str(value))
        elif name == "ssl":
            kept.setdefault("sslmode", _ssl(where, str(value)))
        elif name == "sslmode" and value == "no-verify":  # node-postgres: encrypted, whoever answers
            kept[name] = "require"
        elif name in _LIBPQ:
            kept[name] = value
        elif name not in _NOT_FOR_US:
            why = "neither libpq nor we know this parameter of the URL"
            raise StoreError(where, name, why, f"take {name} out of the URL; TLS is asked for by sslmode=require")
    _whole_numbers(where, kept)
    return url.set(query=kept)


def _one_schema(where: str, name: str, value: str) -> str:
    if not value or "," in value or '"' in value:
        raise StoreError(where, f"{name}={value}", "this names no single schema", "write ?schema=app, or target_schema")
    return value


def _ssl(where: str, value: str) -> str:
    if value.lower() not in _SSL:
        raise StoreError(where, f"ssl={value}", "ssl is true or false", "write sslmode=require, or verify-full")
    return _SSL[value.lower()]


def _whole_numbers(where: str, query: Mapping[str, str | tuple[str, ...]]) -> None:
    for name in ("connect_timeout", "keepalives_idle", "port"):
        given = str(query.get(name, "0"))
        if not given.replace(",", "").isdigit():
            raise StoreError(where, f"{name}={given}", "this is no whole number", f"write {name}=10, for example")
