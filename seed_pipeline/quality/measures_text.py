"""Q8, Q9, Q10: what is said fits the session, the subject and the rating, and names nobody who exists."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seed_pipeline.quality.observation import Chunk, taken
from seed_pipeline.quality.sums import Faults, Part
from seed_pipeline.quality.wording_checks import (
    ADDRESS,
    CLAIMS,
    COMPLAINTS,
    FICTIONAL_PHONE,
    MINUTES,
    PHONE,
    PRAISE,
    RESERVED,
    UUID,
)  # fmt: skip
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.targets import Target

TEXTS = {
    "summary": ("sessions", "ai_summary", "id"),
    "feedback": ("session_feedback", "feedback_text", "session_id"),
    "highlight": ("session_transcript_highlights", "text", "session_id"),
    "trouble": ("sessions", "technical_issues_description", "id"),
}
"""Table, column and session of each kind of text about a session."""


def collect_highlights(chunk: Chunk, target: Target) -> Part:
    """Q8: highlights of completed sessions, inside them, at distinct times, each type by a speaker who may say it."""
    table = "session_transcript_highlights"
    ids, session = chunk.column(table, "id"), chunk.position(table, "session_id", "sessions", "id")
    seconds, facts = chunk.column(table, "timestamp_seconds"), chunk.sessions
    length = taken(facts["actual_duration"] * 60, session)
    order = np.lexsort((seconds, session))
    same = (np.diff(session[order]) == 0) & (np.diff(seconds[order]) <= 0)
    twice = np.zeros(len(ids), dtype=bool)
    twice[order[1:][same]] = True
    said = [
        f"{k}|{s}" for k, s in zip(chunk.column(table, "highlight_type"), chunk.column(table, "speaker"), strict=True)
    ]
    return Part(
        faults={
            "of a completed session": Faults.of(taken(facts["status"], session) != "completed", ids),
            "inside the session": Faults.of(~((seconds >= 0) & (seconds <= length)), ids),
            "one after the other": Faults.of(twice, ids),
            "said by a plausible speaker": Faults.of(~pd.Series(said).isin(speakers(chunk.settings)).to_numpy(), ids),
        }
    )


def speakers(settings: Settings) -> list[str]:
    """`type|speaker` for every speaker with a share in a type."""
    types = settings.text.highlights.types
    return [f"{name}|{who}" for name, kind in types.items() for who, share in kind.speakers.items() if share > 0]


def words_of(chunk: Chunk, table: str, column: str) -> pa.Array:
    return pa.array(chunk.column(table, column), type=pa.string(), from_pandas=True)


def says(words: pa.Array, pattern: str, case: bool = False) -> np.ndarray:
    found = pc.match_substring_regex(words, pattern, ignore_case=not case)
    return found.fill_null(False).to_numpy(zero_copy_only=False)


def collect_claims(chunk: Chunk, target: Target) -> Part:
    """Q8: no text has an unfilled slot, and none claims what its session's numbers deny."""
    faults: dict[str, Faults] = {}
    for kind in target.using["texts"]:
        table, column, key = TEXTS[kind]
        words, ids = words_of(chunk, table, column), chunk.column(table, key)
        session = chunk.position(table, key, "sessions", "id")
        faults[f"{kind}: no unfilled slot"] = Faults.of(says(words, r"[{}]"), ids)
        for claim in CLAIMS:
            if kind in claim.where:
                said = says(words, claim.words) & ~says(words, claim.unless)
                true = np.append(chunk.sessions.meet(claim.needs), False)[session]
                faults[f"{kind}: {claim.label}"] = Faults.of((said & ~true)[said], ids[said])
        if kind == "summary":
            faults["summary: minutes"] = _minutes(chunk, words, ids)
    return Part(faults=faults)


def _minutes(chunk: Chunk, words: pa.Array, ids: np.ndarray) -> Faults:
    """A summary that says how many minutes says the scheduled or the actual ones."""
    said = pd.Series(words.to_pandas()).str.extract(MINUTES, expand=False)
    number = pd.to_numeric(said, errors="coerce").to_numpy(float)
    facts, speaks = chunk.sessions, ~np.isnan(number)
    wrong = (number != facts["actual_duration"]) & (number != facts["scheduled_duration"])
    return Faults.of(wrong[speaks], ids[speaks])


