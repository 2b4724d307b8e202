"""Injected edge cases (truth_defects), kept out of what is said of the cast."""

from collections.abc import Mapping

import pandas as pd

from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings

Tables = Mapping[str, pd.DataFrame]
LABELS = "truth_defects"


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
