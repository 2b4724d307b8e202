"""The subjects of the whole release, known in every chunk: they come with the first one only (X6)."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from seed_pipeline.quality.observation import Chunk, Tables, positions, taken

_SUBJECTS = "work_subjects"


def with_subjects(chunks: Iterable[Tables]) -> Iterator[Tables]:
    """The chunks, each with the subjects of the first, so that no statement is blind in the others."""
    known: pd.DataFrame | None = None
    for tables in chunks:
        if known is None or not len(known):
            known = tables.get("subjects")
        yield tables if known is None else {**tables, _SUBJECTS: known}


def subject_names(chunk: Chunk) -> np.ndarray:
    """The name of each session's subject; missing where it is unknown."""
    subjects = chunk.tables.get(_SUBJECTS, chunk.tables.get("subjects", pd.DataFrame()))
    ids, names = (subjects[c].to_numpy(object) if c in subjects else np.empty(0, object) for c in ("id", "name"))
    return taken(names, positions(chunk.column("sessions", "subject_id"), ids))
