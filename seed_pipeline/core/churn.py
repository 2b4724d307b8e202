"""Who leaves and why (S6, R9, N2-N4, Q6): what happened to a student, first sessions weighted, decides."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import rules as engine
from seed_pipeline.core import view
from seed_pipeline.core.baselines import solve
from seed_pipeline.core.cast import subject_column, topic_of
from seed_pipeline.core.feedback import full_facts
from seed_pipeline.core.history import history, last_day, mostly
from seed_pipeline.core.randomness import ranks, reconsidered, rounded, uniform
from seed_pipeline.core.wording import say
from seed_pipeline.core.world import World
from seed_pipeline.settings import Settings
from seed_pipeline.settings.conditions import all_hold

WEIGHT = "churn_weight"
LONGEST_PAUSE = 9  # days between the last session and the goodbye
FURTHER_REASONS = (1.0, 0.35, 0.1)  # chances of a first, a second and a third reason
GOODBYE = (22 * 60 + 30, 24 * 60 - 1)  # minutes of the day: after the last session of any day
_LOST, _FREE, _SAFE = 0, 1, 2


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """`students` with status, date and survey; `student_churn_reasons`; `work_churn` (probability, weighted score,
    churned) and `work_effects` (the sessions' weights)."""
    students, done, facts = upstream["students"]["work_students"], view.completed(upstream), view.facts(world, upstream)
    rules, everybody, one = settings.correlations.rules, np.ones(len(done), dtype=bool), np.ones(len(done))
    enabled = [r for r in rules if r.enabled]
    chain = engine.steps(enabled, WEIGHT, facts, everybody)
    live = history(upstream, facts, engine.applied(one, chain))
    all_on = full_facts(facts, upstream)
    full = history(upstream, all_on, engine.applied(one, engine.steps(rules, WEIGHT, all_on, everybody)))

    strata = _strata(settings, world, upstream)
    local, persona = students["cohort"].to_numpy() - cohorts.start, students["persona"].to_numpy()
    groups = local * len(world.student_personas) + persona
    quota = _quota(settings, world, cohorts)
    odds = _log_odds(settings, full)
    level = _level(settings, odds, strata, groups, quota)
    probability = _logistic(odds + level)
    left = _leavers(world, students, odds, strata, groups, quota)
    if len(enabled) < len(rules):
        now = _logistic(_log_odds(settings, live) + level)
        u = uniform(world.seed, "student/churn_without_rule", students["key"].to_numpy())
        left, probability = reconsidered(left, probability, now, u), now
    reasons = _reasons(settings, world, students, live, left)
    known = pd.DataFrame({"user_id": students["user_id"], "churn_probability": np.round(probability, 4)})
    known["weighted_session_score"] = np.round(live["weighted_session_score"].to_numpy(), 6)
    return {
        "students": _outcome(settings, world, upstream, students, live, left, reasons),
        "student_churn_reasons": _reason_rows(settings, world, upstream, students, reasons),
        "work_churn": known.assign(churned=left),
        "work_effects": engine.journals([engine.journal(done["key"].to_numpy(), WEIGHT, one, chain)]),
    }


def _strata(settings: Settings, world: World, upstream: Mapping) -> np.ndarray:
    """Lost (N3: leaves before anybody else), safe (N2: leaves after everybody else) or free, for each student."""
    churn = settings.probabilities.churn
    lost, safe = mostly(world, upstream, churn.lost), mostly(world, upstream, churn.safe)
    return np.select([lost, safe], [_LOST, _SAFE], _FREE)


def _quota(settings: Settings, world: World, cohorts: range) -> np.ndarray:
    """How many of each cohort's and persona's students leave, by cumulative rounding (S6)."""
    expected = np.array([p.churn * p.count for p in settings.personas.students.values()])
    edges = rounded(np.arange(cohorts.start, cohorts.stop + 1)[:, None] * expected)
    return np.diff(edges, axis=0).ravel()


def _log_odds(settings: Settings, happened: pd.DataFrame) -> np.ndarray:
    """What speaks for leaving, in log-odds beside a level that is solved."""
    churn = settings.probabilities.churn
    odds = churn.per_score * happened["weighted_session_score"].fillna(5.0).to_numpy()
    odds = odds + churn.per_tutor_no_show * happened["tutor_no_shows"].to_numpy()
    odds = odds + churn.per_silence * happened["silence"].to_numpy()
    return odds + churn.no_follow_up * (happened["last_follow_up"].to_numpy() == 0)


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _level(
    settings: Settings, odds: np.ndarray, strata: np.ndarray, groups: np.ndarray, quota: np.ndarray
) -> np.ndarray:
    """A level per student: the probabilities of a persona in a cohort add up to those who leave, stories apart."""
    churn = settings.probabilities.churn
    codes = groups * 3 + strata
    lost = np.bincount(groups, weights=strata == _LOST, minlength=len(quota))
    free = np.bincount(groups, weights=strata == _FREE, minlength=len(quota))
    share = np.clip((quota - lost) / np.maximum(free, 1), 0.02, 0.98)
    target = np.stack(
        [np.full(len(quota), churn.lost_probability), share, np.full(len(quota), churn.safe_probability)], axis=1
    )
    level = solve(lambda x: _logistic(odds + x), codes, target.ravel(), -40.0, 40.0)
    return level[codes]


def _leavers(world: World, students: pd.DataFrame, odds, strata, groups, quota) -> np.ndarray:
    """Who leaves: the lost, then those the odds (and chance) speak for; the safe stay."""
    u = uniform(world.seed, "student/churn", students["key"].to_numpy())
    place, _ = ranks(groups, strata, -(odds + np.log(u / (1 - u))))
    return ((place < quota[groups]) & (strata != _SAFE)) | (strata == _LOST)


def _reasons(
    settings: Settings, world: World, students: pd.DataFrame, happened: pd.DataFrame, left: np.ndarray
) -> np.ndarray:
    """Rank (0 the main one, -1 none) of each churn reason (column) for each student (row), by what happened to them."""
    reasons, key = settings.text.churn.reasons, students["key"].to_numpy()
    facts = {str(name): happened[name].to_numpy() for name in happened}
    weight = np.stack([r.weight * all_hold(r.when, facts, len(key)) for r in reasons.values()], axis=1)
    u = np.stack([uniform(world.seed, f"student/reason/{name}", key) for name in reasons], axis=1)
    # Efraimidis-Spirakis: the smallest -log(u) / weight are a weighted draw without replacement.
    place = np.where(weight > 0, -np.log(u) / np.maximum(weight, 1e-12), np.inf).argsort(axis=1).argsort(axis=1)
    many = sum(uniform(world.seed, f"student/reasons/{i}", key) < chance for i, chance in enumerate(FURTHER_REASONS))
    possible = np.minimum((weight > 0).sum(axis=1), many)
    return np.where(left[:, None] & (place < possible[:, None]), place, -1)


def _goodbye(world: World, upstream: Mapping, students: pd.DataFrame) -> np.ndarray:
    """The date (datetime64[s]) on which each student would leave: after the last session, before as_of (Q6)."""
    u = uniform(world.seed, "student/goodbye", students["key"].to_numpy())
    day = last_day(world, upstream) + (1 + np.floor(LONGEST_PAUSE * u)).astype("timedelta64[D]")
    return np.minimum(day, np.datetime64(world.settings.main.as_of, "D") - np.timedelta64(1, "D")).astype(
        "datetime64[s]"
    )


def _outcome(settings: Settings, world: World, upstream: Mapping, students, happened, left, reasons) -> pd.DataFrame:
    """The columns of `students` that are known at the end."""
    words = np.full(len(students), None, dtype=object)
    for code, (name, reason) in enumerate(settings.text.churn.reasons.items()):
        at = np.flatnonzero(reasons[:, code] == 0)
        if len(at):
            key, subject = students["key"].to_numpy()[at], students["subject_0"].to_numpy()[at]
            slots = {
                "subject": subject_column(world, subject, "name"),
                "topic": topic_of(world, "churn/topic", subject, key),
            }
            facts = {fact: happened[fact].to_numpy()[at] for fact in happened}
            words[at] = say(reason.survey, facts, uniform(world.seed, "churn/survey", key), slots, name).to_numpy(
                object
            )
    day = np.where(left, _goodbye(world, upstream, students), np.datetime64("NaT", "s"))
    status = np.where(left, "churned", "active").astype(object)
    return pd.DataFrame(
        {"user_id": students["user_id"], "status": status, "churned_date": day, "churn_survey_response": words}
    )


def _reason_rows(
    settings: Settings, world: World, upstream: Mapping, students: pd.DataFrame, reasons: np.ndarray
) -> pd.DataFrame:
    row, column = np.nonzero(reasons >= 0)
    minute = GOODBYE[0] + np.floor(
        (GOODBYE[1] - GOODBYE[0]) * uniform(world.seed, "churn/added_at", students["key"].to_numpy())
    )
    added = world.zone.utc(
        _goodbye(world, upstream, students) + (minute * 60).astype(np.int64).astype("timedelta64[s]")
    )
    added = np.minimum(added, world.window[1] - np.timedelta64(1, "s"))
    names = np.array(list(settings.text.churn.reasons), dtype=object)
    return pd.DataFrame(
        {"student_id": students["user_id"].to_numpy(object)[row], "reason": names[column], "added_at": added[row]}
    )
