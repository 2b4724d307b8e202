"""What a release would do to a target, and what it did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

OnForeign = Literal["refuse", "keep", "cascade"]
OnEdited = Literal["overwrite", "keep", "refuse"]
ON_EDITED: tuple[OnEdited, ...] = ("overwrite", "keep", "refuse")
ON_FOREIGN: tuple[OnForeign, ...] = ("refuse", "keep", "cascade")


@dataclass(frozen=True)
class Options:
    """How a release treats its target.

    answer_key: load the `truth_*` tables; if not, earlier releases' rows in them are removed.
    on_foreign: where the release and rows that are not ours collide (one of our rows that has to go is referred to by
        a foreign row; a foreign row has a key or unique value of ours): `refuse` stops before anything is written;
        `keep` lets the foreign row be and keeps what it needs; `cascade` lets the release win.
    on_edited: rows of ours that somebody changed since we wrote them, and that this release would change or remove:
        `overwrite` does so, `keep` leaves them as they are, with what they need, `refuse` stops before any write.
    clear_existing_data: rows of earlier releases that are not in this one are removed; foreign rows never are.
    empty_foreign_data: also remove every foreign row of the platform's tables.
    wait_seconds: how long to wait for another writer.
    """

    answer_key: bool = True
    on_foreign: OnForeign = "refuse"
    on_edited: OnEdited = "overwrite"
    clear_existing_data: bool = True
    empty_foreign_data: bool = False
    wait_seconds: float = 60.0


@dataclass(frozen=True)
class Release:
    """What the manifest records of a release, apart from its rows. Nothing here may hold a secret."""

    seed: int
    settings_fingerprint: str
    version: str
    as_of: date | None = None
    data_fingerprint: str = ""
    settings: str = ""


@dataclass(frozen=True)
class TablePlan:
    """Rows of one table: what happens to ours, and how many are not ours.

    edited: of ours, changed by somebody since the last release; what becomes of them is an `Effect`;
    kept: of ours, not in the release, but foreign rows need them (or clear_existing_data is off);
    taken: foreign rows that stand where the release has a row; they stay (`unchanged` does not count them).
    """

    table: str
    insert: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    foreign: int = 0
    edited: int = 0
    kept: int = 0
    taken: int = 0


@dataclass(frozen=True)
class Effect:
    """What the release means for rows that are not ours, or (`ours`) that somebody edited since we wrote them.

    what: "deleted", "emptied" (the reference is set to null), "overwritten" and "adopted" (they become ours, with our
    values or with the same), "kept" (our rows stay because of them), "returned" (ours, deleted there), "refused";
    because: the reference in words, for example "sessions.tutor_id → users".
    """

    table: str
    rows: int
    what: Literal["deleted", "emptied", "overwritten", "adopted", "kept", "returned", "refused"]
    because: str
    ours: bool = False

    @property
    def line(self) -> str:
        """In words."""
        said = {
            "deleted": "go",
            "emptied": "lose their reference",
            "overwritten": "are overwritten and become ours",
            "adopted": "become ours",
            "kept": "stay, with what they need of ours",
            "returned": "come back",
            "refused": "stand in the way",
        }[self.what]
        if self.ours:
            said = {"overwritten": "are overwritten", "kept": "stay as they are"}.get(self.what, said)
        whose = f"ours that somebody {'deleted' if self.what == 'returned' else 'edited'}" if self.ours else "others"
        return f"{self.table}: {self.rows:,} row(s) of {whose} {said} ({self.because})"


@dataclass(frozen=True)
class Plan:
    """A release against a target: per table, and beyond our own rows.

    accepted: columns whose types differ and do; doubts: what a plan cannot try, and a release may be refused for.
    """

    target: str
    tables: tuple[TablePlan, ...]
    effects: tuple[Effect, ...] = ()
    created: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    applied: bool = False
    release: int | None = None

    def total(self, what: str) -> int:
        """Rows over all tables; `what` is a field of TablePlan."""
        return sum(getattr(table, what) for table in self.tables)

    def totals(self) -> dict[str, int]:
        """Rows by what is (or would be) done with them."""
        return {what: self.total(what) for what in ("insert", "update", "delete", "unchanged")}

    @property
    def refused(self) -> bool:
        """Whether rows of others stand in the way."""
        return any(effect.what == "refused" for effect in self.effects)

    @property
    def changes(self) -> int:
        """Rows that are (or would be) written."""
        return self.total("insert") + self.total("update") + self.total("delete")

    def records(self) -> list[dict[str, Any]]:
        """One record per table, for tables in reports and in Dagster's metadata."""
        return [dict(vars(table)) for table in self.tables]

    def as_dict(self) -> Mapping[str, Any]:
        """Everything, ready for JSON."""
        effects = [dict(vars(effect)) for effect in self.effects]
        return {
            **vars(self),
            "tables": self.records(),
            "effects": effects,
            "created": list(self.created),
            "accepted": list(self.accepted),
            "doubts": list(self.doubts),
        }
