"""Contradictions found before a row is made: statements of the contract that the settings cannot meet at once.

Each check compares what the settings will come to with what a statement asks, and raises SettingsError that names the
statements, by how much they miss, and the nearest setting that works.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from seed_pipeline.core.calendar import capacity, crowded, trend_ratio
from seed_pipeline.core.pairs import booked, engagement_means
from seed_pipeline.core.rules import order
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings
from seed_pipeline.settings.files import SettingsError
from seed_pipeline.settings.probabilities import Match


def check(settings: Settings) -> None:
    """Raise SettingsError for the first contradiction found; otherwise a dataset of these settings meets them."""
    order(settings.correlations.rules)
    world = World(settings)
    for test in CHECKS:
        test(world)


def _capacity(world: World) -> None:
    """C5 against Q4, and O7: enough sessions for everybody, and not more than the days hold."""
    sizes = world.sessions(np.arange(min(world.cohorts, 2)))
    world.bookings(np.arange(min(world.cohorts, 2)))
    if sizes.max() > capacity(world):
        raise crowded(world)


def _outcomes(world: World) -> None:
    """O1 and O6 are hard; O2, O3 and O4 must be near enough to what these leave."""
    outcomes = world.settings.probabilities.outcomes
    missed = world.tutor_no_show_share
    left = 1 - outcomes.completed - missed
    if left < 0:
        raise SettingsError(
            "probabilities.yaml, outcomes.completed", outcomes.completed,
            f"the tutor personas' no-show rates and bookings make {missed:.1%} tutor no-shows (O6), "
            f"so at most {1 - missed:.1%} can be completed (O1): {-left:.1%} too much",
            f"set completed to {1 - missed - 0.04:.3f} or less, or lower no_show in personas.yaml",
        )  # fmt: skip
    both = outcomes.no_show_student + outcomes.rescheduled
    part = outcomes.no_show_student / both if both else 0.0
    come = {
        "no_show_tutor": ("O3_tutor_no_shows", missed),
        "no_show_student": ("O2_student_no_shows", left * part),
        "rescheduled": ("O4_rescheduled", left * (1 - part)),
    }
    for name, (target, share) in come.items():
        low, high = _band(world, target, getattr(outcomes, name), world.settings.main.total_sessions)
        if not low <= share <= high:
            raise SettingsError(
                f"probabilities.yaml, outcomes.{name}", getattr(outcomes, name),
                f"{target[:2]} allows {low:.1%}-{high:.1%}, but completion (O1) and the tutor personas' no-show rates "
                f"under these bookings (O6) make it {share:.1%}",
                f"set outcomes.{name} to {share:.3f} and take the difference from the other outcomes, or change "
                "no_show in personas.yaml" + _larger_cohorts(world),
            )  # fmt: skip


def _larger_cohorts(world: World) -> str:
    """What else helps where cohorts are too small to book as the settings say (O7)."""
    sessions = int(world.sessions(np.array([world.cohorts - 1]))[0])
    if np.allclose(world.expected_bookings(sessions), world.booking_shares * sessions):
        return ""
    return f", or give cohorts more than {sessions} sessions (main.cohort), which leave everybody the minimum (O7)"


def _engagement(world: World) -> None:
    """T3 and S1 at once."""
    engagement_means(world)


def _feedback(world: World) -> None:
    """S5 against A4: every persona misses its rate by the same amount, so that the overall share is exact."""
    wanted = world.settings.probabilities.availability.feedback
    rates = np.array([p.feedback for p in world.settings.personas.students.values()])
    weights = booked(world).sum(axis=0) / booked(world).sum()
    own = weights @ rates
    low, high = -1.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ np.clip(rates + middle, 0, 1) < wanted else (low, middle)
    completed = world.settings.main.total_sessions * world.settings.probabilities.outcomes.completed
    for (name, persona), weight in zip(world.settings.personas.students.items(), weights, strict=True):
        got, n = float(np.clip(persona.feedback + low, 0, 1)), completed * weight
        least, most = _band(world, "S5_feedback", persona.feedback, n)
        # Of few sessions whole ones are rounded up or down; where they are very few, the band itself is that wide.
        few = world.settings.main.total_sessions <= world.settings.targets.small_at and n > 23
        fewest, greatest = (np.floor(got * n - 0.25) / n, np.ceil(got * n + 0.25) / n) if few else (got, got)
        if not least - 0.001 <= fewest <= greatest <= most + 0.001:
            raise SettingsError(
                "probabilities.yaml, availability.feedback", wanted,
                f"the students' own feedback rates (S5) make {own:.1%} overall, so for {wanted:.1%} (A4) {name} would "
                f"have {got:.1%} instead of {persona.feedback:.1%}, and S5 allows {least:.1%}-{most:.1%}",
                f"set availability.feedback between {own - 0.045:.3f} and {own + 0.045:.3f}, or change feedback in "
                "personas.yaml",
            )  # fmt: skip


def _churn(world: World) -> None:
    """S6 against N2 and N3: the safe stay and the lost leave, whatever the persona's rate."""
    churn, personas = world.settings.probabilities.churn, world.settings.personas.students
    for name, persona in personas.items():
        lost, safe = _mostly(world, name, churn.lost), _mostly(world, name, churn.safe)
        low, high = _band(world, "S6_churn", persona.churn, persona.count * world.cohorts)
        least, most = lost / persona.count, (persona.count - safe) / persona.count
        if least > high or most < low:
            story, edge = ("N3", least) if least > high else ("N2", most)
            word = "at least" if story == "N3" else "at most"
            raise SettingsError(
                f"personas.yaml, students.{name}.churn", persona.churn,
                f"under these bookings {word} {edge:.0%} of {name} students leave ({story}), but S6 allows "
                f"{low:.1%}-{high:.1%}",
                f"set churn to {edge:.2f}, or change the groups of {name} under booking in probabilities.yaml",
            )  # fmt: skip


