"""What happened to each student over the window: the facts that churn and its reasons follow from."""

from collections.abc import Mapping

import numpy as np

from seed_pipeline.core.columns import Table
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import in_order
from seed_pipeline.core.view import row_of
from seed_pipeline.settings.facts import SCORE
from seed_pipeline.settings.probabilities import Match

_MISSED = ("no_show_tutor", "no_show_student", "rescheduled")


def history(upstream: Mapping, done: Table, facts: Mapping[str, np.ndarray], weight: np.ndarray) -> Facts:
    """One row per student: counts, scores (0-10, NaN without a completed session) and the weighted mean score (R9).

    `facts` and `weight` are per completed session, the rows of `done`. First and last follow the sessions' order of
    booking, which is that of time but for sessions within a week; unlike the calendar it does not move with as_of (D5).
    """
    work, n = upstream["sessions"]["work_sessions"], upstream["students"]["work_students"].rows
    row, every, score = row_of(upstream, done, "student"), row_of(upstream, work, "student"), facts[SCORE]

    def total(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
        return np.bincount(rows, weights=values, minlength=n).astype(np.float64)

    completed = total(None, row)
    with np.errstate(invalid="ignore"):
        weighted = total(weight * score, row) / total(weight, row)
    first, last = _ends(row, done["place"], n)
    latest = np.zeros(n)
    np.maximum.at(latest, every, work["place"])
    ends = {
        "first_session_score": (first, score),
        "last_session_score": (last, score),
        "last_follow_up": (last, facts["follow_up_booked"]),
    }
    found = {name: np.where(completed > 0, values[at], np.nan) for name, (at, values) in ends.items()}
    status = work.words("status")
    found |= {
        "score_trend": found["last_session_score"] - found["first_session_score"],
        "silence": 1 - latest,
        "completed_sessions": completed,
        "weighted_session_score": weighted,
        "tutor_no_shows": total(status.among("no_show_tutor") * 1.0, every),
        "no_show_sessions": total(status.among(*_MISSED) * 1.0, every),
        "technical_issue_sessions": total(facts["technical_issues"], row),
    }
    return Facts(found, n)


def last_completed(upstream: Mapping, done: Table) -> np.ndarray:
    """The row of `done` that is each student's last completed session; -1 for students without one."""
    row, n = row_of(upstream, done, "student"), upstream["students"]["work_students"].rows
    return np.where(np.bincount(row, minlength=n) > 0, _ends(row, done["place"], n)[1], -1)


def _ends(row: np.ndarray, place: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Indexes of each student's first and last completed session; 0 for students without one."""
    index = in_order(row, place)
    ordered = row[index]
    first, last = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    starts = np.r_[True, ordered[1:] != ordered[:-1]]
    first[ordered[starts]] = index[starts]
    ends = np.r_[starts[1:], True]
    last[ordered[ends]] = index[ends]
    return first, last


def mostly(world: World, upstream: Mapping, match: Match) -> np.ndarray:
    """Students of the persona with over half of their sessions, or completed sessions, with these tutors (N2, N3)."""
    students, work = upstream["students"]["work_students"], upstream["sessions"]["work_sessions"]
    row, codes = row_of(upstream, work, "student"), [world.tutor_personas.index(t) for t in match.tutors]
    theirs = np.isin(work["tutor_persona"], codes)
    most = np.zeros(students.rows, dtype=bool)
    for among in (np.ones(work.rows), work["completed"] * 1.0):
        every = np.bincount(row, weights=among, minlength=students.rows)
        most |= np.bincount(row, weights=among * theirs, minlength=students.rows) > 0.5 * every
    return most & (students["persona"] == world.student_personas.index(match.persona))


def last_day(world: World, upstream: Mapping) -> np.ndarray:
    """The date (datetime64[D]) of each student's last session, whatever became of it.

    A session of the evening or the night has two dates, UTC's and the zone's: the later counts.
    """
    students, work = upstream["students"]["work_students"], upstream["sessions"]["work_sessions"]
    start = upstream["sessions"]["sessions"]["scheduled_start"]
    days = np.maximum(start, world.zone.local(start)).astype("datetime64[D]").astype(np.int64)
    last = np.full(students.rows, -(2**30))
    np.maximum.at(last, row_of(upstream, work, "student"), days)
    return last.astype("datetime64[D]")
