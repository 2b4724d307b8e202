"""One connection policy: whatever our statements rely on is set for our own connection, and nothing else is assumed.

Servers, databases, roles, URLs and the environment may set anything: a date style, an encoding, a search path.
What we need is set anew in every transaction and ends with it, so that a pooler in transaction mode does no harm.
"""

from typing import Any

import sqlalchemy as sa

from seed_pipeline.schema import OWN_SCHEMA
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.target import redact

_USUAL = {"connect_timeout": 10, "application_name": "seed-pipeline"}
# No named prepared statements: behind a pooler in transaction mode they belong to somebody else's connection.
# We begin transactions ourselves, so that no timeout of somebody else's falls between BEGIN and what lifts it.
_NEEDED = {"client_encoding": "utf8", "prepare_threshold": None, "autocommit": True}
_SETTINGS = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "row_security": "off",  # rows that are hidden from us are an error, not an absence
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
_USUAL_WAIT = "60s"
_WORDS = "žluťoučký kůň – “naïve” 火"
_ASKED = """SELECT coalesce(%(schema)s, nullif(current_schema(), %(own)s), 'public'),
    quote_ident(current_user), current_setting('session_replication_role'), convert_to(%(words)s, 'UTF8')"""


def arguments(url: sa.URL) -> dict[str, Any]:
    """What the driver is told beside the URL: the password, what we need, and what the URL leaves open."""
    usual = {name: value for name, value in _USUAL.items() if name not in url.query}
    return {**usual, **_NEEDED, **({"password": str(url.password)} if url.password else {})}


def install(engine: sa.Engine, schema: str) -> None:
    """Keep the policy on every connection; `schema` (else the session's own, else public) has the platform's tables.

    Raises StoreError, when connecting, where the policy cannot be kept.
    """

    def connected(raw: Any, record: Any) -> None:
        try:
            record.info["schema"] = _prepared(engine.url, raw, schema)
        except BaseException:
            raw.close()
            raise

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", _begin)


def _prepared(url: sa.URL, raw: Any, wanted: str) -> str:
    """Choose the schema, once a connection, and refuse what no setting of ours can mend."""
    asked = {"schema": wanted or None, "own": OWN_SCHEMA, "words": _WORDS}
    schema, user, role, echoed = raw.execute(_ASKED, asked).fetchone()
    usable = raw.execute(
        "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = %s", [schema]
    ).fetchone()
    where = redact(url)
    if bytes(echoed) != _WORDS.encode():
        why = "the connection garbles characters beyond ASCII"
        raise StoreError(where, None, why, "connect without the program in between, or to a database in UTF8")
    if role != "origin":
        why = f"session_replication_role is {role}: foreign keys would not be kept"
        raise StoreError(where, None, why, "name another role, or ALTER ROLE … RESET session_replication_role")
    if schema == OWN_SCHEMA or schema == "information_schema" or schema.startswith("pg_"):
        why = "this schema is ours" if schema == OWN_SCHEMA else "this schema is the server's own"
        raise StoreError(where, schema, why, "let target_schema name the one that the platform's tables are in")
    if usable is None:
        raise StoreError(where, schema, "there is no such schema", "create it, or correct target_schema")
    if not usable[0]:
        remedy = f'GRANT USAGE ON SCHEMA "{schema}" TO {user}'
        raise StoreError(where, schema, "the user may not use the schema", remedy)
    return str(schema)


def _begin(connection: sa.Connection) -> None:
    """Begin, and set what we rely on for this transaction; no query, so that the isolation can still be chosen."""
    raw: Any = connection.connection.driver_connection
    schema = connection.connection.info["schema"].replace('"', '""')
    recent = {"transaction_timeout": "0"} if raw.info.server_version >= 170000 else {}
    ours = {"lock_timeout": connection.connection.info.get("lock_timeout", _USUAL_WAIT), **recent}
    if connection.get_execution_options()["only_reads"]:
        ours["transaction_read_only"] = "on"
    settings = [f"SET LOCAL {name} = '{value}'" for name, value in {**_SETTINGS, **ours}.items()]
    raw.execute("; ".join(["BEGIN", *settings, f'SET LOCAL search_path = "{schema}", {OWN_SCHEMA}']))
