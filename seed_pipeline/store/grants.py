"""Which privileges a role lacks for a release, or for reading one, as the statements that grant them."""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import postgres_catalogue
from seed_pipeline.store.ownership import metadata as manifest

_WRITTEN = ("SELECT", "INSERT", "UPDATE", "DELETE")


def missing(connection: sa.Connection, writing: bool) -> list[str]:
    """`GRANT …` for everything that the current user lacks, each privilege where it is needed and no other."""
    role = connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar_one()
    return [f"GRANT {', '.join(what)} ON {on} TO {role}" for on, what in _lacking(connection, writing)]


def _lacking(connection: sa.Connection, writing: bool) -> Iterator[tuple[str, list[str]]]:
    there = postgres_catalogue.read(connection).tables
    here, own = connection.exec_driver_sql(_SCHEMAS).one()
    of_ours = [*schema.ANSWER_KEY, *manifest.tables]
    new_platform, new_own = (any(n not in there for n in names) for names in (schema.PLATFORM, of_ours))
    database = ["TEMPORARY", *(["CREATE"] if own is None else [])] if writing else []
    yield from _without(connection, "database", "current_database()", database)
    for name, grows in ((here, new_platform), (own, new_own)):
        if name is not None:
            yield from _without(
                connection, "schema", f"'{name}'", ["USAGE", *(["CREATE"] if writing and grows else [])]
            )
    tables: dict[tuple[str, ...], list[str]] = {}
    for label, facts in there.items():
        known = label in schema.FILLED or label in manifest.tables
        needed = [*(_WRITTEN if writing and known else ("SELECT",))]
        needed += ["REFERENCES"] if writing and new_own and label in ("users", "sessions") else []
        if writing or known:
            for _, lacks in _without(connection, "table", f"'{facts.name}'", needed):
                tables.setdefault(tuple(lacks), []).append(facts.name)
    yield from ((", ".join(names), list(lacks)) for lacks, names in tables.items())


def _without(connection: sa.Connection, kind: str, name: str, wanted: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The object as GRANT names it, and which of the privileges are lacking, if any."""
    sql = f"SELECT {name}::text, has_{kind}_privilege({name}, %s)"
    asked = [(each, connection.exec_driver_sql(sql, (each,)).one()) for each in wanted]
    lacks = [each for each, (_, has) in asked if not has]
    if lacks:
        shown = asked[0][1][0]
        yield (shown if kind == "table" else f'{kind.upper()} "{shown}"'), lacks


_SCHEMAS = f"""SELECT current_schema()::text,
    (SELECT nspname::text FROM pg_namespace WHERE nspname = '{schema.OWN_SCHEMA}')"""
