"""Q8: what a session's texts are about, found by what the vocabulary calls each subject's topics."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seed_pipeline.quality.measures_text import TEXTS, says, words_of
from seed_pipeline.quality.observation import Chunk, taken
from seed_pipeline.quality.subjects import subject_names
from seed_pipeline.quality.sums import Faults, Part
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target
from seed_pipeline.settings.text import Subject


def collect_subjects(chunk: Chunk, target: Target) -> Part:
    """Q8: no text speaks of a topic that belongs to other subjects only."""
    names, faults = subject_names(chunk), {}
    for kind in target.using["texts"]:
        table, column, key = TEXTS[kind]
        words, ids = words_of(chunk, table, column), chunk.column(table, key)
        session = chunk.position(table, key, "sessions", "id")
        subject, wrong = taken(names, session).astype(str), np.zeros(len(ids), dtype=bool)
        for name, pattern in foreign_topics(chunk.settings).items():
            rows = np.flatnonzero(subject == name)
            if len(rows) and pattern:
                wrong[rows] = says(words.take(pa.array(rows)), pattern, case=True)
        faults[f"{kind}: topics of its subject"] = Faults.of(wrong, ids)
        known = np.isin(subject, list(foreign_topics(chunk.settings)))
        faults[f"{kind}: of a subject that is known"] = Faults.of((session >= 0) & ~known, ids)
    return Part(faults=faults)


def foreign_topics(settings: Settings) -> dict[str, str]:
    """For each subject a pattern of topics (of two words or more) that only other subjects have."""
    subjects = {s.name: [t.topic for t in s.topics] for s in settings.text.subjects.subjects}
    patterns = {}
    for own, topics in subjects.items():
        mine = " / ".join(topics).lower()
        other = {t for name in subjects if name != own for t in subjects[name] if " " in t and t.lower() not in mine}
        patterns[own] = rf"\b(?:{'|'.join(map(re.escape, sorted(other)))})\b" if other else ""
    return patterns


def collect_session_topics(chunk: Chunk, target: Target) -> Part:
    """Q8: all texts of a session name one or two topics, none that the summary does not name."""
    names, ids = subject_names(chunk), chunk.column("sessions", "id")
    known = {s.name: s for s in chunk.settings.text.subjects.subjects}
    faults: dict[str, Faults] = {}
    for name in sorted({n for n in names if n in known}):
        rows = np.flatnonzero(names == name)
        found = {kind: _named(chunk, kind, rows, known[name]) for kind in TEXTS}
        summary, every = found["summary"], np.any(list(found.values()), axis=0)
        there = words_of(chunk, "sessions", "ai_summary").is_valid().to_numpy(zero_copy_only=False)[rows]
        wrong = {"more topics than it may have": every.sum(axis=1) > target.using["most"]}
        wrong["a summary without a topic"] = there & ~summary.any(axis=1)
        for kind in (k for k in found if k != "summary"):
            wrong[f"{kind}: a topic that the summary does not name"] = there & (found[kind] & ~summary).any(axis=1)
        for label, values in wrong.items():
            faults[label] = faults.get(label, Faults()) + Faults.of(values[there], ids[rows[there]])
    strange = ~np.isin(names.astype(str), list(known))
    return Part(faults=faults | {"of a subject that is known": Faults.of(strange, ids)})


def _named(chunk: Chunk, kind: str, sessions: np.ndarray, subject: Subject) -> np.ndarray:
    """Which topics (columns) of their subject the texts of a kind name, for each of the sessions (rows)."""
    table, column, key = TEXTS[kind]
    place = np.full(len(chunk.sessions) + 1, -1)
    place[sessions] = np.arange(len(sessions))
    row = place[chunk.position(table, key, "sessions", "id")]
    at = np.flatnonzero(row >= 0)
    words = words_of(chunk, table, column).take(pa.array(at))
    result = np.zeros((len(sessions), len(subject.topics)), dtype=bool)
    for number, (pattern, hidden) in enumerate(_patterns(subject)):
        seen = pc.replace_substring_regex(words, hidden, "…") if hidden else words
        result[row[at[says(seen, pattern)]], number] = True
    return result


def _patterns(subject: Subject) -> Iterator[tuple[str, str]]:
    """For each topic a pattern of its name, step and example, and one of others' phrases that contain those."""
    phrases = [(t.topic, t.step, t.example) for t in subject.topics]
    for own in phrases:
        others = {p for theirs in phrases if theirs is not own for p in theirs}
        longer = [p for p in others if any(o.lower() in p.lower() and o.lower() != p.lower() for o in own)]
        yield rf"(?:^|\W)(?:{_either(own)})(?:\W|$)", f"(?i){_either(longer)}" if longer else ""


def _either(phrases: tuple[str, ...] | list[str]) -> str:
    return "|".join(re.escape(p) for p in sorted(set(phrases), key=lambda p: (-len(p), p)))
