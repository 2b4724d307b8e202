"""Contradictions found before a row is made: statements of the contract that the settings cannot meet at once.

Each check compares what the settings will come to with what a statement asks, and yields a contradiction that names
the statements, by how much they miss, and ways out. A statement that is switched off asks nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from seed_pipeline.core.plan.pairs import booked
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.rules import order
from seed_pipeline.core.sessions.calendar import capacity, crowded
from seed_pipeline.quality.feasibility.densities import densities
from seed_pipeline.quality.feasibility.engagement import engagement
from seed_pipeline.quality.feasibility.stories import levels, share_above, spreads, stories
from seed_pipeline.quality.feasibility.ways import off, tried
from seed_pipeline.quality.intervals import Size, around
from seed_pipeline.settings import Settings
from seed_pipeline.settings.contradictions import ContradictionError, Way
from seed_pipeline.settings.probabilities import Match
from seed_pipeline.settings.targets import asked, named

_TINY = 60
"""Sessions of a cohort below which somebody has lowered the minimum of everybody (O7)."""


def check(settings: Settings) -> None:
    """Raise SettingsError for the first contradiction found; otherwise a dataset of these settings meets them."""
    order(settings.correlations.rules)
    if found := _first(settings):
        raise tried(settings, found, _first)


def _first(settings: Settings) -> ContradictionError | None:
    world = World(settings)
    try:
        return next((found for test in CHECKS for found in test(world)), None)
    except ContradictionError as found:  # the plan itself cannot be made
        return found


def _capacity(world: World) -> Iterator[ContradictionError]:
    """C5 against Q4, and O7: enough sessions for everybody, and not more than the days hold."""
    cohorts = np.arange(min(world.cohorts, 2))
    world.bookings(cohorts)
    if world.sessions(cohorts).max() > capacity(world):
        yield crowded(world)


def _outcomes(world: World) -> Iterator[ContradictionError]:
    """O1 and O6 are hard; O2, O3 and O4 must be near enough to what these leave."""
    outcomes = world.settings.probabilities.outcomes
    missed = world.tutor_no_show_share
    left = 1 - outcomes.completed - missed
    if left < 0:
        yield ContradictionError(
            "probabilities.yaml, outcomes.completed", outcomes.completed,
            f"the tutor personas' no-show rates and bookings make {missed:.1%} tutor no-shows (O6), "
            f"so at most {1 - missed:.1%} can be completed (O1): {-left:.1%} too much",
            [_outcomes_as_they_come(world, max(0.0, 1 - missed - 0.04)), _no_shows_as_wished(world)],
        )  # fmt: skip
    targets = ("O3_tutor_no_shows", "O2_student_no_shows", "O4_rescheduled")
    for target, (name, share) in zip(targets, _come_to(world, missed, left).items(), strict=True):
        low, high = _band(world, target, getattr(outcomes, name), world.settings.main.total_sessions)
        if not low <= share <= high:
            yield ContradictionError(
                f"probabilities.yaml, outcomes.{name}", getattr(outcomes, name),
                f"{target[:2]} allows {low:.1%}-{high:.1%}, but completion (O1) and the tutor personas' no-show rates "
                f"under these bookings (O6) make it {share:.1%}",
                [_outcomes_as_they_come(world, outcomes.completed), _no_shows_as_wished(world), off(target)],
                _larger_cohorts(world),
            )  # fmt: skip


def _come_to(world: World, missed: float, left: float) -> dict[str, float]:
    """Shares of all sessions that tutors miss, students miss and somebody moves; of a few, in whole sessions."""
    outcomes = world.settings.probabilities.outcomes
    both = outcomes.no_show_student + outcomes.rescheduled
    absent = left * outcomes.no_show_student / both if both else 0.0
    only, total = np.arange(1), world.settings.main.total_sessions
    if world.cohorts == 1 and total <= world.settings.targets.small_at:
        missed, absent = float(world.tutor_no_shows(only).sum()) / total, float(world.student_no_shows(only)[0]) / total
        left = 1 - float(world.completed(only)[0]) / total - missed
    return {"no_show_tutor": missed, "no_show_student": absent, "rescheduled": left - absent}


def _outcomes_as_they_come(world: World, completed: float) -> Way:
    """The four shares: this much completed, the tutors' no-shows as their rates make them, the rest in proportion."""
    outcomes, missed = world.settings.probabilities.outcomes, round(world.tutor_no_show_share, 4)
    completed, both = round(completed, 4), outcomes.no_show_student + outcomes.rescheduled
    left = 1 - completed - missed
    student = round(left * (outcomes.no_show_student / both if both else 0.5), 4)
    shares = {"completed": completed, "no_show_student": student, "no_show_tutor": missed}
    shares["rescheduled"] = round(1 - sum(shares.values()), 4)
    return {
        f"probabilities.outcomes.{name}": share
        for name, share in shares.items()
        if share != getattr(outcomes, name) or name != "completed"
    }


