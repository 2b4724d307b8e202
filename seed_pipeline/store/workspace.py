"""A staged release beside its target, inside one transaction: names, conditions and temporary tables."""

from collections.abc import Iterable, Sequence

import pandas as pd
import sqlalchemy as sa

from seed_pipeline import schema
from seed_pipeline.store import ownership
from seed_pipeline.store.catalogue import Catalogue
from seed_pipeline.store.dialects import Dialect
from seed_pipeline.store.frames import Tables, to_arrow
from seed_pipeline.store.plan import Options


class Workspace:
    """The target's tables in the order of their references, each with what is staged for it.

    Temporary tables, one per platform table where there is something to say: `stage` the release's rows; the rest hold
    keys: `gone` ours to be deleted, `changed` ours to be updated, `taken` foreign rows where the release has one,
    `kept` ours that stay although the release does not have them.
    """

    def __init__(self, connection: sa.Connection, dialect: Dialect, catalogue: Catalogue, options: Options) -> None:
        self.connection, self.dialect, self.catalogue, self.options = connection, dialect, catalogue, options
        self.tables = [t for t in schema.metadata.sorted_tables if t.name in catalogue.tables]
        self.staged: dict[str, int] = {}
        self.made: list[tuple[str, str]] = []

    def run(self, sql: str) -> int:
        """Execute; the number of rows written."""
        return self.connection.exec_driver_sql(sql).rowcount

    def scalar(self, sql: str) -> int:
        """The first value of the first row."""
        return self.connection.exec_driver_sql(sql).scalar_one()

    def stage(self, chunks: Iterable[Tables]) -> None:
        """Stream the release into temporary tables; tables that are not released are skipped."""
        for tables in chunks:
            for name, frame in tables.items():
                if name in schema.FILLED and name in self.catalogue.tables and self._wanted(name):
                    self._append(schema.metadata.tables[name], frame)

    def _wanted(self, name: str) -> bool:
        return self.options.answer_key or name not in schema.ANSWER_KEY

    def _append(self, table: sa.Table, frame: pd.DataFrame) -> None:
        name = self.name("stage", table.name)
        if table.name not in self.staged:
            self.run(self.dialect.stage(table, name, self.sql_name(table.name)))
        self.staged[table.name] = self.staged.get(table.name, 0) + len(frame)
        self.dialect.fill(self.connection, name, to_arrow(table.name, frame[[c.name for c in table.columns]]))

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
        return '"' + f"seed_{what}_{label}".replace('"', "") + '"'

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
        """Drop every temporary table but the stage."""
        for what, label in [m for m in self.made if m[0] != "index"]:
            self.drop(what, label)

    def close(self) -> None:
        """Drop every temporary table, where they do not end with the transaction."""
        if self.dialect.on_commit:
            return
        self.forget()
        for label in self.staged:
            self.run(f"DROP TABLE {self.name('stage', label)}")

    def same(self, left: str, right: str, keys: Sequence[str]) -> str:
        """SQL: both aliases' rows have the same key."""
        return " AND ".join(f'{left}."{k}" = {right}."{k}"' for k in keys)

    def held(self, temporary: str, alias: str, label: str) -> str:
        """SQL: the alias's row of the table is the one whose key a temporary table's row holds."""
        return " AND ".join(f'{temporary}."{_stored(k)}" = {alias}."{k}"' for k in self.keys(label))

    def picked(self, alias: str, label: str) -> str:
        """SQL: the key of the alias's row, to be put into a temporary table."""
        return ", ".join(f'{alias}."{k}" AS "{_stored(k)}"' for k in self.keys(label))

    def columns(self, alias: str, names: Sequence[str]) -> str:
        """SQL: a list of columns."""
        return ", ".join(f'{alias}."{n}"' for n in names)

    def within(self, what: str, alias: str, label: str) -> str:
        """SQL: the alias's row is in the temporary table of `what`."""
        if (what != "stage" and not self.has(what, label)) or (what == "stage" and not self.staged.get(label)):
            return "FALSE"
        return f"EXISTS (SELECT 1 FROM {self.name(what, label)} x WHERE {self.held('x', alias, label)})"

    def among(self, what: str, label: str) -> str:
        """SQL: the row of an unaliased table is in the temporary table of `what`; looks up by the table's key."""
        keys = ", ".join(f'"{k}"' for k in self.keys(label))
        held = ", ".join(f'"{_stored(k)}"' for k in self.keys(label))
        return f"({keys}) IN (SELECT {held} FROM {self.name(what, label)})"

    def owned(self, alias: str, label: str) -> str:
        """SQL: the alias's row is ours."""
        return ownership.owned(self.dialect, alias, label)


def _stored(key: str) -> str:
    """The name under which a temporary table holds a key's column: the databases' own names for places are taken."""
    return {"ctid": "row_place", "rowid": "row_place"}.get(key, key)
