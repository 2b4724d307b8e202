"""Whether the stories can be told: poor sessions for who is to have them, ratings and leaving that follow the scores.

All is judged on what each pair of personas comes to: a level of score, and a spread of a triangular bell around it.
"""

from collections.abc import Iterator

import numpy as np

from seed_pipeline.core.feedback import UNKIND
from seed_pipeline.core.plan.pairs import booked
from seed_pipeline.core.plan.world import World
from seed_pipeline.quality.feasibility.ways import off
from seed_pipeline.settings.contradictions import ContradictionError
from seed_pipeline.settings.ranges import middle
from seed_pipeline.settings.targets import asked

_SURE, _FORGIVABLE, _FALLING, _BEARS_ONE = 0.9, 1.0, -0.25, 3.5


def levels(world: World) -> np.ndarray:
    """Scores before rules of tutor personas (rows) with student personas (columns)."""
    pairs = world.settings.personas.pairs.score
    return np.array([[pairs[t][s] for s in world.student_personas] for t in world.tutor_personas])


def spreads(world: World) -> np.ndarray:
    """Standard deviations of these scores, one for each tutor persona, as a column."""
    tutors = world.settings.personas.tutors.values()
    return np.array([[max(p.score_spread + 0.3, 0.05)] for p in tutors])


def share_above(standardised: np.ndarray) -> np.ndarray:
    """Share of a triangular bell above zero when its mean lies that many standard deviations above it."""
    x = np.clip(standardised / np.sqrt(6.0), -1, 1)
    return np.where(x > 0, 1 - (1 - x) ** 2 / 2, (1 + x) ** 2 / 2)


def poor(world: World, shift: float = 0.0) -> np.ndarray:
    """The share of poor sessions of each pair of personas, their scores moved by `shift`."""
    limit = world.settings.probabilities.stories.poor_score
    return share_above((limit - levels(world) - shift) / spreads(world))


def stories(world: World) -> Iterator[ContradictionError]:
    """N4, N7, T4 and R9 against poor_score, the pairs' scores and the odds of churn."""
    yield from _broken_trust(world)
    yield from _forgiven(world)
    yield from _ratings(world)
    yield from _churn_falls(world)


def _broken_trust(world: World) -> Iterator[ContradictionError]:
    """N4: the cascade's sessions after the no-show are poor."""
    chosen = world.settings.probabilities.stories
    if chosen.at_risk_cascade is None or not asked(world.settings, "N4_cascade"):
        return
    persona = next(g.persona for g in world.groups if g.group == chosen.at_risk_cascade.group)
    cell = world.tutor_personas.index(chosen.at_risk_cascade.tutors), world.student_personas.index(persona)
    shift = sum(
        effect.add or 0.0
        for rule in world.settings.correlations.rules
        for effect in rule.effects
        if effect.metric == "overall_session_score" and any(c.fact == "earlier_tutor_no_shows" for c in rule.when)
    )
    share = float(poor(world, shift)[cell])
    if share < _SURE:
        level, spread = float(levels(world)[cell] + shift), float(spreads(world)[cell[0], 0])
        enough = round(min(10.0, level + 1.4 * spread), 1)
        yield ContradictionError(
            "probabilities.yaml, stories.poor_score", chosen.poor_score,
            f"after a no-show the sessions of the cascade's pair score about {level:.1f}, so that only {share:.0%} of "
            "them would be poor, and the story (N4) needs them to be",
            [{"probabilities.stories.poor_score": enough}, off("N4_cascade") | off("N7_forgiving")],
            "lower pairs.score in personas.yaml",
        )  # fmt: skip


