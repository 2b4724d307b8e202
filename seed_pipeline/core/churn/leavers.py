"""Who leaves and why (S6, R9, N2-N4, Q6): what happened to a student, first sessions weighted, decides."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seed_pipeline.core import rules as engine
from seed_pipeline.core import view
from seed_pipeline.core.churn.history import history, last_completed, last_day, mostly
from seed_pipeline.core.columns import Table, Tables, Words
from seed_pipeline.core.facts import Facts, fitting
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.baselines import solve
from seed_pipeline.core.sampling.randomness import ranks, reconsidered, rounded, uniform
from seed_pipeline.core.text import topics
from seed_pipeline.core.text.apart import Keyed, choose_apart
from seed_pipeline.core.text.wording import Script, choose
from seed_pipeline.settings import Settings

WEIGHT = "churn_weight"
LONGEST_PAUSE = 9  # days between the last session and the goodbye
FURTHER_REASONS = (1.0, 0.35, 0.1)  # chances of a first, a second and a third reason
GOODBYE = (22 * 60 + 30, 24 * 60 - 1)  # minutes of the day: after the last session of any day
_LOST, _FREE, _SAFE = 0, 1, 2


class _Happened(NamedTuple):
    """What happened to the students as configured and with every rule on (R11), and the sessions' weights."""

    live: Facts
    full: Facts
    chain: list[engine.Step]


class _Left(NamedTuple):
    """Who leaves, the chance that each would, and the ranks of the reasons."""

    left: np.ndarray
    probability: np.ndarray
    reasons: np.ndarray


def make(settings: Settings, world: World, cohorts: range, upstream: Mapping[str, Tables]) -> Tables:
    """`students` with status, date and survey; `student_churn_reasons`; `work_churn` (probability, weighted score,
    churned) and `work_effects` (the sessions' weights)."""
    students, done = upstream["students"]["work_students"], view.completed(upstream)
    happened = _happened(settings, world, upstream, done)
    live, full = _decided(settings, world, cohorts, upstream, happened)
    words = _answers(settings, world, upstream, done, (happened.live, live.reasons), (happened.full, full.reasons))
    known = Table(
        {
            "user_id": students["user_id"],
            "churn_probability": np.round(live.probability, 4),
            "weighted_session_score": np.round(happened.live["weighted_session_score"], 6),
            "churned": live.left,
        }
    )
    return {
        "students": _outcome(world, upstream, students, live.left, words),
        "student_churn_reasons": _reason_rows(settings, world, upstream, students, live.reasons),
        "work_churn": known,
        "work_effects": engine.journals([engine.journal(done["key"], WEIGHT, np.ones(done.rows), happened.chain)]),
    }


def _happened(settings: Settings, world: World, upstream: Mapping, done: Table) -> _Happened:
    facts, rules = view.facts(world, upstream, done), settings.correlations.rules
    everybody, one = np.ones(done.rows, dtype=bool), np.ones(done.rows)
    enabled = [r for r in rules if r.enabled]
    chain = engine.steps(enabled, WEIGHT, facts, everybody)
    live = full = history(upstream, done, facts, engine.applied(one, chain))
    if len(enabled) < len(rules):
        all_on = view.with_every_rule(facts, upstream)
        full = history(upstream, done, all_on, engine.applied(one, engine.steps(rules, WEIGHT, all_on, everybody)))
    return _Happened(live, full, chain)


def _decided(
    settings: Settings, world: World, cohorts: range, upstream: Mapping, happened: _Happened
) -> tuple[_Left, _Left]:
    """Who leaves as configured, and who would with every rule on."""
    students, (live, full, _) = upstream["students"]["work_students"], happened
    strata, quota = _strata(settings, world, upstream), _quota(settings, world, cohorts)
    groups = (students["cohort"] - cohorts.start) * len(world.student_personas) + students["persona"]
    odds = _log_odds(settings, full)
    level = _level(settings, odds, strata, groups, quota)
    left, probability = _leavers(world, students, odds, strata, groups, quota), _logistic(odds + level)
    every = _Left(left, probability, _reasons(settings, world, students, full, left))
    if full is live:
        return every, every
    now = _logistic(_log_odds(settings, live) + level)
    u = uniform(world.seed, "student/churn_without_rule", students["key"])
    left = reconsidered(left, probability, now, u)
    return _Left(left, now, _reasons(settings, world, students, live, left)), every


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


def _log_odds(settings: Settings, happened: Facts) -> np.ndarray:
    """What speaks for leaving, in log-odds beside a level that is solved."""
    churn = settings.probabilities.churn
    score = happened["weighted_session_score"]
    odds = churn.per_score * np.where(np.isnan(score), 5.0, score)
    odds = odds + churn.per_tutor_no_show * happened["tutor_no_shows"]
    odds = odds + churn.per_silence * happened["silence"]
    return odds + churn.no_follow_up * (happened["last_follow_up"] == 0)


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


def _leavers(world: World, students: Table, odds, strata, groups, quota) -> np.ndarray:
    """Who leaves: the lost, then those the odds (and chance) speak for; the safe stay."""
    u = uniform(world.seed, "student/churn", students["key"])
    place, _ = ranks(groups, strata, -(odds + np.log(u / (1 - u))))
    return ((place < quota[groups]) & (strata != _SAFE)) | (strata == _LOST)


