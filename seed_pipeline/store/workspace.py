"""A staged release beside its target, inside one transaction: names, conditions and temporary tables."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.core.columns import arrow_type
from seed_pipeline.store import ownership
from seed_pipeline.store.catalogue import Catalogue, quoted
from seed_pipeline.store.dialects import Dialect
from seed_pipeline.store.plan import Options
from seed_pipeline.store.stream import Stream


class Settled(NamedTuple):
    """A table that holds the release already: its rows of the release, and all of its rows."""

    staged: int
    total: int


class Workspace:
    """The target's tables in the order of their references, each with what is staged for it.

    Temporary tables, one per platform table where there is something to say: `stage` the release's rows; `owned` our
    keys as the manifest has them; the rest hold keys: `gone` ours to be deleted, `changed` ours to be updated, `taken`
    foreign rows where the release has one, `kept` ours that stay although the release does not have them.
    `missing` are tables that the target does not have, or not yet.
    """

    def __init__(
        self,
        connection: sa.Connection,
        dialect: Dialect,
        catalogue: Catalogue,
        options: Options,
        missing: Iterable[sa.Table] = (),
    ) -> None:
        self.connection, self.dialect, self.catalogue, self.options = connection, dialect, catalogue, options
        there = {*catalogue.tables, *(table.name for table in missing)}
        self.tables = [t for t in schema.metadata.sorted_tables if t.name in there]
        self.settled: dict[str, Settled] = {}
        self.staged: dict[str, int] = {}
        self.released: dict[str, list[pa.Table]] = {}
        self.renamed = False
        self.made: list[tuple[str, str]] = []
        self._known: dict[str, pa.Table] = {}

    def run(self, sql: str) -> int:
        """Execute; the number of rows written."""
        return self.connection.exec_driver_sql(sql, execution_options=AS_IT_IS).rowcount

    def scalar(self, sql: str) -> int:
        """The first value of the first row."""
        return self.connection.exec_driver_sql(sql, execution_options=AS_IT_IS).scalar_one()

    def stage(self, stream: Stream, *, planning: bool = False) -> None:
        """Stream the release into temporary tables, but for tables that are settled or not released.

        For a plan it is enough to count the rows of tables that are not there.
        """
        for tables in stream.open(self.settled):
            for name, data in tables.items():
                if self.wants(name):
                    self.staged[name] = self.staged.get(name, 0) + data.num_rows
                    if not planning:
                        self.note(name, data)
                    if not planning or name in self.catalogue.tables:
                        self._append(schema.metadata.tables[name], data)

    def wants(self, name: str) -> bool:
        """Whether the release has the table."""
        is_released = self.options.answer_key or name not in schema.ANSWER_KEY
        return is_released and any(table.name == name for table in self.tables)

    def note(self, name: str, data: pa.Table) -> None:
        """Remember keys and digests of rows that are released."""
        if not ownership.is_ours(name):
            self.released.setdefault(name, []).append(ownership.of_data(schema.metadata.tables[name], data))

    def _append(self, table: sa.Table, data: pa.Table) -> None:
        name = self.name("stage", table.name)
        if ("stage", table.name) not in self.made:
            there = self.catalogue.tables.get(table.name)
            self.run(self.dialect.stage(table, name, there.name if there else ""))
            self.made.append(("stage", table.name))
        self.dialect.fill(self.connection, name, data)

    def known(self, label: str) -> pa.Table:
        """What the manifest says of our rows of a table (see `ownership.known`)."""
        if label not in self._known:
            self._known[label] = ownership.known(self.connection, self.catalogue, label)
        return self._known[label]

    def sql_name(self, label: str) -> str:
        """The target's table, as SQL writes it."""
        return self.catalogue.tables[label].name

    def keys(self, label: str) -> list[str]:
        """Names of the columns that identify a row: the key, or the row's place where a foreign table has none."""
        if label in schema.metadata.tables:
            return [c.name for c in schema.metadata.tables[label].primary_key]
        return list(self.catalogue.tables[label].key) or [self.dialect.row_id]

    def name(self, what: str, label: str) -> str:
        """The temporary table that holds `what` of a table."""
        return quoted(f"seed_{what}_{label}".replace('"', ""))

    def has(self, what: str, label: str) -> bool:
        """Whether that temporary table is there; it never is without rows."""
        return (what, label) in self.made

    def count(self, what: str, label: str) -> int:
        """Rows of that temporary table."""
        return self.scalar(f"SELECT count(*) FROM {self.name(what, label)}") if self.has(what, label) else 0

    def index(self, table: str) -> None:
        """Make the table's stage fit for look-ups; a key that comes twice is an IntegrityError."""
        if ("index", table) not in self.made:
            self.dialect.index(self.connection, self.name("stage", table), self.keys(table), self.staged[table])
            self.made.append(("index", table))

    def keep(self, what: str, label: str, select: str) -> int:
        """Put the keys a query finds into the temporary table of `what`; how many were added."""
        name = self.name(what, label)
        if self.has(what, label):
            return self.run(f"INSERT INTO {name} {select}")
        rows = self.run(f"CREATE TEMP TABLE {name} {self.dialect.on_commit} AS {select}")
        rows = self.scalar(f"SELECT count(*) FROM {name}") if rows < 0 else rows
        if not rows:
            self.run(f"DROP TABLE {name}")
            return 0
        self.made.append((what, label))
        self.dialect.prepare(self.connection, name, [_stored(k) for k in self.keys(label)], rows)
        return rows

    def drop(self, what: str, label: str) -> None:
        """Drop the temporary table of `what`."""
        self.run(f"DROP TABLE {self.name(what, label)}")
        self.made.remove((what, label))

    def labels(self, what: str) -> list[str]:
        """Tables that have a temporary table of `what`, in the order in which these were made."""
        return [label for made, label in self.made if made == what]

    def forget(self) -> None:
        """Drop every temporary table but the stage and what is owned."""
        for what, label in [m for m in self.made if m[0] not in ("index", "owned", "stage")]:
            self.drop(what, label)

    def look_again(self) -> None:
        """Forget what the target was found to hold."""
        self.forget()
        for label in self.labels("owned"):
            self.drop("owned", label)
        self._known.clear()

    def close(self) -> None:
        """Drop every temporary table, where they do not end with the transaction."""
        if self.dialect.on_commit:
            return
        for what, label in [m for m in self.made if m[0] != "index"]:
            self.drop(what, label)

    def same(self, left: str, right: str, keys: Sequence[str]) -> str:
        """SQL: both aliases' rows have the same key."""
        return " AND ".join(f"{left}.{quoted(k)} = {right}.{quoted(k)}" for k in keys)

    def held(self, temporary: str, alias: str, label: str) -> str:
        """SQL: the alias's row of the table is the one whose key a temporary table's row holds."""
        return " AND ".join(f"{temporary}.{quoted(_stored(k))} = {alias}.{quoted(k)}" for k in self.keys(label))

    def picked(self, alias: str, label: str) -> str:
        """SQL: the key of the alias's row, to be put into a temporary table."""
        return ", ".join(f"{alias}.{quoted(k)} AS {quoted(_stored(k))}" for k in self.keys(label))

    def columns(self, alias: str, names: Sequence[str]) -> str:
        """SQL: a list of columns."""
        return ", ".join(f"{alias}.{quoted(n)}" for n in names)

    def within(self, what: str, alias: str, label: str) -> str:
        """SQL: the alias's row is in the temporary table of `what`."""
        if not self.has(what, label):
            return "FALSE"
        return f"EXISTS (SELECT 1 FROM {self.name(what, label)} x WHERE {self.held('x', alias, label)})"

    def among(self, what: str, label: str) -> str:
        """SQL: the row of an unaliased table is in the temporary table of `what`; looks up by the table's key."""
        keys = ", ".join(quoted(k) for k in self.keys(label))
        held = ", ".join(quoted(_stored(k)) for k in self.keys(label))
        return f"({keys}) IN (SELECT {held} FROM {self.name(what, label)})"

    def owned(self, alias: str, label: str) -> str:
        """SQL: the alias's row is ours."""
        if label not in schema.FILLED or not (ownership.is_ours(label) or self.known(label).num_rows):
            return "FALSE"
        key = ownership.row_key(self.dialect, alias, schema.metadata.tables[label])
        is_whole = ownership.is_ours(label)
        return "TRUE" if is_whole else f"EXISTS (SELECT 1 FROM {self._owned(label)} o WHERE o.row_key = {key})"

    def joined(self, alias: str, label: str) -> str:
        """SQL: a left join to the manifest's row `r` of the alias's row."""
        key = ownership.row_key(self.dialect, alias, schema.metadata.tables[label])
        return f"LEFT JOIN {self._owned(label)} r ON r.row_key = {key}"

    def _owned(self, label: str) -> str:
        """The temporary table of our keys, made when it is asked for."""
        name, known = self.name("owned", label), self.known(label)
        if ("owned", label) not in self.made:
            self.keys_into(name, known["row_key"])
            self.made.append(("owned", label))
        return name

    def row_keys(self, table: sa.Table, source: str) -> pa.Array:
        """The manifest's keys of all rows of a table, the target's or a temporary one."""
        sql = f"SELECT {ownership.row_key(self.dialect, 't', table)} FROM {source} t"
        return pa.array(self.connection.exec_driver_sql(sql).scalars().all(), pa.string())

    def staged_rows(self, table: sa.Table) -> pa.Table:
        """The stage as it is now."""
        return self._fetch(table, f"{self.name('stage', table.name)} t")

    def _fetch(self, table: sa.Table, source: str) -> pa.Table:
        columns = ", ".join(self.dialect.select(c, "t") for c in table.columns)
        found = self.dialect.stream(self.connection, f"SELECT {columns} FROM {source}", list(table.columns))
        return pa.Table.from_batches(found, pa.schema([(c.name, arrow_type(c)) for c in table.columns]))

    def keys_into(self, name: str, row_keys: pa.ChunkedArray) -> None:
        """Make a temporary table of the manifest's keys."""
        self.run(f"CREATE TEMP TABLE {name} (row_key text) {self.dialect.on_commit}")
        self.dialect.fill(self.connection, name, pa.table({"row_key": row_keys}))
        self.dialect.index(self.connection, name, ["row_key"], len(row_keys))

    def edited(self, table: sa.Table, select: str) -> pa.ChunkedArray:
        """Of the target's rows `t` that a query's end chooses, the keys of those that are not as we wrote them."""
        now = ownership.of_data(table, self._fetch(table, f"{self.sql_name(table.name)} t {select}"))
        known = self.known(table.name)
        written = known["digest"].take(pc.index_in(now["row_key"], known["row_key"]))
        return now["row_key"].filter(pc.fill_null(pc.not_equal(written, now["digest"]), False))


AS_IT_IS = {"no_parameters": True}  # a percent sign in somebody's column is no placeholder


def _stored(key: str) -> str:
    """The column in which a temporary table holds a key's: the databases' own names for places are taken."""
    return {"ctid": "row_place", "rowid": "row_place"}.get(key, key)