def _mostly(world: World, persona: str, match: Match) -> int:
    """Students of a cohort, of this persona, whom the match is about."""
    return sum(g.count for g, found in zip(world.groups, world.mostly(match), strict=True) if found) * (
        persona == match.persona
    )


def _rebooking(world: World) -> None:
    """T5 against N1: first sessions with high scores are followed up within what the tutors' own rates leave."""
    stories, personas = world.settings.probabilities.stories, world.settings.personas
    shares, least, most, among = booked(world), 0.0, 0.0, 0.0
    for row, (name, persona) in zip(shares, personas.tutors.items(), strict=True):
        levels = [
            (personas.pairs.score[name][s] - stories.high_score) / max(persona.score_spread + 0.3, 0.05)
            for s in world.student_personas
        ]
        high = float(row @ _share_above(np.array(levels)))
        first, rate = float(row.sum()), persona.first_session_success
        least += max(0.0, rate * first - (first - high))
        most += min(high, rate * first)
        among += high
    wanted, slack = stories.high_score_rebooking, 0.02
    if among > 0.02 and not least / among - slack <= wanted <= most / among + slack:
        nearest = float(np.clip(wanted, least / among, most / among))
        raise SettingsError(
            "probabilities.yaml, stories.high_score_rebooking", wanted,
            f"first sessions with a score above {stories.high_score:g} are mostly those of tutors whose "
            f"first_session_success (T5) allows about {least / among:.0%}-{most / among:.0%} of them to be followed "
            f"up, not {wanted:.0%} (N1)",
            f"set high_score_rebooking to about {nearest:.2f}, or change first_session_success in personas.yaml",
        )  # fmt: skip


def _share_above(standardised: np.ndarray) -> np.ndarray:
    """Share of a triangular bell above zero when its mean lies that many standard deviations above it."""
    x = np.clip(standardised / np.sqrt(6.0), -1, 1)
    return np.where(x > 0, 1 - (1 - x) ** 2 / 2, (1 + x) ** 2 / 2)


class Miss(NamedTuple):
    """A density under time in probabilities.yaml that does not meet its statement."""

    statement: str
    key: str
    why: str
    remedy: str


