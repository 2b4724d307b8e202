"""The answer key: what every row was made from and what a correct service finds in it (truth_* tables)."""

from collections.abc import Mapping

import numpy as np

from seed_pipeline.core import rules as engine
from seed_pipeline.core import view
from seed_pipeline.core.answer_key.alerts import Meetings, Subjects, raised
from seed_pipeline.core.answer_key.dashboard import of_tutors
from seed_pipeline.core.answer_key.windows import Observed
from seed_pipeline.core.cast.people import window_end
from seed_pipeline.core.columns import Table, Tables, Words, constant, stacked
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.draws import Draws
from seed_pipeline.core.sessions.outcomes import in_cascade
from seed_pipeline.schema import metadata
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import RATING, SCORE

STEEP = 0.6  # of the steepest trend: from here a pair's course is a story
LONG = 3  # sessions a pair needs for a course


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """All `truth_*` tables."""
    work, tutors = upstream["sessions"]["work_sessions"], upstream["tutors"]["work_tutors"]
    seen = Observed(tutors.words("user_id"), view.row_of(upstream, work, "tutor"), upstream, window_end(world))
    churn = upstream["churn"]["work_churn"]
    return {
        "truth_personas": _personas(world, upstream),
        "truth_sessions": _sessions(world, upstream),
        "truth_effects": _effects(upstream),
        "truth_churn": Table({"student_id": churn["user_id"], **churn.only([c for c in churn if c != "user_id"])}),
        "truth_alerts": raised(world, _subjects(world, upstream), seen, tutors["cohort"]),
        "truth_dashboard": of_tutors(settings, seen),
        "truth_defects": Table({c.name: constant(None, 0) for c in metadata.tables["truth_defects"].columns}),
    }


def _personas(world: World, upstream: Mapping[str, Tables]) -> Table:
    """Everybody's persona, cohort by cohort, so that chunks add up to the whole (X1)."""
    parts = []
    for role, personas in (("tutor", world.tutor_personas), ("student", world.student_personas)):
        people = upstream[f"{role}s"][f"work_{role}s"]
        known = people.only(("cohort", "user_id"))
        parts.append(known.with_columns(role=constant(role, people.rows), persona=Words(personas, people["persona"])))
    whole = stacked(parts)
    return whole.take(np.argsort(whole["cohort"], kind="stable")).only(("user_id", "role", "persona"))


def _sessions(world: World, upstream: Mapping[str, Tables]) -> Table:
    """Off days (T6) and the name of the story a session belongs to."""
    work = upstream["sessions"]["work_sessions"]
    off_day = np.zeros(work.rows, dtype=bool)
    off_day[work["completed"]] = upstream["metrics"]["work_metrics"]["off_day"]
    slope, long = Draws(world, work).slope, work["pair_size"] >= LONG
    stories = {
        "at_risk_cascade": in_cascade(world, work),
        "off_day": off_day,
        "getting_better": long & (slope > STEEP),
        "getting_worse": long & (slope < -STEEP),
    }
    story = np.select(list(stories.values()), range(len(stories)), -1)
    return Table({"session_id": work["session_id"], "off_day": off_day, "story": Words(list(stories), story)})


def _subjects(world: World, upstream: Mapping[str, Tables]) -> dict[str, Subjects]:
    """The facts of every session, tutor, pair and student that an alert can be about."""
    work, tutors, students = (upstream[e][f"work_{e}"] for e in ("sessions", "tutors", "students"))
    rows = {role: view.row_of(upstream, work, role) for role in ("tutor", "student")}
    score, who = upstream["metrics"]["sessions"][SCORE], (tutors.words("user_id"), students.words("user_id"))
    met = Meetings(*who, rows["tutor"], rows["student"], work["cohort"], work.words("status"), score)
    churned = upstream["churn"]["work_churn"]
    student = met.counted(students["key"][rows["student"]], "student")
    of = np.searchsorted(students["key"], student.key)
    known = {name: churned[name][of] for name in churned if name != "user_id"}
    return {
        "session": _of_sessions(world, upstream),
        "tutor": met.counted(tutors["key"][rows["tutor"]], "tutor"),
        "pair": met.counted(work["pair"], "pair"),
        "student": student._replace(facts=student.facts.but(known)),
    }


def _of_sessions(world: World, upstream: Mapping[str, Tables]) -> Subjects:
    """Completed sessions, with what is stored of them."""
    done, given = view.completed(upstream), upstream["feedback"]["session_feedback"]
    rating = np.full(done.rows, np.nan)
    rating[given.words("session_id").among_rows(Words(done.words("session_id").arrow()))] = given[RATING]
    facts = view.facts(world, upstream, done).but({RATING: rating})
    tutor, student = (view.person(upstream, done, role, "user_id") for role in ("tutor", "student"))
    return Subjects(done["key"], done["cohort"], tutor, student, done.words("session_id"), facts)


def _effects(upstream: Mapping[str, Tables]) -> Table:
    """The journals of all entities, by session, metric and order of application."""
    journal = engine.journals([upstream[e]["work_effects"] for e in ("metrics", "feedback", "churn")])
    work = upstream["sessions"]["work_sessions"]
    session = work.words("session_id")[np.searchsorted(work["key"], journal["key"])]
    told = journal.only(("metric", "seq", "rule", "before", "after"))
    return Table({"session_id": session, **told.with_columns(seq=journal.number("seq").astype(np.int32))})
