"""Q2, Q3, Q5-Q7, A5: what any user expects of sessions and people."""

import numpy as np
import pandas as pd

from seed_pipeline.quality.observation import Chunk, pairs, positions, taken
from seed_pipeline.quality.sums import Faults, Part
from seed_pipeline.settings.targets import Target

OUTCOMES = ("completed", "no_show_student", "no_show_tutor", "rescheduled")
_FLAGS = {
    "has_audio_analysis": "session_audio_metrics",
    "has_video_analysis": "session_video_metrics",
    "has_screen_monitoring": "session_screen_metrics",
}


def collect_statuses(chunk: Chunk, target: Target) -> Part:
    """O: no other status is generated."""
    return Part(
        faults={"status": Faults.of(~np.isin(chunk.sessions["status"].astype(str), OUTCOMES), chunk.sessions.ids)}
    )


def collect_rows(chunk: Chunk, target: Target) -> Part:
    """A1-A5: rows that exist exactly where `using.only` (or the flag) says, for completed sessions only."""
    facts, table = chunk.sessions, target.using["table"]
    done = facts["status"] == "completed"
    exists = chunk.position("sessions", "id", table, "session_id") >= 0
    faults = {"only completed sessions": Faults.of(exists & ~done, facts.ids)}
    if target.using.get("all"):
        faults["all completed sessions"] = Faults.of(~exists & done, facts.ids)
    return Part(faults=faults)


def collect_flags(chunk: Chunk, target: Target) -> Part:
    """A5: the flags say exactly which rows exist."""
    facts = chunk.sessions
    faults = {}
    for flag, table in _FLAGS.items():
        exists = chunk.position("sessions", "id", table, "session_id") >= 0
        faults[flag] = Faults.of((facts[flag] == 1) != exists, facts.ids)
    return Part(faults=faults)


def collect_numbers(chunk: Chunk, target: Target) -> Part:
    """Q2: session_number counts 1, 2, 3 … by time for each pair."""
    facts = chunk.sessions
    start, number, pair = chunk.column("sessions", "scheduled_start"), facts["session_number"], facts.pair  # type: ignore[attr-defined]
    order = np.lexsort((number, start, pair))
    expected = pd.Series(pair[order]).groupby(pair[order]).cumcount().to_numpy() + 1
    return Part(faults={"number": Faults.of(number[order] != expected, facts.ids[order])})


def collect_outcomes(chunk: Chunk, target: Target) -> Part:
    """Q3: what exists for which outcome."""
    facts, ids = chunk.sessions, chunk.sessions.ids
    status, done = facts["status"], facts["status"] == "completed"
    start, ended = chunk.column("sessions", "actual_start"), chunk.column("sessions", "completed_at")
    seconds = np.nan_to_num(facts["actual_duration"] * 60).astype("timedelta64[s]")
    close = np.datetime64(chunk.settings.main.as_of, "s")
    moved = pd.notna(chunk.column("sessions", "rescheduled_by"))
    described = pd.notna(chunk.column("sessions", "technical_issues_description"))
    wrong = {
        "tutor_showed_up": (facts["tutor_showed_up"] == 0) != (status == "no_show_tutor"),
        "student_showed_up": (facts["student_showed_up"] == 0) != (status == "no_show_student"),
        "rescheduled_by": moved != (status == "rescheduled"),
        "actual_start": np.isnat(start) == done,
        "actual_duration": np.isnan(facts["actual_duration"]) == done,
        "completed_at": np.isnat(ended) == done,
        "completed_at = actual_start + actual_duration": done & ~(ended == start + seconds),
        "completed by as_of": done & ~(ended <= close),
        "technical issues only where completed": (facts["technical_issues"] == 1) & ~done,
        "technical issues described": described != (facts["technical_issues"] == 1),
        "homework only where completed": (facts["homework_assigned"] == 1) & ~done,
    }
    return Part(faults={label: Faults.of(values, ids) for label, values in wrong.items()})


