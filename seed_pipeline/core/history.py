"""What happened to each student over the window: the facts that churn and its reasons follow from."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import view
from seed_pipeline.core.world import World
from seed_pipeline.settings.facts import SCORE
from seed_pipeline.settings.probabilities import Match

_MISSED = ("no_show_tutor", "no_show_student", "rescheduled")


def row_of(students: pd.DataFrame, sessions: pd.DataFrame) -> np.ndarray:
    """The row of `work_students` for each session's student."""
    first = students["cohort"].iloc[0]
    per_cohort = int((students["cohort"] == first).sum())
    return (sessions["cohort"].to_numpy() - first) * per_cohort + sessions["student"].to_numpy()


def history(upstream: Mapping, facts: Mapping[str, np.ndarray], weight: np.ndarray) -> pd.DataFrame:
    """One row per student: counts, scores (0-10, NaN without a completed session) and the weighted mean score (R9).

    `facts` and `weight` are per completed session. First and last follow the sessions' order of booking, which is that
    of time but for sessions within a week; unlike the calendar it does not move with as_of (D5).
    """
    students, done = upstream["students"]["work_students"], view.completed(upstream)
    work, n = upstream["sessions"]["work_sessions"], len(students)
    row, every, score = row_of(students, done), row_of(students, work), facts[SCORE]

    def total(values: np.ndarray, rows: np.ndarray = row) -> np.ndarray:
        return np.bincount(rows, weights=values, minlength=n)

    completed = total(np.ones(len(row)))
    with np.errstate(invalid="ignore"):
        weighted = total(weight * score) / total(weight)
    first, last = _ends(row, done["place"].to_numpy(), n)
    known = completed > 0
    latest = np.zeros(n)
    np.maximum.at(latest, every, work["place"].to_numpy())
    ends = {
        "first_session_score": (first, score),
        "last_session_score": (last, score),
        "last_follow_up": (last, facts["follow_up_booked"]),
    }
    frame = pd.DataFrame({name: np.where(known, values[at], np.nan) for name, (at, values) in ends.items()})
    return frame.assign(
        score_trend=frame["last_session_score"] - frame["first_session_score"],
        silence=1 - latest,
        completed_sessions=completed,
        weighted_session_score=weighted,
        tutor_no_shows=total((work["status"] == "no_show_tutor").to_numpy(np.float64), every),
        no_show_sessions=total(work["status"].isin(_MISSED).to_numpy(np.float64), every),
        technical_issue_sessions=total(facts["technical_issues"]),
    )


def last_completed(students: pd.DataFrame, done: pd.DataFrame) -> np.ndarray:
    """The row of `done` that is each student's last completed session; -1 for students without one."""
    row, n = row_of(students, done), len(students)
    return np.where(np.bincount(row, minlength=n) > 0, _ends(row, done["place"].to_numpy(), n)[1], -1)


def _ends(row: np.ndarray, place: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Indexes of each student's first and last completed session; 0 for students without one."""
    in_order = np.lexsort((place, row))
    ordered = row[in_order]
    first, last = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    starts = np.r_[True, ordered[1:] != ordered[:-1]]
    first[ordered[starts]] = in_order[starts]
    ends = np.r_[starts[1:], True]
    last[ordered[ends]] = in_order[ends]
    return first, last


def mostly(world: World, upstream: Mapping, match: Match) -> np.ndarray:
    """Students of the persona with over half of their sessions, or completed sessions, with these tutors (N2, N3)."""
    students, work = upstream["students"]["work_students"], upstream["sessions"]["work_sessions"]
    row, codes = row_of(students, work), [world.tutor_personas.index(t) for t in match.tutors]
    theirs = np.isin(work["tutor_persona"].to_numpy(), codes)
    most = np.zeros(len(students), dtype=bool)
    for among in (np.ones(len(work)), work["completed"].to_numpy(np.float64)):
        every = np.bincount(row, weights=among, minlength=len(students))
        most |= np.bincount(row, weights=among * theirs, minlength=len(students)) > 0.5 * every
    return most & (students["persona"].to_numpy() == world.student_personas.index(match.persona))


def last_day(world: World, upstream: Mapping) -> np.ndarray:
    """The date (datetime64[D]) of each student's last session, whatever became of it.

    A session of the evening or the night has two dates, UTC's and the zone's: the later counts.
    """
    students, work = upstream["students"]["work_students"], upstream["sessions"]["work_sessions"]
    start = upstream["sessions"]["sessions"]["scheduled_start"].to_numpy()
    days = np.maximum(start, world.zone.local(start)).astype("datetime64[D]").astype(np.int64)
    last = np.full(len(students), -(2**30))
    np.maximum.at(last, row_of(students, work), days)
    return last.astype("datetime64[D]")
