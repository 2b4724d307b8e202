"""The sessions of each cohort: booked, timed, and what became of each (C3, O, A2, A3, D, Q2-Q5)."""

from collections.abc import Mapping

import numpy as np

from seed_pipeline.core.cast.people import DEPARTMENTS
from seed_pipeline.core.columns import Column, Table, Tables, Words
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import (
    chosen,
    ids,
    in_turns,
    ranks,
    rounded,
    to_total,
    uniform,
    whole_between,
)
from seed_pipeline.core.sessions import booking, calendar
from seed_pipeline.core.text import topics
from seed_pipeline.core.text.wording import say
from seed_pipeline.core.view import person
from seed_pipeline.settings import Settings

STATUS = ("completed", "no_show_tutor", "no_show_student", "rescheduled")
COMPLETED, NO_SHOW_TUTOR, NO_SHOW_STUDENT, RESCHEDULED = range(len(STATUS))
PUNCTUAL = 5  # minutes; whoever starts later is late (P7)
MOST_LATE = 8  # minutes; with the longest overrun it stays within the calendar's buffer
FEWEST_JUDGED = 5  # completed sessions of a tutor, below which the platform raises no alert
OVERRUN = (-6, 5)  # minutes
BOOKED_AHEAD = (1, 12)  # days
BOOKING_HOURS = (7 * 60, 22 * 60)  # minutes of the day at which people book


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`sessions` without score, follow-up and summary, and `work_sessions`: keys, personas and facts per session."""
    work = booking.book(world, cohorts)
    minutes = calendar.durations(world, work)
    start = calendar.schedule(world, cohorts, work, minutes)
    work = _with_people(work, upstream)
    work = work.with_columns(period=calendar.periods(world, work))
    status = _outcomes(world, cohorts, work)
    work = work.with_columns(status=Words(STATUS, status), completed=status == COMPLETED)
    work = work.with_columns(
        earlier_tutor_no_shows=_earlier_no_shows(work.number("number"), status),
        technical_issues=_technical_issues(world, cohorts, work),
        has_video=_available(world, cohorts, work, "video", settings.probabilities.availability.video),
        has_screen=_available(world, cohorts, work, "screen", settings.probabilities.availability.screen),
        homework_assigned=_homework(settings, world, work),
        scheduled_duration=minutes,
        session_id=ids(world.seed, "session/id", work.number("key")),
    )
    sessions = _rows(settings, world, work, start, upstream)
    return {
        "sessions": sessions,
        "work_sessions": work.with_columns(actual_duration=sessions.number("actual_duration")),
    }


def _with_people(work: Table, upstream: Mapping[str, Tables]) -> Table:
    """The session's personas and the subject its persons share (Q5)."""
    department = np.asarray(person(upstream, work, "tutor", "department"))
    studied = [np.asarray(person(upstream, work, "student", f"subject_{d}")) for d in range(DEPARTMENTS)]
    return work.with_columns(
        tutor_persona=person(upstream, work, "tutor", "persona"),
        student_persona=person(upstream, work, "student", "persona"),
        subject=np.choose(department, studied),
    )


def in_cascade(world: World, work: Table) -> np.ndarray:
    """Whether each session belongs to a pair of the at-risk cascade (N4)."""
    cascade = world.settings.probabilities.stories.at_risk_cascade
    if cascade is None:
        return np.zeros(work.rows, dtype=bool)
    group = [g.group for g in world.groups].index(cascade.group)
    persona = world.tutor_personas.index(cascade.tutors)
    return (work.number("group") == group) & (work.number("tutor_persona") == persona)


def _of_the_lost(world: World, work: Table) -> np.ndarray:
    """Whether each session is one of a lost student with one of the tutors who lose them (N3)."""
    lost = world.settings.probabilities.churn.lost
    tutors = [world.tutor_personas.index(t) for t in lost.tutors]
    return world.mostly(lost)[work.number("group")] & np.isin(work.number("tutor_persona"), tutors)


