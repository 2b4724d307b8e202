"""Which completed sessions are followed up (T5, N1, R2).

A pair that meets again has booked again, so sessions before a pair's latest are followed up first; the latest ones get
what the personas' rates leave. First sessions meet their persona's rate to within one session (T5).
"""

import numpy as np

from seed_pipeline.core import rules as engine
from seed_pipeline.core.sampling.baselines import solve
from seed_pipeline.core.sampling.draws import Draws
from seed_pipeline.core.sampling.randomness import reconsidered, systematic, to_total
from seed_pipeline.core.sessions.outcomes import in_cascade
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import SCORE

METRIC = "follow_up_probability"
_CERTAIN = 1e6  # weight of sessions that are followed up before all others
_MOST_FAVOUR = 1e3  # its fourth power is a weight: high scores may even go before sessions that are certain


def follow_ups(
    settings: Settings, draws: Draws, full: dict, live: dict
) -> tuple[np.ndarray, np.ndarray, list[engine.Step]]:
    """Booked again (bool) per completed session; its chance before rules; the rules' steps, for the journal.

    Who books again is settled under all rules; a rule that is switched off changes only the sessions it would have
    acted on (R11).
    """
    personas, done = settings.personas.tutors, draws.done
    everybody = np.ones(len(draws), dtype=bool)
    first = done.number("number") == 1
    latest = done.number("number") == done.number("pair_size")
    before = np.where(first, draws.tutor(personas, "first_session_success"), draws.tutor(personas, "follow_up"))
    with_all = np.clip(engine.applied(before, engine.steps(settings.correlations.rules, METRIC, full, everybody)), 0, 1)
    chance = np.where(latest, with_all, 1.0)
    chance[latest & in_cascade(draws.world, done)] = 0.0  # the story ends in churn (N4)
    high = full[SCORE] > settings.probabilities.stories.high_score
    chance[first] = _of_first(settings, draws, first, np.where(latest, with_all, _CERTAIN), high[first])
    # Every second persona's order is turned round, so that the high scores of two personas lie side by side and
    # their common count (N1) is as even as each persona's own (T5).
    turned = high ^ (draws.tutor_persona % 2 == 1)
    booked = draws.chosen("follow_up", chance, first, draws.tutor_persona, turned, sampler=systematic)

    chain = engine.steps([r for r in settings.correlations.rules if r.enabled], METRIC, live, everybody)
    now = np.clip(engine.applied(before, chain), 0, 1)
    again = reconsidered(booked, with_all, now, draws.uniform("follow_up_without_rule"))
    return np.where(latest, again, booked), before, chain


def _of_first(settings: Settings, draws: Draws, first: np.ndarray, weight: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Chances of first sessions: each persona's rate in every cohort (T5), the stated one of high scores (N1)."""
    groups, codes = np.unique(draws.by_tutor[first], return_inverse=True)
    rate = draws.tutor(settings.personas.tutors, "first_session_success")[first]
    total = np.bincount(codes, weights=rate, minlength=len(groups))
    cohort = np.unique(draws.cohort[first], return_inverse=True)[1]
    wanted = (
        settings.probabilities.stories.high_score_rebooking * np.bincount(cohort, weights=high) / np.bincount(cohort)
    )

    def chance(favour: np.ndarray) -> np.ndarray:
        """Favour above 1 moves rebooking from low scores to high ones, persona by persona."""
        squared = favour * favour
        return to_total(weight[first] * np.where(high, squared * squared, 1.0), codes, total)

    favour = solve(lambda level: chance(level) * high, cohort, wanted, 0.1, _MOST_FAVOUR)
    return chance(favour[cohort])