def _time(world: World) -> None:
    """D1-D4: the densities themselves meet what is measured on them."""
    time, targets = world.settings.probabilities.time, world.settings.targets.statements
    names = ("D1_peak_hours", "D2_busy_weekdays", "D3_durations", "D4_recency")
    using = {name[:2]: targets[name].using for name in names if name in targets}
    for miss in (
        *_hours(time.hours, using.get("D1")),
        *_weekdays(time.weekdays, using.get("D2")),
        *_recency(world, using.get("D4")),
        *_durations(time.durations, using.get("D3")),
    ):
        why = f"{miss.statement} cannot hold: {miss.why}"
        raise SettingsError(f"probabilities.yaml, time.{miss.key}", None, why, miss.remedy)


def _hours(weights: Mapping[int, float], using: Mapping | None) -> Iterator[Miss]:
    if not using:
        return
    peak = float((np.sort(list(weights.values()))[::-1] / sum(weights.values()))[: using["hours"]].sum())
    least = using["at_least"] + 0.03
    if peak < least:
        why = f"the busiest hours hold {peak:.0%}"
        yield Miss("D1", "hours", why, f"give them weights that make {least:.0%} or more")


def _weekdays(weights: Mapping[str, float], using: Mapping | None) -> Iterator[Miss]:
    if not using:
        return
    days, busy = np.sort(list(weights.values()))[::-1], using["days"]
    if busy and days[busy - 1] < 1.25 * days[busy]:
        why = f"the {busy} busiest weekdays must stand out"
        yield Miss("D2", "weekdays", why, "give each at least 1.25 times the weight of the next")


def _recency(world: World, using: Mapping | None) -> Iterator[Miss]:
    if using and (ratio := trend_ratio(world)) < using["at_least"] + 0.03:
        yield Miss("D4", "recency", f"the newer half holds {ratio:.2f} times the older", "raise recency")


def _durations(shares: Mapping[int, float], using: Mapping | None) -> Iterator[Miss]:
    if not using:
        return
    usual, least = sum(shares.get(m, 0) for m in using["usual"]), using["at_least"] + 0.02
    if usual < least:
        yield Miss("D3", "durations", f"the usual durations hold {usual:.0%}", f"let them make {least:.0%} or more")
    low, high = using["others"][0] + 0.02, using["others"][1] - 0.02
    for minutes in (30, 90):
        if not low <= (share := shares.get(minutes, 0.0)) <= high:
            why = f"{minutes} minutes hold {share:.0%}"
            yield Miss("D3", f"durations.{minutes}", why, f"let them make {low:.0%} to {high:.0%}")


def _cascade(world: World) -> None:
    """N4: the story's pair must meet often enough for a no-show and a poor session."""
    cascade = world.settings.probabilities.stories.at_risk_cascade
    if cascade is None:
        return
    code = [g.group for g in world.groups].index(cascade.group)
    persona = world.tutor_personas.index(cascade.tutors)
    sessions = int(world.bookings(np.array([0]))[0, code, persona])
    no_shows = int(world.tutor_no_shows(np.array([0]))[0, persona])
    if sessions < 2 or no_shows < 1:
        raise SettingsError(
            "probabilities.yaml, stories.at_risk_cascade", None,
            f"the story needs a tutor no-show and a later session (N4), but the group {cascade.group} has {sessions} "
            f"sessions with {cascade.tutors} tutors in the first cohort, and these miss {no_shows}",
            f"give {cascade.group} at least 3 sessions with {cascade.tutors} under booking, or raise their no_show, "
            "or remove the story",
        )  # fmt: skip


def _band(world: World, target: str, expected: float, n: float) -> tuple[float, float]:
    """What a statement allows around its expected share of n rows; everything when the targets leave it out."""
    targets = world.settings.targets
    if target not in targets.statements:
        return -1.0, 2.0
    tolerance = targets.statements[target].tolerance
    counts = tolerance.counts if tolerance.counts is not None else 0.5
    below, above = counts if isinstance(counts, tuple) else (counts, counts)
    wide = max(
        tolerance.large,
        tolerance.relative * expected,
        tolerance.small * min(1.0, targets.small_at / world.settings.main.total_sessions),
    )
    return expected - max(wide, below / max(n, 1)), expected + max(wide, above / max(n, 1))


CHECKS: tuple[Callable[[World], None], ...] = (
    _capacity,
    _outcomes,
    _engagement,
    _feedback,
    _churn,
    _rebooking,
    _time,
    _cascade,
)