def _outcomes(world: World, cohorts: range, work: Table) -> np.ndarray:
    """Each session's status (a code of STATUS): exact counts per cohort (O1-O4), tutor no-shows per persona (O6).

    A persona's no-shows are dealt out over its tutors and periods (P2); tutors whom the platform is to find hold enough
    sessions for it to look at them (P1).
    """
    seed, key = world.seed, work.number("key")
    # A tutor in a period of the platform's: its services judge these apart.
    tutor_period = work.number("tutor") * world.periods + work.number("period")
    numbers = np.arange(cohorts.start, cohorts.stop)
    local = work.number("cohort") - cohorts.start
    cascade, first = in_cascade(world, work), work.number("number") == 1
    # The story's pair, of several the one that meets most, begins with a no-show, and its later sessions take place
    # (N4); so do those of students who are to be lost with the tutors who lose them (N3).
    kept = cascade | _of_the_lost(world, work)
    turn = np.where(kept, 2.0, uniform(seed, "session/tutor_no_show", key))
    turn = np.where(cascade & first, -work.number("pair_size"), turn)
    persona = work.number("tutor_persona")
    place = in_turns(local * len(world.tutor_personas) + persona, tutor_period, turn)
    no_show_tutor = place < world.tutor_no_shows(numbers)[local, persona]

    absence = np.array([p.absence for p in world.settings.personas.students.values()])[work.number("student_persona")]
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
    return np.select([no_show_tutor, no_show_student, absent], [NO_SHOW_TUTOR, NO_SHOW_STUDENT, RESCHEDULED], COMPLETED)


