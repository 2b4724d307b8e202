"""The sessions of each cohort: booked, timed, and what became of each (C3, O, A2, A3, D, Q2-Q5)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import booking, calendar, topics
from seed_pipeline.core.cast import DEPARTMENTS
from seed_pipeline.core.randomness import chosen, in_turns, ranks, rounded, to_total, uniform, uuids, whole_between
from seed_pipeline.core.wording import NOTHING, say
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings

PUNCTUAL = 5  # minutes; whoever starts later is late (P7)
MOST_LATE = 8  # minutes; with the longest overrun it stays within the calendar's buffer
FEWEST_JUDGED = 5  # completed sessions of a tutor, below which the platform raises no alert
OVERRUN = (-6, 5)  # minutes
BOOKED_AHEAD = (1, 12)  # days
BOOKING_HOURS = (7 * 60, 22 * 60)  # minutes of the day at which people book


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """`sessions` without score, follow-up and summary, and `work_sessions`: keys, personas and facts per session."""
    work = booking.book(world, cohorts)
    minutes = calendar.durations(world, work)
    start = calendar.schedule(world, cohorts, work, minutes)
    work = _with_people(work, upstream)
    work["period"] = calendar.periods(world, work)
    work["status"] = _outcomes(world, cohorts, work)
    work["completed"] = work["status"].to_numpy() == "completed"
    work["earlier_tutor_no_shows"] = _earlier_no_shows(work)
    work["technical_issues"] = _technical_issues(world, cohorts, work)
    for name, share in (
        ("video", settings.probabilities.availability.video),
        ("screen", settings.probabilities.availability.screen),
    ):
        work[f"has_{name}"] = _available(world, cohorts, work, name, share)
    work["homework_assigned"] = _homework(settings, world, work)
    work["scheduled_duration"] = minutes
    work["session_id"] = uuids(world.seed, "session/id", work["key"].to_numpy())
    sessions = _rows(settings, world, work, start, upstream)
    work["actual_duration"] = sessions["actual_duration"].astype("Float64").to_numpy(np.float64, na_value=np.nan)
    return {"sessions": sessions, "work_sessions": work}


def person(upstream: Mapping, work: pd.DataFrame, role: str, column: str) -> np.ndarray:
    """A column of `work_tutors` or `work_students` for each session's tutor or student."""
    people = upstream[f"{role}s"][f"work_{role}s"]
    per_cohort = int((people["cohort"] == people["cohort"].iloc[0]).sum())
    row = (work["cohort"].to_numpy() - people["cohort"].iloc[0]) * per_cohort + work[role].to_numpy()
    return people[column].to_numpy()[row]


def _with_people(work: pd.DataFrame, upstream: Mapping) -> pd.DataFrame:
    """The session's personas and the subject its persons share (Q5)."""
    department = person(upstream, work, "tutor", "department")
    studied = np.stack([person(upstream, work, "student", f"subject_{d}") for d in range(DEPARTMENTS)], axis=1)
    return work.assign(
        tutor_persona=person(upstream, work, "tutor", "persona"),
        student_persona=person(upstream, work, "student", "persona"),
        subject=studied[np.arange(len(work)), department],
    )


def in_cascade(world: World, work: pd.DataFrame) -> np.ndarray:
    """Whether each session belongs to a pair of the at-risk cascade (N4)."""
    cascade = world.settings.probabilities.stories.at_risk_cascade
    if cascade is None:
        return np.zeros(len(work), dtype=bool)
    group = [g.group for g in world.groups].index(cascade.group)
    persona = world.tutor_personas.index(cascade.tutors)
    return (work["group"].to_numpy() == group) & (work["tutor_persona"].to_numpy() == persona)


def _of_the_lost(world: World, work: pd.DataFrame) -> np.ndarray:
    """Whether each session is one of a lost student with one of the tutors who lose them (N3)."""
    lost = world.settings.probabilities.churn.lost
    tutors = [world.tutor_personas.index(t) for t in lost.tutors]
    return world.mostly(lost)[work["group"].to_numpy()] & np.isin(work["tutor_persona"].to_numpy(), tutors)