def _no_shows_as_wished(world: World) -> Way:
    """Every tutor persona's no-show rate in proportion, so that they make the share that is configured."""
    wanted, missed = world.settings.probabilities.outcomes.no_show_tutor, world.tutor_no_show_share
    personas = world.settings.personas.tutors
    return {
        f"personas.tutors.{name}.no_show": round(p.no_show * wanted / missed, 4)
        for name, p in personas.items()
        if missed and p.no_show
    }


def _larger_cohorts(world: World) -> str:
    """What else helps where cohorts are too small to book as the settings say (O7)."""
    sessions = int(world.sessions(np.array([world.cohorts - 1]))[0])
    if np.allclose(world.expected_bookings(sessions), world.booking_shares * sessions):
        return ""
    return f"give cohorts more than {sessions} sessions (main.cohort), which leave everybody the minimum (O7)"


def _feedback(world: World) -> Iterator[ContradictionError]:
    """S5 against A4: every persona misses its rate by the same amount, so that the overall share is exact."""
    wanted = world.settings.probabilities.availability.feedback
    personas = world.settings.personas.students
    rates = np.array([p.feedback for p in personas.values()])
    weights = booked(world).sum(axis=0) / booked(world).sum()
    own = float(weights @ rates)
    low, high = -1.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ np.clip(rates + middle, 0, 1) < wanted else (low, middle)
    completed = world.settings.main.total_sessions * world.settings.probabilities.outcomes.completed
    ways = [
        {"probabilities.availability.feedback": round(own, 3)},
        {f"personas.students.{n}.feedback": round(min(1.0, p.feedback * wanted / own), 3) for n, p in personas.items()}
        if own
        else {f"personas.students.{n}.feedback": wanted for n in personas},
        off("S5_feedback"),
    ]
    for (name, persona), weight in zip(personas.items(), weights, strict=True):
        got, n = float(np.clip(persona.feedback + low, 0, 1)), completed * weight
        least, most = _band(world, "S5_feedback", persona.feedback, n)
        # Of few sessions whole ones are rounded up or down; where they are very few, the band itself is that wide.
        few = world.settings.main.total_sessions <= world.settings.targets.small_at and n > 23
        fewest, greatest = (np.floor(got * n - 0.25) / n, np.ceil(got * n + 0.25) / n) if few else (got, got)
        if not least - 0.001 <= fewest <= greatest <= most + 0.001:
            yield ContradictionError(
                "probabilities.yaml, availability.feedback", wanted,
                f"the students' own feedback rates (S5) make {own:.1%} overall, so for {wanted:.1%} (A4) {name} would "
                f"have {got:.1%} instead of {persona.feedback:.1%}, and S5 allows {least:.1%}-{most:.1%}", ways,
            )  # fmt: skip


def _heard(world: World) -> Iterator[ContradictionError]:
    """S5 against T4 in tiny cohorts: each hears every tutor persona twice, and that must leave room for the rates."""
    main, each = world.settings.main, world.settings.main.total_sessions / world.cohorts
    given = each * world.settings.probabilities.outcomes.completed * world.settings.probabilities.availability.feedback
    sure = 2 * len(world.tutor_personas) + 1
    if world.cohorts > 1 and each < _TINY and sure > 0.75 * given and asked(world.settings, "S5_feedback"):
        yield ContradictionError(
            "main.yaml, total_sessions", main.total_sessions,
            f"of {given:.0f} entries of feedback in a cohort of {each:.0f} sessions {sure} go to hearing every tutor "
            "persona (T4), which leaves too few for the students' own rates (S5)",
            [{"main.total_sessions": _TINY * world.cohorts}, off("S5_feedback")],
        )  # fmt: skip


def _churn(world: World) -> Iterator[ContradictionError]:
    """S6 against N2 and N3: the safe stay and the lost leave, whatever the persona's rate."""
    churn, personas = world.settings.probabilities.churn, world.settings.personas.students
    for name, persona in personas.items():
        lost, safe = _mostly(world, name, churn.lost), _mostly(world, name, churn.safe)
        low, high = _band(world, "S6_churn", persona.churn, persona.count * world.cohorts)
        least, most = lost / persona.count, (persona.count - safe) / persona.count
        if least > high or most < low:
            story, edge = ("N3", least) if least > high else ("N2", most)
            word = "at least" if story == "N3" else "at most"
            yield ContradictionError(
                f"personas.yaml, students.{name}.churn", persona.churn,
                f"under these bookings {word} {edge:.0%} of {name} students leave ({story}), but S6 allows "
                f"{low:.1%}-{high:.1%}",
                [{f"personas.students.{name}.churn": round(edge, 4)}, off("S6_churn")],
                f"change the groups of {name} under booking in probabilities.yaml",
            )  # fmt: skip