def collect_scores(chunk: Chunk, target: Target) -> Part:
    """Q3: a score exactly for completed sessions, a follow-up only after them."""
    facts, done = chunk.sessions, chunk.sessions["status"] == "completed"
    wrong = {
        "score": np.isnan(facts["overall_session_score"]) == done,
        "follow-up only where completed": (facts["follow_up_booked"] == 1) & ~done,
    }
    return Part(faults={label: Faults.of(values, facts.ids) for label, values in wrong.items()})


def collect_subjects(chunk: Chunk, target: Target) -> Part:
    """Q5: the session's subject is taught by its tutor and studied by its student."""
    faults = {}
    for person, table in (("tutor", "tutor_subjects"), ("student", "student_subjects")):
        wanted = pairs(chunk.column("sessions", f"{person}_id"), chunk.column("sessions", "subject_id"))
        known = pairs(chunk.column(table, f"{person}_id"), chunk.column(table, "subject_id"))
        faults[f"the {person}'s subject"] = Faults.of(positions(wanted, known) < 0, chunk.sessions.ids)
    return Part(faults=faults)


def _firsts(chunk: Chunk, person: str, table: str, last: bool = False) -> np.ndarray:
    """The first scheduled start of each person (or the last, by the zone's clocks); NaT for none."""
    where = chunk.position("sessions", f"{person}_id", table, "user_id")
    start = chunk.local("sessions", "scheduled_start") if last else chunk.column("sessions", "scheduled_start")
    known = (where >= 0) & ~np.isnat(start)
    none = np.iinfo(np.int64).min if last else np.iinfo(np.int64).max
    result = np.full(chunk.rows(table), none)
    (np.maximum if last else np.minimum).at(result, where[known], start[known].astype(np.int64))
    return np.where(result == none, np.datetime64("NaT", "s"), result.astype("datetime64[s]"))


def collect_joined(chunk: Chunk, target: Target) -> Part:
    """Q6: people exist before their first session."""
    faults = {}
    for person, table, since in (("tutor", "tutors", "member_since"), ("student", "students", "enrolled_since")):
        first, ids = _firsts(chunk, person, table), chunk.column(table, "user_id")
        created = taken(chunk.column("users", "created_at"), chunk.position(table, "user_id", "users", "id"))
        acts = ~np.isnat(first)
        joined = chunk.column(table, since)
        faults[since] = Faults.of(acts & ~(joined <= first), ids)
        faults[f"{person}'s created_at"] = Faults.of(acts & ~(created <= first), ids)
    return Part(faults=faults)


def collect_churn(chunk: Chunk, target: Target) -> Part:
    """Q6: churned students have a date, a reason and no later session; others have none of it."""
    facts = chunk.students
    ids, churned, date = facts.ids, facts["churned"] == 1, chunk.column("students", "churned_date")
    last = _firsts(chunk, "student", "students", last=True).astype("datetime64[D]")
    reasons = facts.counted("student_churn_reasons", "student_id")
    survey = pd.notna(chunk.column("students", "churn_survey_response"))
    close = np.datetime64(chunk.settings.main.as_of, "s")
    wrong = {
        "churned_date": np.isnat(date) == churned,
        "no session after churned_date": churned & (last > date.astype("datetime64[D]")),
        "churned by as_of": churned & (date > close),
        "a reason": (reasons > 0) != churned,
        "survey response only of the churned": survey & ~churned,
    }
    return Part(faults={label: Faults.of(values, ids) for label, values in wrong.items()})


def collect_talk(chunk: Chunk, target: Target) -> Part:
    """Q7: the four parts of a session's time add up to 1."""
    columns = ("tutor_talk_ratio", "student_talk_ratio", "productive_silence_ratio", "awkward_pause_ratio")
    total = sum(chunk.column("session_audio_metrics", name) for name in columns)
    wrong = ~(np.abs(total - 1) <= float(target.using["tolerance"]) + 1e-9)
    return Part(faults={"parts of the time": Faults.of(wrong, chunk.column("session_audio_metrics", "session_id"))})
