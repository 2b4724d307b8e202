"""The size of the world: cohorts, their sessions, and each cohort's exact share of every total (C3-C5, O, A).

A share that is no whole number per cohort is allotted by cumulative rounding, so that totals are exact and no cohort
needs to know another. Cohort 0 takes what is left when total_sessions is no multiple of the cohort's sessions: growing
by whole cohorts then only appends (X5).
"""

from functools import cached_property

import numpy as np

from seed_pipeline.core.sampling.randomness import GOLDEN_SHARE, rounded
from seed_pipeline.settings import Settings
from seed_pipeline.settings.contradictions import ContradictionError, Way
from seed_pipeline.settings.probabilities import Match
from seed_pipeline.settings.zones import Zone

PERIOD = 30
"""Days over which the platform's services look back."""
_ROOM = 37_500  # sessions of a chunk: some 400 MB while it is made
_AS_SESSIONS = 2  # a person's calendar and texts take the room of so many sessions


_LATEST: list["World"] = []


class World:
    """What the settings come to, before a row is made."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seed = settings.main.seed
        self.tutor_personas = tuple(settings.personas.tutors)
        self.student_personas = tuple(settings.personas.students)
        self.groups = settings.probabilities.booking

    @classmethod
    def of(cls, settings: Settings) -> "World":
        """The world of these settings, or of settings alike; asked for again and again, it is worked out once."""
        if not _LATEST or (_LATEST[0].settings is not settings and _LATEST[0].settings != settings):
            _LATEST[:] = [cls(settings)]
        return _LATEST[0]

    @cached_property
    def cohorts(self) -> int:
        """How many casts the sessions need (C5)."""
        cohort = self.settings.main.cohort
        if cohort.count != "auto":
            return int(cohort.count)
        return max(1, int(self.settings.main.total_sessions / cohort.sessions + 0.5))

    @cached_property
    def chunk_cohorts(self) -> int:
        """Cohorts made at a time: as many as asked for, or as memory is meant to hold."""
        asked = self.settings.main.chunk_cohorts
        if asked != "auto":
            return asked
        personas = self.settings.personas
        people = sum(p.count for cast in (personas.tutors, personas.students) for p in cast.values())
        largest = int(self.sessions(np.arange(min(self.cohorts, 2))).max())
        return max(1, _ROOM // max(largest, _AS_SESSIONS * people))

    @cached_property
    def zone(self) -> Zone:
        """Where hours, weekdays and dates are meant; what is stored is UTC (P10)."""
        return self.settings.main.zone

    @cached_property
    def window(self) -> tuple[np.datetime64, np.datetime64]:
        """First and last second (UTC) of the `days` before as_of 00:00, by the zone's clock and by UTC (D, P10).

        The platform's services count their 30 days in what is stored, people in the days of their place: what is
        inside both is inside for everybody.
        """
        main = self.settings.main
        close = np.datetime64(main.as_of, "s")
        edges = np.array([close - np.timedelta64(main.days, "D"), close])
        opens, closes = self.zone.utc(edges)
        return max(opens, edges[0]), min(closes, edges[1])

    @cached_property
    def slots(self) -> int:
        """Numbers set aside for the people of a role in each cohort, in their keys: 1024, or more where casts need it.

        A power of two, so that a cast that grows keeps its keys, and with them IDs and draws (X3), as long as it can.
        """
        personas = self.settings.personas
        largest = max(sum(p.count for p in cast.values()) for cast in (personas.tutors, personas.students))
        return max(1024, 1 << (largest - 1).bit_length())

    def sessions_before(self, cohorts: np.ndarray) -> np.ndarray:
        """Sessions of all earlier cohorts, for each cohort number."""
        main, count = self.settings.main, self.cohorts
        each = main.cohort.sessions if main.cohort.count == "auto" else main.total_sessions // count
        first = main.total_sessions - each * (count - 1)
        return np.where(np.asarray(cohorts) > 0, first + each * (np.asarray(cohorts) - 1), 0)

    def sessions(self, cohorts: np.ndarray) -> np.ndarray:
        """Sessions of each cohort."""
        return self.sessions_before(np.asarray(cohorts) + 1) - self.sessions_before(cohorts)

    def _allotted(self, cohorts: np.ndarray, total) -> np.ndarray:
        return total(np.asarray(cohorts) + 1) - total(np.asarray(cohorts))

    def _completed_before(self, cohorts: np.ndarray) -> np.ndarray:
        return rounded(self.settings.probabilities.outcomes.completed * self.sessions_before(cohorts))

    def completed(self, cohorts: np.ndarray) -> np.ndarray:
        """Completed sessions of each cohort (O1)."""
        return self._allotted(cohorts, self._completed_before)

    def of_completed(self, cohorts: np.ndarray, share: float) -> np.ndarray:
        """Each cohort's part of a share of all completed sessions (A2-A4, C4)."""
        return self._allotted(cohorts, lambda c: rounded(share * self._completed_before(c)))

    def of_sessions(self, cohorts: np.ndarray, share: float) -> np.ndarray:
        """Each cohort's part of a share of all sessions (O5)."""
        return self._allotted(cohorts, lambda c: rounded(share * self.sessions_before(c)))

    def tutor_no_shows(self, cohorts: np.ndarray) -> np.ndarray:
        """Tutor no-shows of each cohort (rows) and tutor persona (columns), by the personas' own rates (O6)."""
        return self._allotted(cohorts, self._tutor_no_shows_before)

    def _tutor_no_shows_before(self, cohorts: np.ndarray) -> np.ndarray:
        return rounded(self._expected_no_shows_before(cohorts))

    def _expected_no_shows_before(self, cohorts: np.ndarray) -> np.ndarray:
        # All cohorts but the first have one size; a small one books otherwise than the shares say (O7).
        sizes = self.sessions(np.array([0, min(1, self.cohorts - 1)]))
        first, each = (self._expected_no_shows(int(size)) for size in sizes)
        earlier = np.asarray(cohorts)[:, None]
        return np.where(earlier > 0, first + each * (earlier - 1), 0.0)

    def _expected_no_shows(self, size: int) -> np.ndarray:
        """Expected no-shows of each tutor persona in a cohort of `size` (O6).

        Two a month accuse a tutor: a spared persona has one for each where its rate can bear it (P2).
        """
        personas = self.settings.personas.tutors.values()
        expected = np.array([p.no_show for p in personas]) * self.expected_bookings(size).sum(axis=0)
        most = np.array([p.count * self.periods if p.spared else np.inf for p in personas])
        return np.where(expected - most < (1.0 if self.cohorts == 1 else 0.5), np.minimum(expected, most), expected)

    @cached_property
    def periods(self) -> int:
        """How many of the platform's periods of 30 days the window holds, the oldest perhaps in part."""
        return -(-self.settings.main.days // PERIOD)

    @property
    def tutor_no_show_share(self) -> float:
        """The share of all sessions that the tutor personas' rates come to (O3, O6)."""
        return float(self._expected_no_shows_before(np.array([self.cohorts])).sum() / self.settings.main.total_sessions)

    def student_no_shows(self, cohorts: np.ndarray) -> np.ndarray:
        """Student no-shows of each cohort: their part of what completion and tutor no-shows leave (O2, O4)."""
        o = self.settings.probabilities.outcomes
        both = o.no_show_student + o.rescheduled
        part = o.no_show_student / both if both else 0.0

        def before(c: np.ndarray) -> np.ndarray:
            left = self.sessions_before(c) - self._completed_before(c) - self._tutor_no_shows_before(c).sum(axis=1)
            return rounded(part * left)

        left = self.sessions(cohorts) - self.completed(cohorts) - self.tutor_no_shows(cohorts).sum(axis=1)
        return np.clip(self._allotted(cohorts, before), 0, left)

    @cached_property
    def booking_shares(self) -> np.ndarray:
        """Shares of a cohort's sessions: groups of students (rows) with tutor personas (columns); sums to 1."""
        cells = np.array([[g.sessions.get(t, 0.0) for t in self.tutor_personas] for g in self.groups])
        return cells / cells.sum()

    def mostly(self, match: Match) -> np.ndarray:
        """The groups of the persona that book these tutors for over half of their sessions (N2, N3)."""
        theirs = np.isin(self.tutor_personas, match.tutors)
        persona = np.array([g.persona == match.persona for g in self.groups])
        return persona & (self.booking_shares @ theirs > 0.5 * self.booking_shares.sum(axis=1))

    def bookings(self, cohorts: np.ndarray) -> np.ndarray:
        """Sessions of each cohort, group of students and tutor persona: shape (cohorts, groups, tutor personas).

        Systematic along the cells, tutor persona by tutor persona, so that every persona's workload is exact to within
        one session; the offset walks from cohort to cohort so that totals are too.
        """
        cohorts = np.asarray(cohorts)
        offset = (0.5 + cohorts * GOLDEN_SHARE) % 1.0
        result = np.empty((len(cohorts), len(self.groups), len(self.tutor_personas)), dtype=np.int64)
        sizes = self.sessions(cohorts)
        for size in np.unique(sizes):
            rows = sizes == size
            edges = np.concatenate([[0.0], np.cumsum(self.expected_bookings(int(size)).T.ravel())])
            edges[-1] = size
            counts = np.diff(np.floor(edges + offset[rows][:, None] + 1e-9), axis=1)
            result[rows] = counts.reshape(-1, len(self.tutor_personas), len(self.groups)).transpose(0, 2, 1)
        floors = np.array([g.count for g in self.groups]) * self.settings.main.minimum_sessions.student
        for row in np.flatnonzero((result.sum(axis=2) < floors).any(axis=1)):
            _shared(result[row], floors)
        return result

    def expected_bookings(self, size: int) -> np.ndarray:
        """Expected sessions per cell in a cohort of `size`, raised where somebody would be idle (O7)."""
        floors = self.settings.main.minimum_sessions
        tutors = np.array([p.count for p in self.settings.personas.tutors.values()]) * floors.tutor
        students = np.array([g.count for g in self.groups]) * floors.student
        need = max(int(tutors.sum()), int(students.sum()))
        if size < need:
            raise ContradictionError(
                "main.yaml, total_sessions", self.settings.main.total_sessions,
                f"a cohort has {size} sessions, but its cast needs {need} so that everybody has the minimum "
                f"({floors.tutor} a tutor, {floors.student} a student; O7)",
                [self._enough(need), *self._fewer(size)], "lower the personas' counts",
            )  # fmt: skip
        cells = self.booking_shares * size
        roomy = students + min(0.5, (size - students.sum()) / len(students))
        for _ in range(200):
            raised = _raised(_raised(cells, tutors, 0, size), roomy, 1, size)
            if (raised == cells).all():
                break
            cells = raised
        return cells

    def _enough(self, need: int) -> Way:
        """What to do so that every cohort has the sessions its cast needs."""
        main = self.settings.main
        if main.cohort.count != "auto" or self.cohorts == 1:
            return {"main.total_sessions": need * self.cohorts}
        if main.cohort.sessions < need:
            return {"main.cohort.sessions": need}
        return {"main.total_sessions": main.cohort.sessions * (self.cohorts - 1) + need}

    def _fewer(self, size: int) -> list[Way]:
        """Lower minima, so that these sessions are enough; none where people would have no session at all."""
        tutors = size // sum(p.count for p in self.settings.personas.tutors.values())
        students = size // sum(g.count for g in self.groups)
        if not tutors or not students:
            return []
        floors = self.settings.main.minimum_sessions
        most = {"tutor": min(tutors, floors.tutor), "student": min(students, floors.student)}
        return [{f"main.minimum_sessions.{who}": n for who, n in most.items() if n != getattr(floors, who)}]


def _shared(cells: np.ndarray, floors: np.ndarray) -> None:
    """Hand sessions (with tutor persona) from the group with most to spare to groups below their floor, in place."""
    for short in np.flatnonzero(cells.sum(axis=1) < floors):
        while cells[short].sum() < floors[short]:
            giver = int((cells.sum(axis=1) - floors).argmax())
            persona = int(cells[giver].argmax())
            cells[giver, persona] -= 1
            cells[short, persona] += 1


def _raised(cells: np.ndarray, floors: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Scale the columns (axis 0) or rows (axis 1) that fall below their floor up to it, the others down."""
    sums = cells.sum(axis=axis)
    low = sums < floors
    if not low.any():
        return cells
    target = np.where(low, floors, sums * (size - floors[low].sum()) / max(sums[~low].sum(), 1e-9))
    factor = target / np.where(sums > 0, sums, 1)
    return cells * (factor[None, :] if axis == 0 else factor[:, None])
