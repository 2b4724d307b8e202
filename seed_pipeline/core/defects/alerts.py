"""What correct services find in injected sessions (truth_alerts, truth_dashboard), by the same rules."""

from collections.abc import Mapping

import numpy as np

from seed_pipeline.core.answer_key.alerts import Meetings, Subjects, raised
from seed_pipeline.core.answer_key.dashboard import of_tutors
from seed_pipeline.core.answer_key.windows import Observed
from seed_pipeline.core.cast.people import window_end
from seed_pipeline.core.columns import Tables, Words
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import keys_of
from seed_pipeline.settings.facts import SCORE

_UNKNOWN = ("churn_probability", "weighted_session_score")
_NEVER = ("earlier_tutor_no_shows", "has_video", "has_screen")
"""No scene has a completed session after a no-show, nor video or screen metrics."""


def found_in(world: World, rows: Mapping[str, Tables]) -> Tables:
    """`truth_alerts` and `truth_dashboard` on the injected sessions and their people; nothing where there are none."""
    if "sessions" not in rows:
        return {}
    tutor = rows["sessions"]["sessions"].words("tutor_id")
    tutors = Words(tutor.vocabulary)
    seen = Observed(tutors, tutor.codes, rows, window_end(world))
    alerts = raised(world, _subjects(seen, tutors), seen, np.zeros(len(tutors), np.int64))
    return {"truth_alerts": alerts, "truth_dashboard": of_tutors(world.settings, seen)}


def _subjects(seen: Observed, tutors: Words) -> dict[str, Subjects]:
    student, zero = seen.sessions.words("student_id"), np.zeros(seen.rows, dtype=np.int64)
    students, score = Words(student.vocabulary), np.asarray(seen[SCORE])
    met = Meetings(tutors, students, seen.tutor, student.codes, zero, seen.sessions.words("status"), score)
    tutor_of, student_of = tutors.texts()[seen.tutor], student.texts()
    unknown = {name: np.full(len(students), np.nan) for name in _UNKNOWN}
    of_students = met.counted(keys_of(student_of), "student")
    return {
        "session": _of_sessions(seen),
        "tutor": met.counted(keys_of(tutor_of), "tutor"),
        "pair": met.counted(keys_of(tutor_of + "/" + student_of), "pair"),
        "student": of_students._replace(facts=of_students.facts.but(unknown)),
    }


def _of_sessions(seen: Observed) -> Subjects:
    """Completed sessions and their facts."""
    rows = np.flatnonzero(seen.sessions.words("status").among("completed"))
    never = {name: np.zeros(len(rows)) for name in _NEVER}
    session, cohort = seen.ids[rows], np.zeros(len(rows), dtype=np.int64)
    tutor, student = (seen.sessions.words(f"{role}_id")[rows] for role in ("tutor", "student"))
    return Subjects(keys_of(session.texts()), cohort, tutor, student, session, seen.take(rows, **never))