def collect_people(chunk: Chunk, target: Target) -> Part:
    """Q9: addresses of people in reserved domains only, full names."""
    ids = chunk.column("users", "id")
    faults = {"users.name is a full name": Faults.of(~says(words_of(chunk, "users", "name"), r"^\S+( \S+)+$"), ids)}
    for table, column, key in (
        ("users", "email", "id"),
        ("users", "avatar_url", "id"),
        ("students", "parent_email", "user_id"),
    ):
        words = words_of(chunk, table, column)
        given = words.is_valid().to_numpy(zero_copy_only=False)
        strange = given & ~says(pc.replace_substring_regex(words, r"^[a-z]+://([^/]+).*$", r"\1"), RESERVED)
        faults[f"{table}.{column} is reserved"] = Faults.of(strange[given], chunk.column(table, key)[given])
    return Part(faults=faults)


def collect_user_ids(chunk: Chunk, target: Target) -> Part:
    """Q9: the ID of each person has the form of a random UUID, as the platform's own have."""
    words = words_of(chunk, "users", "id")
    return Part(faults={"users.id is a UUID": Faults.of(~says(words, UUID, case=True), chunk.column("users", "id"))})


def collect_reachable(chunk: Chunk, target: Target) -> Part:
    """Q9: no text names an address or a phone number that could be somebody's."""
    faults = {}
    for place in target.using["columns"]:
        table, _, column = place.partition(".")
        key = next(iter(metadata.tables[table].primary_key)).name
        faults[f"{place} reaches nobody"] = _reaches(words_of(chunk, table, column), chunk.column(table, key))
    return Part(faults=faults)


def _reaches(words: pa.Array, ids: np.ndarray) -> Faults:
    """Texts with a phone number that is not fictional, or an address outside the reserved domains."""
    wrong = says(words, PHONE) & ~says(words, FICTIONAL_PHONE)
    rows = np.flatnonzero(says(words, ADDRESS))
    for i in rows:
        domains = [a or b for a, b in re.findall(ADDRESS, words[int(i)].as_py())]
        wrong[i] |= any(not re.search(RESERVED, domain.lower()) for domain in domains)
    return Faults.of(wrong, ids)


def collect_tags(chunk: Chunk, target: Target) -> Part:
    """Q10: praise on good ratings, complaints on poor ones, and each tag's own ground in the session."""
    table = "session_feedback_tags"
    ids, tag = chunk.column(table, "session_id"), chunk.column(table, "tag").astype(str)
    session, facts = chunk.position(table, "session_id", "sessions", "id"), chunk.sessions
    rating = taken(facts["student_satisfaction_rating"], session)
    limits = target.using
    wrong = {
        "praise on good ratings": np.isin(tag, PRAISE) & ~(rating >= limits["praise_from"]),
        "complaints on poor ratings": np.isin(tag, COMPLAINTS) & ~(rating <= limits["complaints_to"]),
        "too_much_talking where talk is high": (tag == "too_much_talking")
        & ~(taken(facts["tutor_talk_ratio"], session) > limits["talk_above"]),
        "technical_issues where there were some": (tag == "technical_issues")
        & ~(taken(facts["technical_issues"], session) == 1),
        "didnt_check_understanding where checks are few": (tag == "didnt_check_understanding")
        & ~(taken(facts["tutor_checks_understanding_count"], session) <= limits["checks_to"]),
    }
    wrong["both too fast and too slow"] = _both(tag, session)
    wrong["of a session with feedback"] = np.isnan(rating)
    return Part(faults={label: Faults.of(values, ids) for label, values in wrong.items()})


def _both(tag: np.ndarray, session: np.ndarray) -> np.ndarray:
    fast, slow = (np.unique(session[tag == name]) for name in ("too_fast", "too_slow"))
    return np.isin(session, np.intersect1d(fast, slow)) & np.isin(tag, ("too_fast", "too_slow"))