def _mostly(world: World, persona: str, match: Match) -> int:
    """Students of a cohort, of this persona, whom the match is about."""
    return sum(g.count for g, found in zip(world.groups, world.mostly(match), strict=True) if found) * (
        persona == match.persona
    )


def _rebooking(world: World) -> Iterator[ContradictionError]:
    """T5 against N1: first sessions with high scores are followed up within what the tutors' own rates leave."""
    stories, personas = world.settings.probabilities.stories, world.settings.personas
    if not asked(world.settings, "N1_high_score_rebooking"):
        return
    rates, shares = np.array([p.first_session_success for p in personas.tutors.values()]), booked(world)
    above = (shares * share_above((levels(world) - stories.high_score) / spreads(world))).sum(axis=1)
    first, among = shares.sum(axis=1), float(above.sum())
    least, most = (
        float(np.maximum(0.0, rates * first - (first - above)).sum()),
        float(np.minimum(above, rates * first).sum()),
    )
    wanted, slack = stories.high_score_rebooking, 0.02
    if among > 0.02 and not least / among - slack <= wanted <= most / among + slack:
        nearest = round(float(np.clip(wanted, least / among, most / among)), 3)
        yield ContradictionError(
            "probabilities.yaml, stories.high_score_rebooking", wanted,
            f"first sessions with a score above {stories.high_score:g} are mostly those of tutors whose "
            f"first_session_success (T5) allows about {least / among:.0%}-{most / among:.0%} of them to be followed "
            f"up, not {wanted:.0%} (N1)",
            [{"probabilities.stories.high_score_rebooking": nearest}, off("N1_high_score_rebooking")],
            "change first_session_success in personas.yaml",
        )  # fmt: skip


def _cascade(world: World) -> Iterator[ContradictionError]:
    """N4: a pair of the story must meet often enough for a no-show and a poor session."""
    cascade = world.settings.probabilities.stories.at_risk_cascade
    if cascade is None or not asked(world.settings, "N4_cascade"):
        return
    code = [g.group for g in world.groups].index(cascade.group)
    persona = world.tutor_personas.index(cascade.tutors)
    sessions = int(world.bookings(np.arange(1))[0, code, persona])
    no_shows = int(world.tutor_no_shows(np.arange(1))[0, persona])
    several = world.settings.personas.tutors[cascade.tutors].count > 1 and world.settings.probabilities.second_tutor > 0
    pairs = world.groups[code].count * (2 if several else 1)
    if sessions > pairs and no_shows:
        return
    theirs = float(world.expected_bookings(int(world.sessions(np.arange(1))[0]))[:, persona].sum())
    rate = {f"personas.tutors.{cascade.tutors}.no_show": round(min(1.0, 0.75 / max(theirs, 1)), 3)}
    booked_now = world.groups[code].sessions.get(cascade.tutors, 0.0) or 1.0
    more = [
        {f"probabilities.booking.{cascade.group}.sessions.{cascade.tutors}": round(booked_now * times, 2)}
        for times in ((pairs + 1) / max(sessions, 1), 2 * (pairs + 1) / max(sessions, 1))
    ]
    none = {"probabilities.stories.at_risk_cascade": None} | off("N4_cascade")
    yield ContradictionError(
        "probabilities.yaml, stories.at_risk_cascade", None,
        f"the story needs a pair with a tutor no-show and a later session (N4), but the group {cascade.group} has "
        f"{sessions} sessions with {cascade.tutors} tutors in up to {pairs} pairs of the first cohort, and the "
        f"tutors miss {no_shows}",
        [*([rate] if not no_shows else more), none],
    )  # fmt: skip


def _band(world: World, statement: str, expected: float, n: float) -> tuple[float, float]:
    """What a statement allows around its expected share of n rows; everything when nobody asks for it."""
    targets = world.settings.targets
    if not asked(world.settings, statement):
        return -1.0, 2.0
    tolerance = targets.statements[named(world.settings, statement) or statement].tolerance
    size = Size(world.settings.main.total_sessions, targets.small_at, targets.large_from, world.cohorts)
    return around(expected, tolerance, max(int(n), 1), size)


CHECKS: tuple[Callable[[World], Iterator[ContradictionError]], ...] = (
    _capacity,
    _outcomes,
    engagement,
    _feedback,
    _heard,
    _churn,
    _rebooking,
    densities,
    _cascade,
    stories,
)
