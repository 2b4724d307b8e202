"""Which rows are ours: three manifest tables, on PostgreSQL in a schema of our own, on SQLite beside the platform's.

`seed_pipeline_releases` has one row per release that changed something, `seed_pipeline_settings` their settings as
JSON. `seed_pipeline_rows` has the key of every row we own in the platform's tables (its columns joined by `/`); `kept`
marks rows of earlier releases that stay although the newest does not have them, `digest` is over the values that we
wrote, and tells rows that somebody edited since. The answer key's tables are ours as a whole and have no rows there.
"""

import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store.dialects import Dialect

ROWS, RELEASES = "seed_pipeline_rows", "seed_pipeline_releases"

metadata = sa.MetaData()
rows = sa.Table(
    ROWS,
    metadata,
    sa.Column("table_name", sa.String(63), primary_key=True),
    sa.Column("row_key", sa.Text(), primary_key=True),
    sa.Column("kept", sa.Boolean(), nullable=False),
    sa.Column("digest", sa.BigInteger()),
    info={"by_key": True},
)
releases = sa.Table(
    RELEASES,
    metadata,
    sa.Column("release", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("released_at", sa.DateTime(), nullable=False, server_default=schema.NOW),
    sa.Column("seed", sa.Text(), nullable=False),  # any integer is a seed, and no integer type holds them all
    sa.Column("as_of", sa.Date()),
    sa.Column("settings_fingerprint", sa.Text(), nullable=False),
    sa.Column("data_fingerprint", sa.Text(), nullable=False),
    sa.Column("version", sa.Text(), nullable=False),
    sa.Column("answer_key", sa.Boolean(), nullable=False),
    sa.Column("created", sa.Text(), nullable=False),
)
settings = sa.Table(
    "seed_pipeline_settings",
    metadata,
    sa.Column("settings_fingerprint", sa.Text(), primary_key=True),
    sa.Column("content", sa.Text(), nullable=False),
)
TABLES = (releases, rows, settings)


def is_ours(table: str) -> bool:
    """Every row of the answer key's tables is ours, whoever wrote it."""
    return table in schema.ANSWER_KEY


def row_key(dialect: Dialect, alias: str, table: sa.Table) -> str:
    """SQL: the row's key as the manifest keeps it."""
    return " || '/' || ".join(dialect.text(f'{alias}."{c.name}"', c) for c in table.primary_key)


def digest(dialect: Dialect, alias: str, table: sa.Table) -> str:
    """SQL: 64 bits over the values of the alias's row, the same for a staged row and the one written from it."""
    return dialect.digest([(f'{alias}."{c.name}"', c) for c in table.columns if not c.primary_key])


def joined(dialect: Dialect, alias: str, table: sa.Table) -> str:
    """SQL: a left join to the manifest's row `r` of the alias's row."""
    return f"LEFT JOIN {ROWS} r ON r.table_name = '{table.name}' AND r.row_key = {row_key(dialect, alias, table)}"


def of_the_release(dialect: Dialect, alias: str, table: sa.Table) -> str:
    """SQL after FROM: only the rows of the newest release; of the answer key, those that speak of such rows alone."""
    if not is_ours(table.name):
        key = row_key(dialect, alias, table)
        return f"JOIN {ROWS} r ON r.table_name = '{table.name}' AND NOT r.kept AND r.row_key = {key}"
    kept = [_refers_to_kept(dialect, alias, column, key) for column, key in schema.links(table)]
    if "row_key" in table.columns:  # truth_defects names rows of any table, as the manifest does
        same = f"r.table_name = {alias}.table_name AND r.row_key = {alias}.row_key"
        kept.append(f"EXISTS (SELECT 1 FROM {ROWS} r WHERE r.kept AND {same})")
    return "WHERE " + " AND ".join(f"NOT {condition}" for condition in kept)


def _refers_to_kept(dialect: Dialect, alias: str, column: sa.Column, key: sa.Column) -> str:
    kept = f"SELECT 1 FROM {ROWS} r WHERE r.table_name = '{key.table.name}' AND r.kept"
    value = dialect.text(f'{alias}."{column.name}"', column)
    return f"EXISTS ({kept} AND r.row_key = {value})"


def owned(dialect: Dialect, alias: str, table: str) -> str:
    """SQL: the alias's row is ours."""
    if table not in schema.FILLED:
        return "FALSE"
    if is_ours(table):
        return "TRUE"
    key = row_key(dialect, alias, schema.metadata.tables[table])
    return f"EXISTS (SELECT 1 FROM {ROWS} o WHERE o.table_name = '{table}' AND o.row_key = {key})"
