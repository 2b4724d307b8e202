"""The size of the world: exact shares for every size, whole cohorts appended, nobody idle (C3-C5, O)."""

import pickle

import numpy as np
import pytest

from seed_pipeline.core.cast.people import places
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sessions.booking import book
from seed_pipeline.settings import Cohort
from seed_pipeline.settings.files import SettingsError
from seed_pipeline_tests.core.conftest import settings_with


def world(*overrides: str) -> World:
    return World(settings_with(*overrides))


@pytest.mark.parametrize("total", [60, 74, 75, 149, 150, 151, 225, 300, 1_501, 100_000])
def test_any_total_is_met_exactly(total):
    """Sessions and completed sessions of all cohorts add up to the configured figures (C3, O1)."""
    w = world(f"main.total_sessions={total}")
    cohorts = np.arange(w.cohorts)
    assert w.sessions(cohorts).sum() == total
    assert w.bookings(cohorts).sum() == total
    assert w.completed(cohorts).sum() == int(0.88 * total + 0.5)


def test_the_default_cohort_is_the_contracts():
    """132 completed, 66 with video, 53 with screen, 412 highlights, 8 with technical issues (C4, A, O5)."""
    w, first = world(), np.array([0])
    assert w.completed(first) == 132
    assert [int(w.of_completed(first, share)[0]) for share in (0.5, 0.4, 3.12)] == [66, 53, 412]
    assert w.of_sessions(first, 0.05) == 8
    assert w.tutor_no_shows(first).tolist() == [[2, 1, 1, 2]]


def test_growing_by_whole_cohorts_only_appends():
    """Cohorts that exist keep their sizes and bookings (X5)."""
    small, large = world("main.total_sessions=475"), world("main.total_sessions=1675")
    cohorts = np.arange(small.cohorts)
    assert (small.bookings(cohorts) == large.bookings(cohorts)).all()
    assert (small.tutor_no_shows(cohorts) == large.tutor_no_shows(cohorts)).all()


def test_nobody_is_idle_even_in_a_small_world():
    """At 60 sessions every tutor persona has 4 a tutor and every group 3 a student (O7)."""
    w = world("main.total_sessions=60")
    cells = w.bookings(np.array([0]))[0]
    tutors = [p.count for p in w.settings.personas.tutors.values()]
    assert (cells.sum(axis=0) >= 4 * np.array(tutors)).all()
    assert (cells.sum(axis=1) >= 3 * np.array([g.count for g in w.groups])).all()


def test_a_world_too_small_for_its_cast_is_refused():
    """The message names the fewest sessions that the cast needs."""
    with pytest.raises(SettingsError, match="total_sessions to 60"):
        world("main.total_sessions=59").bookings(np.array([0]))


def test_no_two_people_or_sessions_share_a_key_however_large_the_cast():
    """2,600 students in each of two cohorts, where keys count to 1,024 in a usual one (Q9, X4)."""
    usual = settings_with()
    main = usual.main.model_copy(update={"total_sessions": 16_000, "cohort": Cohort(sessions=8_000)})
    larger = [g.model_copy(update={"count": 130 * g.count}) for g in usual.probabilities.booking]
    students = {n: p.model_copy(update={"count": 130 * p.count}) for n, p in usual.personas.students.items()}
    personas = usual.personas.model_copy(update={"students": students})
    probabilities = usual.probabilities.model_copy(update={"booking": larger})
    w = World(usual.model_copy(update={"main": main, "personas": personas, "probabilities": probabilities}))
    people = places(w, range(2), [p.count for p in students.values()])
    assert len(np.unique(people["key"])) == people.rows
    assert people.rows == 5_200
    assert len(np.unique((booked := book(w, range(2)))["key"])) == booked.rows


def test_persona_workloads_are_exact_over_many_cohorts():
    """Weaker tutors are booked less, in the stated shares (settlement under O)."""
    w = world("main.total_sessions=150000")
    by_persona = w.bookings(np.arange(w.cohorts)).sum(axis=(0, 1))
    assert np.abs(by_persona / 150_000 - np.array([113, 21, 7, 9]) / 150).max() < 1e-4


def test_settings_that_came_by_mail_are_the_same_world() -> None:
    """Each chunk's settings reach a worker as a copy; what they come to is worked out once."""
    settings = settings_with()
    assert World.of(settings) is World.of(pickle.loads(pickle.dumps(settings)))
    assert World.of(settings_with("main.seed=7")) is not World.of(settings)