def _reasons(settings: Settings, world: World, students: Table, happened: Facts, left: np.ndarray) -> np.ndarray:
    """Rank (0 the main one, -1 none) of each churn reason (column) for each student (row), by what happened to them."""
    reasons, key = settings.text.churn.reasons, students["key"]
    weight = np.stack([r.weight * happened.all_hold(r.when) for r in reasons.values()], axis=1)
    u = np.stack([uniform(world.seed, f"student/reason/{name}", key) for name in reasons], axis=1)
    # Efraimidis-Spirakis: the smallest -log(u) / weight are a weighted draw without replacement.
    place = np.where(weight > 0, -np.log(u) / np.maximum(weight, 1e-12), np.inf).argsort(axis=1).argsort(axis=1)
    many = sum(uniform(world.seed, f"student/reasons/{i}", key) < chance for i, chance in enumerate(FURTHER_REASONS))
    possible = np.minimum((weight > 0).sum(axis=1), many)
    return np.where(left[:, None] & (place < possible[:, None]), place, -1)


def _goodbye(world: World, upstream: Mapping, students: Table) -> np.ndarray:
    """The date (datetime64[s]) on which each student would leave: after the last session, before as_of (Q6)."""
    u = uniform(world.seed, "student/goodbye", students["key"])
    day = last_day(world, upstream) + (1 + np.floor(LONGEST_PAUSE * u)).astype("timedelta64[D]")
    before = np.datetime64(world.settings.main.as_of, "D") - np.timedelta64(1, "D")
    return np.minimum(day, before).astype("datetime64[s]")


def _answers(settings: Settings, world: World, upstream: Mapping, done: Table, live: tuple, full: tuple) -> Words:
    """The survey answers of those who left, apart from those of their cohort.

    `live` and `full` are what happened and the ranks of the reasons, as configured and with every rule on. Answers are
    shared out by the latter; who leaves for another reason while a rule is off draws alone (R11).
    """
    students, surveys = upstream["students"]["work_students"], settings.text.churn.reasons
    key, cohort = students["key"], students["cohort"]
    (happened, reasons), (before, shared) = live, full
    said, starts = np.full(students.rows, -1), np.cumsum([0, *(len(reason.survey) for reason in surveys.values())])
    for code, reason in enumerate(surveys.values()):
        at = np.flatnonzero(shared[:, code] == 0)
        if len(at):
            draw = Keyed(world.seed, "churn/survey", (key[at],))
            index = choose_apart(reason.survey, before.take(at), draw, cohort[at])
            fits, pattern = fitting(reason.survey, happened.take(at))
            kept = (reasons[at, code] == 0) & fits[pattern, index]
            said[at[kept]] = starts[code] + index[kept]
    for code, (name, reason) in enumerate(surveys.items()):
        at = np.flatnonzero((reasons[:, code] == 0) & (said < 0))
        if len(at):
            u = uniform(world.seed, "churn/survey/alone", key[at])
            said[at] = starts[code] + choose(reason.survey, happened.take(at), u, name)
    script = Script(_about(world, upstream, done))
    lines = [line for reason in surveys.values() for line in reason.survey]
    return Words(script.written(script.say(lines, said))).where(said >= 0)


def _about(world: World, upstream: Mapping, done: Table) -> dict[str, Words]:
    """Words for what each student last worked on; of their first subject where no session took place."""
    students, last = upstream["students"]["work_students"], last_completed(upstream, done)
    subject, known = students["subject_0"].copy(), last >= 0
    codes = topics.drawn(world, "churn/topic", subject, students["key"])
    subject[known] = done["subject"][last[known]]
    codes[known] = topics.of_sessions(world, done)[0][last[known]]
    return {"subject": topics.subjects(world, subject, "name"), **topics.slots(world, codes)}


def _outcome(world: World, upstream: Mapping, students: Table, left: np.ndarray, words: Words) -> Table:
    """The columns of `students` that are known at the end."""
    return Table(
        {
            "user_id": students["user_id"],
            "status": Words(["active", "churned"], left.astype(np.int64)),
            "churned_date": np.where(left, _goodbye(world, upstream, students), np.datetime64("NaT", "s")),
            "churn_survey_response": words,
        }
    )


def _reason_rows(settings: Settings, world: World, upstream: Mapping, students: Table, reasons: np.ndarray) -> Table:
    row, column = np.nonzero(reasons >= 0)
    u = uniform(world.seed, "churn/added_at", students["key"])
    minute = GOODBYE[0] + np.floor((GOODBYE[1] - GOODBYE[0]) * u)
    seconds = (minute * 60).astype(np.int64).astype("timedelta64[s]")
    added = world.zone.utc(_goodbye(world, upstream, students) + seconds)
    added = np.minimum(added, world.window[1] - np.timedelta64(1, "s"))
    reason = Words(list(settings.text.churn.reasons), column)
    return Table({"student_id": students["user_id"][row], "reason": reason, "added_at": added[row]})
