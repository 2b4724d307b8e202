"""What a SQLite file holds, as its own tables and pragmas say."""

from collections.abc import Iterable

import sqlalchemy as sa

from seed_pipeline.store.catalogue import Catalogue, ColumnFacts, Reference, TableFacts, quoted


def read(connection: sa.Connection) -> Catalogue:
    """Every table and view, and every reference."""
    sql = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'"
    listed = connection.exec_driver_sql(sql).all()
    acting: dict[str, list[str]] = {}
    triggers = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    for trigger, table in connection.exec_driver_sql(triggers):
        acting.setdefault(table, []).append(trigger)
    tables = {name: _facts(connection, name, of == "table", acting.get(name, ())) for name, of in listed}
    references = [r for name, of in listed if of == "table" for r in _references(connection, name, tables)]
    return Catalogue(tables, tuple(references))


def _facts(connection: sa.Connection, name: str, is_table: bool, triggers: Iterable[str]) -> TableFacts:
    rows = connection.exec_driver_sql(f"PRAGMA table_info({quoted(name)})").all()
    columns = {r[1]: ColumnFacts(r[2].upper(), not r[3] and not r[5], r[4]) for r in rows}
    key = tuple(r[1] for r in sorted((r for r in rows if r[5]), key=lambda r: r[5]))
    unique = [r[1] for r in connection.exec_driver_sql(f"PRAGMA index_list({quoted(name)})") if r[2] and r[3] == "u"]
    uniques = [tuple(str(i[2]) for i in connection.exec_driver_sql(f"PRAGMA index_info({quoted(u)})")) for u in unique]
    return TableFacts(quoted(name), columns, key, tuple(uniques), (), is_table, tuple(triggers))


def _references(connection: sa.Connection, name: str, tables: dict[str, TableFacts]) -> list[Reference]:
    grouped: dict[int, list] = {}
    for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({quoted(name)})"):
        grouped.setdefault(row[0], []).append(row)
    found = []
    for rows in grouped.values():
        parent = next((t for t in tables if t.lower() == rows[0][2].lower()), rows[0][2])
        target = tuple(r[4] for r in rows) if rows[0][4] else tables[parent].key if parent in tables else ()
        found.append(Reference(name, tuple(r[3] for r in rows), parent, target, rows[0][6].lower()))
    return found