def _forgiven(world: World) -> Iterator[ContradictionError]:
    """N7: there are poor sessions that can be rated kindly, of tutors whose mean rating bears it."""
    chosen, personas = world.settings.probabilities.stories, world.settings.personas.tutors
    if not chosen.forgiving or not asked(world.settings, "N7_forgiving"):
        return
    able = np.array([[p.rating[1] >= _BEARS_ONE] for p in personas.values()])
    outcomes, total = world.settings.probabilities.outcomes, world.settings.main.total_sessions
    many = outcomes.completed * total * float((booked(world) * poor(world) * able).sum() / booked(world).sum())
    if many < _FORGIVABLE:
        higher = [value for value in (4.0, 4.5, 5.0, 5.5, 6.0) if value > chosen.poor_score]
        yield ContradictionError(
            "probabilities.yaml, stories.poor_score", chosen.poor_score,
            f"only about {many:.1f} sessions would be poor and of tutors whose rating bears a kind word, too few for "
            "one that surely gets it (N7)",
            [*({"probabilities.stories.poor_score": value} for value in higher[:2]), off("N7_forgiving")],
        )  # fmt: skip


def _ratings(world: World) -> Iterator[ContradictionError]:
    """T4 against N7: what is poor is rated below kind, whoever teaches it."""
    if not asked(world.settings, "T4_rating"):
        return
    forgiving = world.settings.probabilities.stories.forgiving
    for name, row, weights in zip(world.tutor_personas, poor(world), booked(world), strict=True):
        low, high = world.settings.personas.tutors[name].rating
        share = float(row @ weights / weights.sum()) if weights.sum() else 0.0
        most = 5 * (1 - share) + share * (5 * forgiving + UNKIND * (1 - forgiving))
        if most < middle((low, high)):
            limit = world.settings.probabilities.stories.poor_score
            lower = {"probabilities.stories.poor_score": 5.0} if limit > 5 else {}
            better = {
                f"personas.pairs.score.{name}.{s}": round(min(10.0, 5.5 + middle((low, high)) / 2), 1)
                for s in world.student_personas
            }
            yield ContradictionError(
                f"personas.yaml, tutors.{name}.rating", (low, high),
                f"{share:.0%} of the sessions of {name} tutors would be poor and rated below kind (N7), so that their "
                f"mean rating is {most:.1f} at most, and T4 aims at {middle((low, high)):g}",
                [lower, better, off("T4_rating") | off("R9_score_drives_churn") | off("P4_churn_risk")],
            )  # fmt: skip


def _churn_falls(world: World) -> Iterator[ContradictionError]:
    """R9 against N2 and N3: where better sessions go with leaving, the score cannot drive churn downwards."""
    churn, personas = world.settings.probabilities.churn, world.settings.personas.students
    if not asked(world.settings, "R9_score_drives_churn"):
        return
    chance = np.array([personas[g.persona].churn for g in world.groups])
    chance = np.where(world.mostly(churn.safe), churn.safe_probability, chance)
    chance = np.where(world.mostly(churn.lost), churn.lost_probability, chance)
    place = [world.student_personas.index(g.persona) for g in world.groups]
    score = (world.booking_shares * levels(world).T[place]).sum(axis=1) / world.booking_shares.sum(axis=1)
    count = np.array([g.count for g in world.groups])
    spread = np.sqrt(np.cov(score, aweights=count) * np.cov(chance, aweights=count))
    together = float(np.cov(score, chance, aweights=count)[0, 1] / max(spread, 1e-9))
    if together > _FALLING:
        yield ContradictionError(
            "probabilities.yaml, churn.safe_probability", churn.safe_probability,
            f"students with better sessions would not leave less often (correlation {together:+.2f}), because of "
            f"safe_probability {churn.safe_probability:g}, lost_probability {churn.lost_probability:g} and the "
            "personas' churn; R9 wants the score to drive churn downwards",
            [
                {"probabilities.churn.safe_probability": 0.02},
                {"probabilities.churn.safe_probability": 0.02, "probabilities.churn.lost_probability": 0.95},
                off("R9_score_drives_churn") | off("P4_churn_risk"),
            ],
        )  # fmt: skip
