"""Which rows are ours: manifest tables, on PostgreSQL in a schema of our own, on SQLite beside the platform's.

`seed_pipeline_releases` has one row per release that changed something, `seed_pipeline_settings` their settings as
JSON. `seed_pipeline_keys` has the key of every row we own in the platform's tables (its columns joined by `/`), packed:
`kept` marks rows of earlier releases that stay although the newest does not have them, `digest` is over the values that
we wrote, and tells rows that somebody edited since. `seed_pipeline_contents` says what each table comes to, where it
holds the release and nothing else of ours, and by which seal its rows can be known again. The answer key's tables are
ours as a whole and have no keys there.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.core.arrays import number_array
from seed_pipeline.core.columns import arrow_type
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import Dialect
from seed_pipeline.store.digests import of_rows

RELEASES, KEYS, CONTENTS = "seed_pipeline_releases", "seed_pipeline_keys", "seed_pipeline_contents"
ROWS = "seed_pipeline_rows"
"""The last version's manifest of rows, one row each; taken over by the next release."""

metadata = sa.MetaData()
keys = sa.Table(
    KEYS,
    metadata,
    sa.Column("table_name", sa.String(63), primary_key=True),
    sa.Column("part", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("packed", sa.LargeBinary(), nullable=False),
)
contents = sa.Table(
    CONTENTS,
    metadata,
    sa.Column("table_name", sa.String(63), primary_key=True),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("seal", sa.Text(), nullable=False),
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
TABLES = (releases, keys, contents, settings)
OWN = {*schema.ANSWER_KEY, *(table.name for table in TABLES), ROWS}
"""The tables that are ours as a whole."""

KNOWN = pa.schema([("row_key", pa.string()), ("kept", pa.bool_()), ("digest", pa.int32())])
NOTHING = pa.Table.from_batches([], KNOWN)
_PART = 200_000
_FAST = pa.ipc.IpcWriteOptions(compression="zstd")


def is_ours(table: str) -> bool:
    """Every row of the answer key's tables is ours, whoever wrote it."""
    return table in schema.ANSWER_KEY


def of_data(table: sa.Table, data: pa.Table) -> pa.Table:
    """Keys and digests of rows, as the manifest has them."""
    names = [c.name for c in table.columns if not c.primary_key]
    digests = of_rows(data.select(names)) if names else number_array(np.zeros(data.num_rows, np.int32))
    return pa.Table.from_arrays(
        [row_keys(table, data), number_array(np.zeros(data.num_rows, bool)), digests], schema=KNOWN
    )


def row_keys(table: sa.Table, data: pa.Table) -> pa.ChunkedArray:
    """The rows' keys, as the manifest has them."""
    columns = [data[c.name].cast(arrow_type(c)).cast(pa.string()) for c in table.primary_key]
    if len(columns) == 1:
        return columns[0]
    places, rows = np.arange(data.num_rows + 1, dtype=np.int32), data.num_rows
    # A single text would load pandas.
    between = pa.StringArray.from_buffers(rows, pa.py_buffer(places), pa.py_buffer(b"/" * rows))
    return pc.binary_join_element_wise(*columns, between)


def known(connection: sa.Connection, catalogue: Catalogue, label: str) -> pa.Table:
    """Columns row_key, kept and digest of our rows of a table; no digest where an earlier version kept none."""
    tables = [NOTHING]
    if KEYS in catalogue.tables:
        chosen = sa.select(keys.c.packed).where(keys.c.table_name == label).order_by(keys.c.part)
        tables += [pa.ipc.open_stream(packed).read_all() for packed in connection.execute(chosen).scalars()]
    if ROWS in catalogue.tables:
        sql = f"SELECT row_key, kept FROM {catalogue.tables[ROWS].name} WHERE table_name = '{label}'"
        rows = connection.exec_driver_sql(sql).all()
        named = [[row[0] for row in rows], [bool(row[1]) for row in rows], [None] * len(rows)]
        tables.append(pa.table(named, schema=KNOWN))
    return pa.concat_tables(tables)


def remember(connection: sa.Connection, label: str, rows: pa.Table) -> None:
    """Put the keys of a table in place of those that were known."""
    connection.execute(keys.delete().where(keys.c.table_name == label))
    for part, first in enumerate(range(0, rows.num_rows, _PART)):
        packed = pa.BufferOutputStream()
        with pa.ipc.new_stream(packed, KNOWN, options=_FAST) as writer:
            writer.write_table(rows.slice(first, _PART).combine_chunks())
        values = {"table_name": label, "part": part, "packed": packed.getvalue().to_pybytes()}
        connection.execute(keys.insert().values(values))


def row_key(dialect: Dialect, alias: str, table: sa.Table) -> str:
    """SQL: the row's key as the manifest keeps it."""
    return " || '/' || ".join(dialect.text(f'{alias}."{c.name}"', c) for c in table.primary_key)


class Ours:
    """Which rows of a target are the newest release's, for whoever has read them."""

    def __init__(self, connection: sa.Connection, catalogue: Catalogue) -> None:
        self.connection, self.catalogue = connection, catalogue
        self.is_known = not {RELEASES, KEYS, ROWS}.isdisjoint(catalogue.tables)
        self._known: dict[tuple[str, bool], pa.ChunkedArray] = {}

    def of_the_release(self, table: sa.Table, data: pa.Table) -> pa.Table:
        """The rows of the newest release; of the answer key, those that speak of such rows alone."""
        if not self.is_known or not data.num_rows:
            return data
        if not is_ours(table.name):
            return data.filter(pc.is_in(row_keys(table, data), self._keys(table.name, kept=False)))
        for column, key in schema.links(table):
            gone = pc.is_in(data[column.name].cast(pa.string()), self._keys(key.table.name, kept=True))
            data = data.filter(pc.invert(gone))
        if "row_key" in table.columns:  # truth_defects names rows of any table, as the manifest does
            for name in pc.unique(data["table_name"]).to_pylist():
                kept = pc.and_(
                    pc.equal(data["table_name"], name), pc.is_in(data["row_key"], self._keys(name, kept=True))
                )
                data = data.filter(pc.invert(kept))
        return data

    def _keys(self, label: str, kept: bool) -> pa.ChunkedArray:
        if (label, kept) not in self._known:
            mine = known(self.connection, self.catalogue, label)
            self._known[label, kept] = mine.filter(pc.equal(mine["kept"], kept))["row_key"]
        return self._known[label, kept]
