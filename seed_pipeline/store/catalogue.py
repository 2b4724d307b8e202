"""What a database holds: its tables, columns, keys and references, told in the words of PostgreSQL's catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


def quoted(name: str) -> str:
    """The identifier as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class ColumnFacts:
    """One column: its type as PostgreSQL or SQLite writes it, whether it may be null, its default.

    PostgreSQL: of a domain the type below it; `labels` of an enumeration; an identity's default is "identity";
    `generated`: the database alone writes it.
    """

    type: str
    nullable: bool
    default: str | None = None
    labels: tuple[str, ...] = ()
    generated: bool = False


@dataclass(frozen=True)
class Reference:
    """A foreign key: rows of `child` name rows of `parent`.

    action (when the parent is deleted): cascade, set null, set default, restrict, no action.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    action: str


@dataclass(frozen=True)
class TableFacts:
    """One table. `name` is how SQL in the current schema has to write it, quoted where needed.

    triggers: the names of triggers and rules that act when rows are written.
    """

    name: str
    columns: Mapping[str, ColumnFacts]
    key: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    checks: tuple[str, ...] = ()
    is_table: bool = True
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """The tables of the target's schema, every reference to them, and the enumerations (PostgreSQL)."""

    tables: Mapping[str, TableFacts]
    references: tuple[Reference, ...]
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to(self, parents: Iterable[str]) -> list[Reference]:
        """References to one of the tables."""
        wanted = set(parents)
        return [r for r in self.references if r.parent in wanted]
