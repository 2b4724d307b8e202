"""Compares two datasets: what X, D5, R11 and X5 say of two runs. Each function returns what should not be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Date, DateTime

from seed_pipeline.quality.scope import of_frames
from seed_pipeline.schema import columns_made_by, metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import RULE_METRICS

Tables = Mapping[str, pd.DataFrame]

FOLLOWS = (
    *RULE_METRICS, "follow_up_booked", "ai_summary", "feedback_text", "positive_moments_count",
    "concept_re_explanation_count", "confusion_moments_count", "distraction_events_count",
    "student_on_screen_attention_pct", "student_taking_notes_duration", "student_visual_engagement_score",
    "active_tab_focus_pct", "tab_switches_count",
)  # fmt: skip
"""Columns of a session's rows that may follow from what a rule did to it: outcomes and what shows them, no causes."""

_WHOLE_ROWS = (
    "session_feedback_tags", "session_transcript_highlights", "truth_effects", "truth_alerts", "truth_dashboard",
)  # fmt: skip
"""Tables of which any column may follow from a rule, because their rows are chosen anew."""


@dataclass(frozen=True)
class Difference:
    """Rows of a table that differ: `column` is empty where whole rows are there in one dataset only."""

    table: str
    column: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        what = self.column or "rows in one dataset only"
        return f"{self.table}: {what}, {len(self.keys)} rows, first {', '.join(self.keys[:3])}"


def joined(chunks: Iterable[Tables]) -> dict[str, pd.DataFrame]:
    """The whole tables of chunks."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for chunk in chunks:
        for name, frame in chunk.items():
            parts.setdefault(name, []).append(frame)
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def differences(a: Tables, b: Tables, tables: Iterable[str] | None = None) -> list[Difference]:
    """Every table and column in which two datasets differ, row by row of the same key."""
    names = [t for t in metadata.tables if (t in a or t in b) and (tables is None or t in set(tables))]
    return [found for name in names for found in _of_table(name, a.get(name), b.get(name))]


def _of_table(name: str, a: pd.DataFrame | None, b: pd.DataFrame | None) -> Iterable[Difference]:
    if a is None or b is None:
        yield Difference(name, "", ("the whole table",))
        return
    left, right = keyed(name, a), keyed(name, b)
    lonely = left.index.symmetric_difference(right.index)
    if len(lonely):
        yield Difference(name, "", tuple(lonely))
    both = left.index.intersection(right.index)
    left, right = left.loc[both], right.loc[both]
    for column in sorted({*left.columns, *right.columns}):
        if column not in left or column not in right:
            yield Difference(name, column, ("the whole column",))
            continue
        changed = ~_same(left[column], right[column])
        if changed.any():
            yield Difference(name, column, tuple(both[changed]))


def keyed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows by their primary key, the first of each."""
    keys = [c.name for c in metadata.tables[name].primary_key]
    index = frame[keys[0]].astype(str)
    for key in keys[1:]:
        index = index + "/" + frame[key].astype(str)
    return frame.set_axis(pd.Index(index.to_numpy(object)), axis=0).loc[lambda f: ~f.index.duplicated()]


def _same(a: pd.Series, b: pd.Series) -> np.ndarray:
    x, y = a.to_numpy(object, na_value=np.nan), b.to_numpy(object, na_value=np.nan)
    return np.asarray((x == y) | (pd.isna(x) & pd.isna(y)), dtype=bool)


def changed(a: Tables, b: Tables) -> list[str]:
    """X1: tables that are not the same to the last value, order of rows, columns and types included."""
    return [name for name in sorted({*a, *b}) if name not in a or name not in b or not a[name].equals(b[name])]


def moved(a: Tables, b: Tables) -> list[Difference]:
    """D5: under another as_of, whatever differs that is no time; the platform's alerts are about the clock (P3)."""
    times = {
        (t.name, c.name) for t in metadata.tables.values() for c in t.columns if isinstance(c.type, Date | DateTime)
    }
    return [d for d in differences(_untimed(a), _untimed(b)) if (d.table, d.column) not in times]


def _untimed(tables: Tables) -> Tables:
    alerts = tables.get("truth_alerts")
    return tables if alerts is None else {**tables, "truth_alerts": alerts[alerts["source"] != "platform"]}


def lost(smaller: Tables, larger: Tables) -> list[Difference]:
    """X5: rows of the smaller world that the larger lacks or has otherwise; the whole platform's figures aside (P8)."""
    keys = {name: set(keyed(name, frame).index) for name, frame in smaller.items() if name in metadata.tables}
    found = []
    for d in differences(smaller, larger):
        mine = tuple(k for k in d.keys if k in keys.get(d.table, set()) or k.startswith("the whole"))
        mine = tuple(k for k in mine if not k.startswith("platform/"))
        found += [Difference(d.table, d.column, mine)] if mine else []
    return found


def spread(a: Tables, b: Tables, allowed: Iterable[str]) -> list[Difference]:
    """X3: after a change to some entities' settings, differences in what entities outside `allowed` made."""
    mine = {(t, c) for entity in allowed for t in metadata.tables for c in _filled(entity, t)}
    return [d for d in differences(a, b) if (d.table, d.column) not in mine]


def _filled(entity: str, table: str) -> list[str]:
    if metadata.tables[table].info["asset"] == entity:
        return ["", *columns_made_by(entity, table)]
    keys = {c.name for c in metadata.tables[table].primary_key}
    return [c for c in columns_made_by(entity, table) if c not in keys]


def beyond_rule(on: Tables, off: Tables, rule: str, settings: Settings) -> list[Difference]:
    """R11: with one rule switched off, whatever differs outside the sessions that trigger it, or in them is no outcome.

    `settings` are those with the rule on. A student who has such a session may churn otherwise, and alerts may differ
    for everybody who took part; the platform's figures are about everybody (P8).
    """
    query = "SELECT id, student_id, tutor_id FROM session_fact JOIN triggered_rule ON session_id = id WHERE rule = "
    with of_frames([on], settings) as scope:
        touched = {id_ for row in scope.rows(f"{query}'{rule}'") for id_ in row.values()} | {"platform"}
    return [rest for d in differences(on, off) if (rest := _beyond(d, on, off, touched))]


def _beyond(d: Difference, on: Tables, off: Tables, touched: set[str]) -> Difference | None:
    """The part of a difference that no triggered session explains."""
    owners = _OWNERS.get(d.table, ("session_id",) if "session_id" in metadata.tables[d.table].columns else ())
    of_session = set(owners) & {"id", "session_id"} and d.table not in _WHOLE_ROWS
    if of_session and d.column and d.column not in FOLLOWS:
        return d
    explained: set[str] = set()
    for tables in (on, off):
        frame = keyed(d.table, tables[d.table])
        for owner in owners:
            explained |= set(frame.index[frame[owner].astype(str).isin(touched)])
    keys = tuple(k for k in d.keys if k not in explained)
    return Difference(d.table, d.column, keys) if keys else None


_OWNERS = {
    "sessions": ("id",),
    "students": ("user_id",),
    "student_churn_reasons": ("student_id",),
    "truth_churn": ("student_id",),
    "truth_alerts": ("session_id", "student_id", "tutor_id"),
    "truth_dashboard": ("id",),
}
"""The columns that say whose row it is, where it is not session_id alone."""
