"""Which completed sessions are followed up (T5, N1, R2).

A pair that meets again has booked again, so sessions before a pair's latest are followed up first; the latest ones get
what the personas' rates leave. First sessions meet their persona's rate to within one session (T5).
"""

import numpy as np

from seed_pipeline.core import rules as engine
from seed_pipeline.core.draws import Draws
from seed_pipeline.core.facts import SCORE
from seed_pipeline.core.randomness import reconsidered, to_total
from seed_pipeline.core.settings import Settings

METRIC = "follow_up_probability"
_CERTAIN = 1e6  # weight of sessions that are followed up before all others


def follow_ups(settings: Settings, draws: Draws, full: dict, live: dict) -> tuple[np.ndarray, np.ndarray, list[engine.Step]]:
    """Booked again (bool) per completed session; its chance before rules; the rules' steps, for the journal.

    Who books again is settled under all rules; a rule that is switched off changes only the sessions it would have
    acted on (R11).
    """
    personas, done = settings.personas.tutors, draws.done
    everybody = np.ones(len(draws), dtype=bool)
    first = done["number"].to_numpy() == 1
    latest = (done["number"] == done["pair_size"]).to_numpy()
    before = np.where(first, draws.tutor(personas, "first_session_success"), draws.tutor(personas, "follow_up"))
    with_all = np.clip(engine.applied(before, engine.steps(settings.correlations.rules, METRIC, full, everybody)), 0, 1)
    chance = np.where(latest, with_all, 1.0)
    chance[first] = _of_first(settings, draws, first, np.where(latest, with_all, _CERTAIN))
    high = full[SCORE] > settings.probabilities.stories.high_score
    booked = draws.systematic("follow_up", chance, draws.by_tutor * 2 + first, high)

    chain = engine.steps([r for r in settings.correlations.rules if r.enabled], METRIC, live, everybody)
    now = np.clip(engine.applied(before, chain), 0, 1)
    again = reconsidered(booked, with_all, now, draws.uniform("follow_up_without_rule"))
    return np.where(latest, again, booked), before, chain


def _of_first(settings: Settings, draws: Draws, first: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Chances of first sessions that add up to the persona's rate in every cohort (T5)."""
    groups, codes = np.unique(draws.by_tutor[first], return_inverse=True)
    rate = draws.tutor(settings.personas.tutors, "first_session_success")[first]
    total = np.bincount(codes, weights=rate, minlength=len(groups))
    return to_total(weight[first], codes, total)