def _earlier_no_shows(number: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Tutor no-shows in the pair's earlier sessions (rows are sorted by pair and number)."""
    missed = (status == NO_SHOW_TUTOR).astype(np.int64)
    before = np.cumsum(missed) - missed
    first = number == 1
    return before - before[first][np.cumsum(first) - 1]


def _chosen(world: World, purpose: str, work: Table, chance: np.ndarray, *strata: np.ndarray) -> np.ndarray:
    """Sessions chosen by chance, evenly along the strata within each cohort."""
    return chosen(world.seed, purpose, chance, work.number("cohort"), 0, work.number("key"), *strata)


def _technical_issues(world: World, cohorts: range, work: Table) -> np.ndarray:
    """Completed sessions with technical issues: an exact share of all sessions (O5), first ones likelier (N6)."""
    outcomes = world.settings.probabilities.outcomes
    local, first = work.number("cohort") - cohorts.start, work.number("number") == 1
    weight = np.where(first, outcomes.technical_issues_first_session, 1.0) * work.number("completed")
    total = world.of_sessions(np.arange(cohorts.start, cohorts.stop), outcomes.technical_issues)
    return _chosen(world, "technical_issues", work, to_total(weight, local, total), first)


def _available(world: World, cohorts: range, work: Table, name: str, share: float) -> np.ndarray:
    """Completed sessions for which a kind of recording exists: an exact share (A2, A3), even over the personas."""
    local = work.number("cohort") - cohorts.start
    total = world.of_completed(np.arange(cohorts.start, cohorts.stop), share)
    chance = to_total(work.number("completed") * 1.0, local, total)
    strata = (work.number("tutor_persona"), work.number("student_persona"))
    return _chosen(world, name, work, chance, *strata)


def _homework(settings: Settings, world: World, work: Table) -> np.ndarray:
    rates = np.array([p.homework for p in settings.personas.tutors.values()])[work.number("tutor_persona")]
    chance = rates * work.number("completed")
    return _chosen(world, "homework", work, chance, work.number("tutor_persona"))


def _minutes_late(settings: Settings, world: World, work: Table) -> np.ndarray:
    """Minutes that each session starts late: over PUNCTUAL for a persona's share of completed sessions (P7).

    The share is rounded in every cohort, so that weaker personas never look more punctual, and dealt out over tutors.
    """
    seed, key, persona = world.seed, work.number("key"), work.number("tutor_persona")
    done, u = work.number("completed"), uniform(seed, "session/late", key)
    shares = np.array([p.late for p in settings.personas.tutors.values()])
    groups = (work.number("cohort") * len(shares) + persona) * 2 + ~done
    size = ranks(groups, u)[1]
    late = done & (in_turns(groups, work.number("tutor"), u) < rounded(shares[persona] * size))
    minutes = uniform(seed, "session/minutes_late", key)
    return np.where(late, whole_between(minutes, PUNCTUAL + 1, MOST_LATE), np.floor((PUNCTUAL + 1) * minutes**2))


def _rows(settings: Settings, world: World, work: Table, start: np.ndarray, upstream: Mapping[str, Tables]) -> Table:
    """The platform's rows."""
    seed, key, minutes = world.seed, work.number("key"), work.number("scheduled_duration")
    status, done = work.words("status").codes, work.number("completed")
    late = _minutes_late(settings, world, work).astype("timedelta64[m]")
    actual_minutes = minutes + whole_between(uniform(seed, "session/overrun", key), *OVERRUN)
    actual_start = np.where(done, start + late.astype("timedelta64[s]"), np.datetime64("NaT", "s"))
    days_ahead = whole_between(uniform(seed, "session/booked_ahead", key), *BOOKED_AHEAD).astype("timedelta64[D]")
    minute = whole_between(uniform(seed, "session/booked_at", key), *BOOKING_HOURS) * 60
    day = world.zone.local(start).astype("datetime64[D]") - days_ahead
    booked_at = world.zone.utc(day.astype("datetime64[s]") + minute.astype("timedelta64[s]"))
    moved = status == RESCHEDULED
    moved_by_tutor = _chosen(
        world, "moved_by", work, moved * settings.probabilities.outcomes.rescheduled_by_tutor, work.number("tutor")
    )
    return Table(
        {
            "id": work["session_id"],
            "tutor_id": person(upstream, work, "tutor", "user_id"),
            "student_id": person(upstream, work, "student", "user_id"),
            "scheduled_start": start,
            "actual_start": actual_start,
            "scheduled_duration": minutes,
            "actual_duration": np.where(done, actual_minutes, np.nan),
            "subject_id": upstream["reference"]["subjects"].words("id")[work.number("subject")],
            "session_number": work["number"],
            "status": work["status"],
            "tutor_showed_up": status != NO_SHOW_TUTOR,
            "student_showed_up": status != NO_SHOW_STUDENT,
            "rescheduled_by": Words(("tutor", "student"), np.where(moved, np.where(moved_by_tutor, 0, 1), -1)),
            "technical_issues": work["technical_issues"],
            "technical_issues_description": _trouble(settings, world, work),
            "has_audio_analysis": done,
            "has_video_analysis": work["has_video"],
            "has_screen_monitoring": work["has_screen"],
            "homework_assigned": work["homework_assigned"],
            "completed_at": actual_start + actual_minutes.astype("timedelta64[m]").astype("timedelta64[s]"),
            "created_at": booked_at,
        }
    )


def _trouble(settings: Settings, world: World, work: Table) -> Words:
    """What went wrong, where something did."""
    troubled = work.number("technical_issues")
    rows = work.take(np.flatnonzero(troubled))
    key = rows.number("key")
    facts: dict[str, Column] = {
        "session_number": rows.number("number"),
        "scheduled_duration": rows.number("scheduled_duration"),
        "category": topics.subjects(world, rows.number("subject"), "category"),
    }
    slots = {
        "minutes": Words(whole_between(uniform(world.seed, "session/trouble_minutes", key), 2, 9).astype(str)),
        "topic": topics.slots(world, topics.of_sessions(world, rows)[0])["topic"],
    }
    lines = settings.text.sessions.technical_issue
    u = uniform(world.seed, "session/trouble", key)
    said = say(lines, Facts(facts, rows.rows), u, slots, "technical_issue")
    return Words(said.vocabulary, np.where(troubled, np.cumsum(troubled) - 1, -1))
