"""Q8: who says what somebody else has said. Circles of people who book each other are the cohorts."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from seed_pipeline.quality.intervals import row
from seed_pipeline.quality.observation import Chunk, taken
from seed_pipeline.quality.people import circles
from seed_pipeline.quality.sums import Faults, Part, Sums, hashes
from seed_pipeline.quality.verdict import Findings
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target
from seed_pipeline.settings.text import Text
from seed_pipeline.settings.text_lines import Line

HIGHLIGHTS = "session_transcript_highlights.text"
_UNEVEN = 3  # a line may be said so many times more often than if all lines were said alike


def collect(chunk: Chunk, target: Target) -> Part:
    """Q8: texts that are there more often among the people of one cohort than they may."""
    faults, keys = {}, {}
    for place in target.using["columns"]:
        table, _, column = place.partition(".")
        rows = np.flatnonzero(pd.notna(chunk.column(table, column)))
        words = chunk.column(table, column)[rows]
        circle, group = _circles(chunk, table)[rows], _groups(chunk, place)[rows]
        said = _counts(circle, words)
        limit = np.ceil(target.using["most"] * _counts(circle) / (target.using["per"] or np.inf))
        limit = np.maximum(limit, target.using["most"])
        # With fewer lines than people to say them, repeats are as rare as can be; a highlight's slots allow one more.
        least = np.ceil(_counts(circle, group) / _free(chunk.settings.text, place, group))
        limit = np.maximum(limit, least + (place == HIGHLIGHTS) * (least > 1))
        ids = chunk.column(table, next(iter(metadata.tables[table].primary_key)).name)[rows]
        faults[f"{place}: said too often in its cohort"] = Faults.of(said > limit, ids)
        if target.using["share"]:
            keys[place] = (hashes(words),)
    return Part(faults=faults, keys=keys)


def assess(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """Q8: in large data, no text makes up more than a share of all (three times its part, where lines are few)."""
    if not target.using["share"] or sums.sessions < target.using["from_sessions"]:
        return Findings(faults=part.faults)
    rows = []
    for place in part.keys:
        texts = part.hashed(place)
        most = float(np.unique(texts, return_counts=True)[1].max(initial=0)) / max(len(texts), 1)
        limit = max(target.using["share"], _UNEVEN / sum(map(len, _lines(settings.text, place).values())))
        rows.append(row(f"{place}: share of the most frequent", most, 0.0, limit, len(texts), 0.0))
    return Findings(rows, part.faults)


def _circles(chunk: Chunk, table: str) -> np.ndarray:
    """The circle of people that each row belongs to."""
    people = circles(chunk).astype(float)
    if table in ("tutors", "students"):
        first = 0 if table == "tutors" else len(chunk.tutors)
        return people[first : first + chunk.rows(table)]
    tutor = taken(
        chunk.position("sessions", "tutor_id", "tutors", "user_id").astype(float),
        chunk.position(table, "session_id", "sessions", "id"),
    )
    return taken(people, np.where(np.isnan(tutor), -1, tutor).astype(int))


def _groups(chunk: Chunk, place: str) -> np.ndarray:
    """The group of lines that each row's text comes from."""
    table, _, _ = place.partition(".")
    if place != HIGHLIGHTS:
        return np.full(chunk.rows(table), "", dtype=object)
    kinds = zip(chunk.column(table, "highlight_type"), chunk.column(table, "speaker"), strict=True)
    return np.array([f"{kind}|{speaker}" for kind, speaker in kinds], dtype=object)


def _counts(*columns: np.ndarray) -> np.ndarray:
    """How many rows are like each one in all columns."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes, values = pd.factorize(column)
        code = np.unique(code * (len(values) + 1) + codes, return_inverse=True)[1]
    return np.bincount(code, minlength=1)[code]


_LINES: Mapping[str, Callable[[Text], dict[str, tuple[Line, ...]]]] = {
    "tutors.bio": lambda text: {"": text.people.tutors.bio},
    "students.bio": lambda text: {"": text.people.students.bio},
    # The reason that an answer was written for is not stored: the one with the fewest lines sets the limit.
    "students.churn_survey_response": lambda text: {
        "": min((r.survey for r in text.churn.reasons.values() if r.weight > 0), key=_unconditional)
    },
    HIGHLIGHTS: lambda text: {
        f"{name}|{speaker}": lines
        for name, kind in text.highlights.types.items()
        for speaker, lines in kind.lines.items()
    },
}


def _lines(text: Text, place: str) -> dict[str, tuple[Line, ...]]:
    return _LINES[place](text)


def _free(text: Text, place: str, group: np.ndarray) -> np.ndarray:
    """How many lines anybody may say in each row's group."""
    known = {name: _unconditional(lines) for name, lines in _lines(text, place).items()}
    return np.array([max(known.get(name, 1), 1) for name in group], dtype=float)


def _unconditional(lines: Iterable[Line]) -> int:
    return sum(not line.when for line in lines)
