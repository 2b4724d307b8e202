"""A small maker of tables that obey the schema's keys and types, and nothing else: the store does not judge meaning.

Values follow from (seed, cohort, place), so that any cutting into chunks gives the same rows.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from seed_pipeline import schema
from seed_pipeline.schema import ASSETS, kind
from seed_pipeline.store.assembly import whole
from seed_pipeline.store.frames import Tables, columns

START = np.datetime64("2025-02-01T15:00:00", "s")
TUTORS, STUDENTS, SESSIONS = 6, 20, 150


def parts(seed: int, cohorts: range, sessions: int = SESSIONS) -> dict[str, Tables]:
    """What each asset would make of these cohorts: asset → tables, late columns apart, as the entities do it.

    The mappings are the caller's own; the frames are shared and must not be changed in place.
    """
    return {asset: dict(tables) for asset, tables in _parts(seed, cohorts, sessions).items()}


@lru_cache(maxsize=64)
def _parts(seed: int, cohorts: range, sessions: int) -> dict[str, Tables]:
    made: dict[str, Tables] = {asset: {} for asset in ASSETS}
    for name, frame in _complete(seed, cohorts, sessions).items():
        owner = schema.metadata.tables[name].info["asset"]
        if name == "users":
            for role, asset in (("admin", "reference"), ("tutor", "tutors"), ("student", "students")):
                made[asset][name] = frame[frame["role"] == role].reset_index(drop=True)
            continue
        for asset in ASSETS:
            own = schema.columns_made_by(asset, name)
            if own:
                made[asset][name] = frame[own]
        assert owner in made
    return made


def release(seed: int = 1, cohorts: int = 2, sessions: int = SESSIONS, chunk: int = 1) -> Iterator[Tables]:
    """Complete released tables, chunk by chunk."""
    for first in range(0, cohorts, chunk):
        yield whole(parts(seed, range(first, min(first + chunk, cohorts)), sessions))


def _complete(seed: int, cohorts: range, sessions: int) -> Tables:
    keys = _keys(seed, cohorts, sessions)
    return {name: _filled(name, frame, seed) for name, frame in keys.items()}


def _keys(seed: int, cohorts: range, sessions: int) -> Tables:
    """Key and reference columns of every filled table."""
    cohort = np.array(cohorts)
    tutors = _place(seed, "tutor", cohort, TUTORS)
    students = _place(seed, "student", cohort, STUDENTS)
    ids = _place(seed, "session", cohort, sessions)
    at, chosen = _spread(ids["cohort"], ids["place"], sessions)
    subject = _subjects(seed)
    session = pd.DataFrame(
        {
            "id": ids["id"],
            "tutor_id": tutors["id"].to_numpy()[at * TUTORS + chosen % TUTORS],
            "student_id": students["id"].to_numpy()[at * STUDENTS + chosen % STUDENTS],
            "subject_id": subject["id"].to_numpy()[chosen % len(subject)],
            "session_number": chosen // (TUTORS * STUDENTS) + 1,
            "ordinal": ids["ordinal"],
        }
    )
    first = 0 in cohorts
    admin = pd.DataFrame({"id": [f"admin-{seed}"], "role": "admin", "ordinal": 0})
    people = [tutors.assign(role="tutor"), students.assign(role="student")]
    users = pd.concat(([admin] if first else []) + people, ignore_index=True)
    users["email"] = np.where(users["role"] == "admin", f"admin{seed}@example.org", users["id"] + "@example.org")
    made = {
        "users": users[["id", "email", "role", "ordinal"]],
        "subjects": subject if first else subject.iloc[:0],
        "tutors": _of(tutors, "user_id"),
        "tutor_subjects": _times(_of(tutors, "tutor_id"), "subject_id", subject["id"].to_numpy()[:3]),
        "students": _of(students, "user_id"),
        "student_subjects": _times(_of(students, "student_id"), "subject_id", subject["id"].to_numpy()[:2]),
        "student_churn_reasons": _times(_of(students[students["place"] % 4 == 0], "student_id"), "reason", ["other"]),
        "sessions": session,
        **_session_parts(session),
        "churn_algorithm_weights": _of(_place(seed, "weight", np.array([0]), 8 if first else 0), "id"),
        "truth_personas": _personas(people),
        "truth_churn": _of(students, "student_id"),
        "truth_alerts": _alerts(seed, session),
        "truth_dashboard": _times(
            _of(tutors, "id").assign(scope="tutor", period="current"), "metric", ["sessions", "mean"]
        ),
        "truth_defects": _of(session[session["ordinal"] % 20 == 0], "row_key").assign(
            table_name="sessions", defect="strange", statement="Q4"
        ),
    }
    return {name: made[name] for name in schema.FILLED}


def _session_parts(session: pd.DataFrame) -> Tables:
    of = _of(session.rename(columns={"id": "session"}).assign(id=session["id"]), "session_id")
    lines = _times(of, "timestamp_seconds", [60, 600, 1800])
    tags = _times(of[of["ordinal"] % 5 < 2], "tag", ["patient", "good_pace"])
    effects = _times(_times(of, "metric", ["student_engagement_score", "questions", "rating"]), "seq", [1, 2])
    lines["id"] = _uuid("line", 0, lines["session_id"].str[-12:] + lines["timestamp_seconds"].map("{:04d}".format))
    return {
        "session_audio_metrics": of[of["ordinal"] % 8 != 0],
        "session_video_metrics": of[of["ordinal"] % 2 == 0],
        "session_screen_metrics": of[of["ordinal"] % 5 < 2],
        "session_feedback": of[of["ordinal"] % 5 < 2],
        "session_feedback_tags": tags,
        "session_transcript_highlights": lines,
        "truth_sessions": of,
        "truth_effects": effects,
    }


def _alerts(seed: int, session: pd.DataFrame) -> pd.DataFrame:
    some = session[session["ordinal"] % 20 == 0]
    frame = some[["tutor_id", "student_id", "ordinal"]].assign(session_id=some["id"])
    return frame.assign(id=_uuid("alert", seed, some["id"].str[-12:]))


def _personas(people: list[pd.DataFrame]) -> pd.DataFrame:
    """Cohort by cohort, so that the order of the rows does not depend on the chunk."""
    frame = pd.concat(people, ignore_index=True).sort_values("cohort", kind="stable")
    return frame[["role", "ordinal"]].assign(user_id=frame["id"])


def _subjects(seed: int) -> pd.DataFrame:
    frame = _place(seed, "subject", np.array([0]), 18)
    return frame.assign(name=[f"Subject {i} of {seed}" for i in range(18)])[["id", "name", "ordinal"]]


def _place(seed: int, entity: str, cohort: np.ndarray, each: int) -> pd.DataFrame:
    """One row per place in each cohort, with an ID derived from both."""
    c, place = np.repeat(cohort, each), np.tile(np.arange(each), len(cohort))
    ordinal = c * each + place
    text = pd.Series(ordinal).map("{:012d}".format)
    return pd.DataFrame({"id": _uuid(entity, seed, text), "cohort": c, "place": place, "ordinal": ordinal})


def _uuid(entity: str, seed: int, tail: pd.Series) -> np.ndarray:
    """An ID that says what it is: entity and seed in front, the entity's own key behind."""
    kind_ = "".join(f"{ord(c) & 15:x}" for c in f"{entity:<8}"[:8])
    digits = tail.astype(str).str.zfill(16).to_numpy(object)
    return np.array([f"{kind_}-{seed:04x}-4000-{t[-16:-12]}-{t[-12:]}" for t in digits], dtype=object)