def _outcomes(world: World, cohorts: range, work: pd.DataFrame) -> np.ndarray:
    """The status of each session: exact counts per cohort (O1-O4), tutor no-shows per tutor persona (O6).

    A persona's no-shows are dealt out over its tutors and periods (P2); tutors whom the platform is to find hold enough
    sessions for it to look at them (P1).
    """
    seed, key = world.seed, work["key"].to_numpy()
    # A tutor in a period of the platform's: its services judge these apart.
    tutor_period = work["tutor"].to_numpy() * world.periods + work["period"].to_numpy()
    numbers = np.arange(cohorts.start, cohorts.stop)
    local = work["cohort"].to_numpy() - cohorts.start
    cascade, first = in_cascade(world, work), work["number"].to_numpy() == 1
    # The story's pair, of several the one that meets most, begins with a no-show, and its later sessions take place
    # (N4); so do those of students who are to be lost with the tutors who lose them (N3).
    kept = cascade | _of_the_lost(world, work)
    turn = np.where(kept, 2.0, uniform(seed, "session/tutor_no_show", key))
    turn = np.where(cascade & first, -work["pair_size"].to_numpy(), turn)
    persona = work["tutor_persona"].to_numpy()
    place = in_turns(local * len(world.tutor_personas) + persona, tutor_period, turn)
    no_show_tutor = place < world.tutor_no_shows(numbers)[local, persona]

    absence = np.array([p.absence for p in world.settings.personas.students.values()])[
        work["student_persona"].to_numpy()
    ]
    found = np.array([bool(p.raises) for p in world.settings.personas.tutors.values()])[persona]
    held, _ = ranks(
        (local * (tutor_period.max() + 1) + tutor_period) * 2 + no_show_tutor, ~kept, uniform(seed, "session/held", key)
    )
    absence = np.where(kept | (found & (held < FEWEST_JUDGED)), 1e-9, absence)
    place, _ = ranks(local * 2 + no_show_tutor, -np.log(uniform(seed, "session/absence", key)) / absence)
    missing = (
        world.sessions(numbers) - world.completed(numbers) - np.bincount(local[no_show_tutor], minlength=len(numbers))
    )
    absent = ~no_show_tutor & (place < missing[local])
    place, _ = ranks(local * 2 + absent, uniform(seed, "session/absence_kind", key))
    no_show_student = absent & (place < world.student_no_shows(numbers)[local])
    cases = [no_show_tutor, no_show_student, absent]
    return np.select(cases, ["no_show_tutor", "no_show_student", "rescheduled"], "completed").astype(object)


def _earlier_no_shows(work: pd.DataFrame) -> np.ndarray:
    """Tutor no-shows in the pair's earlier sessions (rows are sorted by pair and number)."""
    missed = (work["status"].to_numpy() == "no_show_tutor").astype(np.int64)
    before = np.cumsum(missed) - missed
    first = work["number"].to_numpy() == 1
    return before - before[first][np.cumsum(first) - 1]


def _chosen(world: World, purpose: str, work: pd.DataFrame, chance: np.ndarray, *strata: np.ndarray) -> np.ndarray:
    """Sessions chosen by chance, evenly along the strata within each cohort."""
    return chosen(world.seed, purpose, chance, work["cohort"].to_numpy(), 0, work["key"].to_numpy(), *strata)


def _technical_issues(world: World, cohorts: range, work: pd.DataFrame) -> np.ndarray:
    """Completed sessions with technical issues: an exact share of all sessions (O5), first ones likelier (N6)."""
    outcomes = world.settings.probabilities.outcomes
    local, first = work["cohort"].to_numpy() - cohorts.start, work["number"].to_numpy() == 1
    weight = np.where(first, outcomes.technical_issues_first_session, 1.0) * work["completed"].to_numpy()
    total = world.of_sessions(np.arange(cohorts.start, cohorts.stop), outcomes.technical_issues)
    return _chosen(world, "technical_issues", work, to_total(weight, local, total), first)


def _available(world: World, cohorts: range, work: pd.DataFrame, name: str, share: float) -> np.ndarray:
    """Completed sessions for which a kind of recording exists: an exact share (A2, A3), even over the personas."""
    local = work["cohort"].to_numpy() - cohorts.start
    total = world.of_completed(np.arange(cohorts.start, cohorts.stop), share)
    chance = to_total(work["completed"].to_numpy() * 1.0, local, total)
    strata = (work["tutor_persona"].to_numpy(), work["student_persona"].to_numpy())
    return _chosen(world, name, work, chance, *strata)


def _homework(settings: Settings, world: World, work: pd.DataFrame) -> np.ndarray:
    rates = np.array([p.homework for p in settings.personas.tutors.values()])[work["tutor_persona"].to_numpy()]
    chance = rates * work["completed"].to_numpy()
    return _chosen(world, "homework", work, chance, work["tutor_persona"].to_numpy())


