"""Injected edge cases (truth_defects): kept out of what is said of the cast, and listed exactly as configured (K2)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.quality.intervals import row
from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.sums import Faults, Part, Sums, by_label
from seed_pipeline.quality.verdict import Findings, Row
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.defects import KINDS
from seed_pipeline.settings.targets import Target

Tables = Mapping[str, pd.DataFrame]
LABELS = "truth_defects"
_OF_SOMEBODY = ("id", "user_id", "tutor_id", "student_id", "session_id")


def ordinary(tables: Tables, settings: Settings) -> Tables:
    """The tables without the rows that are labelled as of a kind that the settings inject."""
    labels = tables.get(LABELS)
    scenes = settings.defects.scenes()
    if labels is None or not len(labels) or not scenes:
        return tables
    known = labels[labels["defect"].isin(list(scenes))]
    return {name: _unlabelled(name, frame, known) for name, frame in tables.items()}


def _unlabelled(name: str, frame: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    mine = labels.loc[labels["table_name"] == name, "row_key"]
    return frame[~row_keys(name, frame).isin(mine)].reset_index(drop=True) if len(mine) else frame


def row_keys(table: str, frame: pd.DataFrame) -> pd.Series:
    """The primary key of each row as one word, as truth_defects.row_key has it."""
    first, *others = (frame[c.name].astype(str) for c in metadata.tables[table].primary_key)
    for other in others:
        first = first + "/" + other
    return first


def collect(chunk: Chunk, target: Target) -> Part:
    """The number of labels of each kind and table, and labels of rows that are not there or were made for the cast."""
    names = ("table_name", "row_key", "defect", "statement")
    table, key, kind, statement = (chunk.column(LABELS, name) for name in names)
    valid = chunk.column(LABELS, "valid") == 1
    there, made = _looked_up(chunk, table, key)
    said = {name: k.statement for name, k in KINDS.items() if k.statement}
    wanted = np.array([None if fine else said.get(name) for name, fine in zip(kind, valid, strict=True)], dtype=object)
    faults = {
        "of a row that is there": ~there,
        "of no row that was made for the cast": made,
        "found by the statement of its kind": pd.isna(statement) != pd.isna(wanted),
        "…, which is the one named": ~pd.isna(statement) & (statement != wanted),
    }
    labels = [label_of(*one) for one in zip(kind, table, valid, strict=True)]
    return Part(
        by_label(np.array(labels, dtype=object)), {name: Faults.of(wrong, key) for name, wrong in faults.items()}
    )


def _looked_up(chunk: Chunk, tables: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each label whether its row is there, and whether anything in it is a person or session of the cast."""
    there, made = np.zeros(len(keys), dtype=bool), np.zeros(len(keys), dtype=bool)
    cast = {*chunk.column("truth_personas", "user_id"), *chunk.column("truth_sessions", "session_id")}
    for name in sorted({str(name) for name in tables} & set(metadata.tables) & set(chunk.tables)):
        frame, here = chunk.tables[name], np.flatnonzero(tables == name)
        place = pd.Index(row_keys(name, frame)).drop_duplicates().get_indexer(pd.Index(keys[here], dtype=object))
        there[here] = place >= 0
        known = row_keys(name, frame).isin(keys[here])
        own = frame.loc[known, [c for c in _OF_SOMEBODY if c in frame]].isin(cast).any(axis=1)
        made[here] = np.isin(keys[here], row_keys(name, frame)[known][own].to_numpy(object))
    return there, made


def label_of(kind: object, table: object, valid: object) -> str:
    """What a label is counted under: `extreme_name users`, `score_out_of_range sessions, invalid`."""
    return f"{kind} {table}{'' if valid else ', invalid'}"


def assess(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """K2: as many labels of each kind and table that was seen as the settings ask for, and no others."""
    expected = settings.defects.expected().items()
    wanted = {label_of(*what): float(count) for what, count in expected if what[1] in sums.tables}
    seen = {label: float(vector[0]) for label, vector in part.sums.items()}
    rows = [_count(label, seen.get(label, 0.0), wanted.get(label, 0.0)) for label in sorted({*wanted, *seen})]
    return Findings(rows, {label: faults for label, faults in part.faults.items() if faults.checked})


def _count(label: str, seen: float, wanted: float) -> Row:
    return row(label, seen, wanted, wanted, max(int(seen), 1), wanted)