def _spread(cohort: np.ndarray, place: np.ndarray, sessions: int) -> tuple[np.ndarray, np.ndarray]:
    return cohort - (cohort[0] if len(cohort) else 0), place * 7 + 3


def _of(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame[["id", "ordinal"]].rename(columns={"id": key}).reset_index(drop=True)


def _times(frame: pd.DataFrame, name: str, values: object) -> pd.DataFrame:
    """Each row once per value."""
    count = len(values)  # type: ignore[arg-type]
    repeated = frame.loc[frame.index.repeat(count)].reset_index(drop=True)
    return repeated.assign(**{name: np.tile(np.array(values, dtype=None), len(frame))})


def _filled(name: str, keys: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Every column of the table that the keys leave open, by its type."""
    keys = keys.reset_index(drop=True)
    ordinal = keys["ordinal"].to_numpy() if len(keys) else np.zeros(0, dtype=np.int64)
    made = {}
    for place, column in enumerate(columns(name)):
        if column.name in keys.columns:
            values = keys[column.name]
            made[column.name] = values.astype("str") if kind(column) in ("text", "enum") else values
            continue
        made[column.name] = pd.Series(_values(column, ordinal + place, name, seed))
    return pd.DataFrame(made, index=pd.RangeIndex(len(ordinal)))


def _values(column, at: np.ndarray, table: str, seed: int) -> object:
    of_kind, gap = kind(column), column.nullable & (at % 7 == 0)
    if of_kind == "enum":
        options = np.array(column.type.enums, dtype=object)
        return pd.Series(np.where(gap, None, options[at % len(options)]), dtype="str")
    if of_kind == "bool":
        return at % 3 == 0
    if of_kind == "int":
        low, high = column.info.get("domain", (1, 5))
        values = low + (at * 13 + seed) % (high - low + 1)
        return pd.Series(values, dtype="Int32").mask(gap) if column.nullable else values.astype(np.int32)
    if of_kind == "float":
        scale = getattr(column.type, "scale", None)
        high = column.info.get("domain", (0.0, 1.0))[1]
        values = (at * 31 + seed) % 1000 / 999 * high
        return np.where(gap, np.nan, values / 7 if scale is None else np.round(values, scale))
    moment = START + (at * 900 % (30 * 86400)).astype("timedelta64[s]")
    if of_kind == "date":
        moment = moment.astype("datetime64[D]").astype("datetime64[s]")
    if of_kind in ("date", "timestamp"):
        return pd.Series(moment).mask(gap)
    word = f"{table[:12]} “{column.name}”"
    return pd.Series([None if g else f"{word}, {a} of {seed}" for g, a in zip(gap, at, strict=True)], dtype="str")
