"""What PostgreSQL's own catalogue says of the platform's schema and of ours."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from seed_pipeline.schema import OWN_SCHEMA
from seed_pipeline.store.catalogue import Catalogue, ColumnFacts, Reference, TableFacts

_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}


def read(connection: sa.Connection) -> Catalogue:
    """The tables of both schemas by name, those elsewhere that refer to them by schema and name; the enumerations."""
    constraints = connection.exec_driver_sql(_CONSTRAINTS).mappings().all()
    columns: dict[str, dict[str, ColumnFacts]] = {}
    listed: dict[str, Any] = {}
    for row in connection.exec_driver_sql(_COLUMNS).mappings():
        listed[row["label"]] = row
        default = "identity" if row["identity"] else row["default_value"]
        facts = ColumnFacts(row["type"], not row["notnull"], default, tuple(row["labels"]), row["generated"])
        columns.setdefault(row["label"], {})[row["column_name"]] = facts
    tables = {label: _facts(row, columns[label], constraints) for label, row in listed.items()}
    references = tuple(_reference(row) for row in constraints if row["contype"] == "f")
    return Catalogue(tables, references, enums(connection))


def enums(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """The enumerations of both schemas."""
    return {row[0]: tuple(row[1]) for row in connection.exec_driver_sql(_ENUMS)}


_HERE = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
_OWN = f"(SELECT oid FROM pg_namespace WHERE nspname = '{OWN_SCHEMA}')"
_BOTH = f"{{0}}.relnamespace IN ({_HERE}, {_OWN})"
_LABEL = f"CASE WHEN {_BOTH} THEN '' ELSE {{0}}.relnamespace::regnamespace::text || '.' END || {{0}}.relname"
_NAMES = """ARRAY(SELECT a.attname::text FROM unnest({0}) WITH ORDINALITY u(n, at)
    JOIN pg_attribute a ON a.attrelid = {1} AND a.attnum = u.n ORDER BY u.at)"""
_REFERRING = f"""SELECT f.conrelid FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
    WHERE f.contype = 'f' AND {_BOTH.format("p")}"""
_COLUMNS = f"""
SELECT {_LABEL.format("c")} AS label, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS sql_name,
       c.relkind::text AS relkind, a.attname::text AS column_name, a.attidentity <> '' AS identity,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
            ELSE format_type(a.atttypid, a.atttypmod) END AS type,
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels,
       a.attgenerated <> '' OR a.attidentity = 'a' AS generated, a.attnotnull AS notnull,
       pg_get_expr(d.adbin, d.adrelid) AS default_value,
       ARRAY(SELECT tgname::text FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) || ARRAY(
           SELECT rulename::text FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type <> '1') AS triggers
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND ({_BOTH.format("c")} OR c.oid IN ({_REFERRING}))
ORDER BY 1, c.relnamespace = {_OWN}, a.attnum"""
_CONSTRAINTS = f"""
SELECT {_LABEL.format("c")} AS child, k.contype::text AS contype, {_NAMES.format("k.conkey", "k.conrelid")} AS columns,
       {_LABEL.format("p")} AS parent, {_NAMES.format("k.confkey", "k.confrelid")} AS parent_columns,
       k.confdeltype::text AS action, pg_get_expr(k.conbin, k.conrelid) AS definition
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class p ON p.oid = k.confrelid
WHERE k.contype IN ('p', 'u', 'f', 'c') AND k.conparentid = 0 AND ({_BOTH.format("c")} OR {_BOTH.format("p")})
ORDER BY 1, k.conname"""
# A row that moves to another partition comes and goes; of a partitioned table the difference alone says something.
BOOKS = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       CASE WHEN c.relkind = 'p' THEN greatest(sum(n_tup_ins) - sum(n_tup_del), 0) ELSE sum(n_tup_ins) END,
       CASE WHEN c.relkind = 'p' THEN greatest(sum(n_tup_del) - sum(n_tup_ins), 0) ELSE sum(n_tup_del) END
FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = COALESCE(pg_partition_root(s.relid), s.relid)
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT starts_with(s.schemaname, 'pg_temp') GROUP BY 1, c.relkind"""
_ENUMS = f"""
SELECT t.typname::text, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_type t
JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace IN ({_HERE}, {_OWN}) GROUP BY 1 ORDER BY 1"""


def _facts(row: Any, columns: dict[str, ColumnFacts], constraints: Sequence[Any]) -> TableFacts:
    own = [c for c in constraints if c["child"] == row["label"]]
    key = next((tuple(c["columns"]) for c in own if c["contype"] == "p"), ())
    uniques = tuple(tuple(c["columns"]) for c in own if c["contype"] == "u")
    checks = tuple(c["definition"] for c in own if c["contype"] == "c")
    is_table, triggers = row["relkind"] in "rp", tuple(row["triggers"])
    return TableFacts(row["sql_name"], columns, key, uniques, checks, is_table, triggers)


def _reference(row: Any) -> Reference:
    action = _ACTIONS[row["action"]]
    return Reference(row["child"], tuple(row["columns"]), row["parent"], tuple(row["parent_columns"]), action)
