"""Who leaves and why (S6, R9, N2-N4, Q6): what happened to a student, first sessions weighted, decides."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import framed, topics, view
from seed_pipeline.core import rules as engine
from seed_pipeline.core.apart import Keyed, choose_apart
from seed_pipeline.core.baselines import solve
from seed_pipeline.core.cast import subject_column
from seed_pipeline.core.history import history, last_completed, last_day, mostly
from seed_pipeline.core.randomness import ranks, reconsidered, rounded, uniform
from seed_pipeline.core.wording import fitting, say, spoken
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
    all_on = view.with_every_rule(facts, upstream)
    full = history(upstream, all_on, engine.applied(one, engine.steps(rules, WEIGHT, all_on, everybody)))

    strata = _strata(settings, world, upstream)
    local, persona = students["cohort"].to_numpy() - cohorts.start, students["persona"].to_numpy()
    groups = local * len(world.student_personas) + persona
    quota = _quota(settings, world, cohorts)
    odds = _log_odds(settings, full)
    level = _level(settings, odds, strata, groups, quota)
    probability = _logistic(odds + level)
    left = with_all = _leavers(world, students, odds, strata, groups, quota)
    if len(enabled) < len(rules):
        now = _logistic(_log_odds(settings, live) + level)
        u = uniform(world.seed, "student/churn_without_rule", students["key"].to_numpy())
        left, probability = reconsidered(left, probability, now, u), now
    reasons = full_reasons = _reasons(settings, world, students, live, left)
    if len(enabled) < len(rules):
        full_reasons = _reasons(settings, world, students, full, with_all)
    words = _answers(settings, world, upstream, (live, reasons), (full, full_reasons))
    known = pd.DataFrame({"user_id": students["user_id"], "churn_probability": np.round(probability, 4)})
    known["weighted_session_score"] = np.round(live["weighted_session_score"].to_numpy(), 6)
    return {
        "students": _outcome(world, upstream, students, left, words),
        "student_churn_reasons": _reason_rows(settings, world, upstream, students, reasons),
        "work_churn": known.assign(churned=left),
        "work_effects": framed.journals([engine.journal(done["key"].to_numpy(), WEIGHT, one, chain)]),
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


def _answers(settings: Settings, world: World, upstream: Mapping, live: tuple, full: tuple) -> np.ndarray:
    """The survey answers of those who left, apart from those of their cohort.

    `live` and `full` are what happened and the ranks of the reasons, as configured and with every rule on. Answers are
    shared out by the latter; who leaves for another reason while a rule is off draws alone (R11).
    """
    students = upstream["students"]["work_students"]
    key, cohort = students["key"].to_numpy(), students["cohort"].to_numpy()
    slots, (happened, reasons), (before, shared) = _about(world, upstream), live, full
    words = np.full(len(students), None, dtype=object)
    for code, reason in enumerate(settings.text.churn.reasons.values()):
        at = np.flatnonzero(shared[:, code] == 0)
        draw = Keyed(world.seed, "churn/survey", (key[at],))
        index = choose_apart(reason.survey, before.iloc[at], draw, cohort[at])
        kept = (reasons[at, code] == 0) & fitting(reason.survey, happened.iloc[at], len(at))[index, np.arange(len(at))]
        words[at[kept]] = spoken(reason.survey, index[kept], {n: v[at[kept]] for n, v in slots.items()})
    for code, (name, reason) in enumerate(settings.text.churn.reasons.items()):
        at = np.flatnonzero((reasons[:, code] == 0) & pd.isna(words))
        if len(at):
            u = uniform(world.seed, "churn/survey/alone", key[at])
            words[at] = say(reason.survey, happened.iloc[at], u, {n: v[at] for n, v in slots.items()}, name)
    return words


def _about(world: World, upstream: Mapping) -> dict[str, np.ndarray]:
    """Words for what each student last worked on; of their first subject where no session took place."""
    students, done = upstream["students"]["work_students"], view.completed(upstream)
    last = last_completed(students, done)
    subject = students["subject_0"].to_numpy().copy()
    codes = topics.drawn(world, "churn/topic", subject, students["key"].to_numpy())
    known = last >= 0
    subject[known] = done["subject"].to_numpy()[last[known]]
    codes[known] = topics.of_sessions(world, done)[0][last[known]]
    return {"subject": subject_column(world, subject, "name"), **topics.slots(world, codes)}


def _outcome(world: World, upstream: Mapping, students: pd.DataFrame, left: np.ndarray, words) -> pd.DataFrame:
    """The columns of `students` that are known at the end."""
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