def _minutes_late(settings: Settings, world: World, work: pd.DataFrame) -> np.ndarray:
    """Minutes that each session starts late: over PUNCTUAL for a persona's share of completed sessions (P7).

    The share is rounded in every cohort, so that weaker personas never look more punctual, and dealt out over tutors.
    """
    seed, key, persona = world.seed, work["key"].to_numpy(), work["tutor_persona"].to_numpy()
    done, u = work["completed"].to_numpy(), uniform(seed, "session/late", key)
    shares = np.array([p.late for p in settings.personas.tutors.values()])
    groups = (work["cohort"].to_numpy() * len(shares) + persona) * 2 + ~done
    size = ranks(groups, u)[1]
    late = done & (in_turns(groups, work["tutor"].to_numpy(), u) < rounded(shares[persona] * size))
    minutes = uniform(seed, "session/minutes_late", key)
    return np.where(late, whole_between(minutes, PUNCTUAL + 1, MOST_LATE), np.floor((PUNCTUAL + 1) * minutes**2))


def _rows(settings: Settings, world: World, work: pd.DataFrame, start: np.ndarray, upstream: Mapping) -> pd.DataFrame:
    """The platform's rows."""
    seed, key, minutes = world.seed, work["key"].to_numpy(), work["scheduled_duration"].to_numpy()
    status, done = work["status"].to_numpy(), work["completed"].to_numpy()
    late = _minutes_late(settings, world, work).astype("timedelta64[m]")
    actual_minutes = minutes + whole_between(uniform(seed, "session/overrun", key), *OVERRUN)
    none = np.datetime64("NaT", "s")
    actual_start = np.where(done, start + late.astype("timedelta64[s]"), none)
    days_ahead = whole_between(uniform(seed, "session/booked_ahead", key), *BOOKED_AHEAD).astype("timedelta64[D]")
    minute = whole_between(uniform(seed, "session/booked_at", key), *BOOKING_HOURS) * 60
    day = world.zone.local(start).astype("datetime64[D]") - days_ahead
    booked_at = world.zone.utc(day.astype("datetime64[s]") + minute.astype("timedelta64[s]"))
    moved = (status == "rescheduled") * settings.probabilities.outcomes.rescheduled_by_tutor
    moved_by_tutor = _chosen(world, "moved_by", work, moved, work["tutor"].to_numpy())
    return pd.DataFrame(
        {
            "id": work["session_id"],
            "tutor_id": person(upstream, work, "tutor", "user_id"),
            "student_id": person(upstream, work, "student", "user_id"),
            "scheduled_start": start,
            "actual_start": actual_start,
            "scheduled_duration": minutes,
            "actual_duration": pd.array(actual_minutes, dtype="Int32"),
            "subject_id": upstream["reference"]["subjects"]["id"].to_numpy(object)[work["subject"]],
            "session_number": work["number"],
            "status": status,
            "tutor_showed_up": status != "no_show_tutor",
            "student_showed_up": status != "no_show_student",
            "rescheduled_by": np.where(status == "rescheduled", np.where(moved_by_tutor, "tutor", "student"), NOTHING),
            "technical_issues": work["technical_issues"],
            "technical_issues_description": _trouble(settings, world, work),
            "has_audio_analysis": done,
            "has_video_analysis": work["has_video"],
            "has_screen_monitoring": work["has_screen"],
            "homework_assigned": work["homework_assigned"],
            "completed_at": actual_start + actual_minutes.astype("timedelta64[m]").astype("timedelta64[s]"),
            "created_at": booked_at,
        }
    ).assign(actual_duration=lambda f: f["actual_duration"].where(done))


def _trouble(settings: Settings, world: World, work: pd.DataFrame) -> np.ndarray:
    """What went wrong, where something did."""
    result = np.full(len(work), None, dtype=object)
    rows = np.flatnonzero(work["technical_issues"].to_numpy())
    key = work["key"].to_numpy()[rows]
    subject = [s.category for s in settings.text.subjects.subjects]
    facts = {
        "session_number": work["number"].to_numpy()[rows],
        "scheduled_duration": work["scheduled_duration"].to_numpy()[rows],
        "category": np.array(subject, dtype=object)[work["subject"].to_numpy()[rows]],
    }
    slots = {
        "minutes": whole_between(uniform(world.seed, "session/trouble_minutes", key), 2, 9).astype(str),
        "topic": topics.slots(world, topics.of_sessions(world, work.iloc[rows])[0])["topic"],
    }
    lines = settings.text.sessions.technical_issue
    result[rows] = say(lines, facts, uniform(world.seed, "session/trouble", key), slots, "technical_issue").to_numpy(
        object
    )
    return result
