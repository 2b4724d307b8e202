"""The alerts that a correct alert service raises, by the rules of configs/alerts.yaml (truth_alerts)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seed_pipeline.core.answer_key.window_alerts import on_window
from seed_pipeline.core.answer_key.windows import DECIMALS, Observed
from seed_pipeline.core.columns import Table, Words, constant, stacked
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import ids
from seed_pipeline.settings.alerts import AlertRule
from seed_pipeline.settings.conditions import Conditions
from seed_pipeline.settings.facts import SCORE

COLUMNS = ("id", "tutor_id", "student_id", "session_id", "alert_type", "severity", "because", "source")


class Subjects(NamedTuple):
    """What alerts can be about, one row each: whom they name, the facts that raise them, and a key to draw by."""

    key: np.ndarray
    cohort: np.ndarray
    tutor_id: Words
    student_id: Words
    session_id: Words
    facts: Facts


class Meetings(NamedTuple):
    """All sessions of some people: rows of `tutor_id` and `student_id` for each, its cohort, and what came of it."""

    tutor_id: Words
    student_id: Words
    tutor: np.ndarray
    student: np.ndarray
    cohort: np.ndarray
    status: Words
    score: np.ndarray

    def counted(self, by: np.ndarray, whom: str) -> Subjects:
        """Counts and rates per tutor, pair or student, by ascending `by`; each has the tutor they met most.

        `whom` is what the rows are: of a tutor no student is named.
        """
        keys, first, of = np.unique(by, return_index=True, return_inverse=True)
        n, done = len(keys), np.flatnonzero(self.status.among("completed"))
        total = np.bincount(of, minlength=n)
        missed, moved, completed = (
            np.bincount(of[self.status.among(status)], minlength=n)
            for status in ("no_show_tutor", "rescheduled", "completed")
        )
        ends = np.full((2, n), np.nan)
        ends[0, of[done[::-1]]], ends[1, of[done]] = self.score[done[::-1]], self.score[done]
        tenths = np.bincount(of[done], np.rint(self.score[done] * 10 ** DECIMALS[SCORE]), n) / 10 ** DECIMALS[SCORE]
        facts = {
            "sessions": total,
            "completed_sessions": completed,
            "tutor_no_shows": missed,
            "tutor_no_show_rate": missed / total,
            "reschedules": moved,
            "reschedule_rate": moved / total,
            "mean_score": np.divide(tenths, completed, out=np.full(n, np.nan), where=completed > 0),
            "score_change": ends[1] - ends[0],
        }
        tutor, none = self.tutor_id[self._met_most(of, n)], constant(None, n)
        student = none if whom == "tutor" else self.student_id[self.student[first]]
        return Subjects(keys, self.cohort[first], tutor, student, none, Facts(facts, n))

    def _met_most(self, of: np.ndarray, n: int) -> np.ndarray:
        """The tutor with most sessions of each group, of several the one with the greatest ID."""
        names = np.argsort(np.argsort(self.tutor_id.texts().astype(str)))
        pairs, met = np.unique(of * len(names) + names[self.tutor], return_counts=True)
        order = np.lexsort((pairs, met, pairs // len(names)))
        most = np.zeros(n, dtype=np.int64)
        most[pairs[order] // len(names)] = pairs[order] % len(names)
        return np.argsort(names)[most]


def raised(world: World, subjects: Mapping[str, Subjects], seen: Observed, cohort: np.ndarray) -> Table:
    """Rows of truth_alerts: one per alert, by cohort, source, type and subject, so that chunks add up (X1).

    `subjects` by what an alert can be `per`; `seen` are the sessions of the tutors, `cohort` the cohort of each tutor.
    """
    found = []
    for source, rules in world.settings.alerts.sources.items():
        for name, rule in rules.items():
            if rule.window is None:
                alert = _raised(world, name, rule, subjects[rule.per])
            else:
                alert = on_window(world.seed, f"alert/{source}/{name}", rule, rule.window, seen, cohort)
            found.append(alert.with_columns(alert_type=constant(name, alert.rows), source=constant(source, alert.rows)))
    every = stacked(found)
    return every.take(np.argsort(every["cohort"], kind="stable")).only(COLUMNS)


def _raised(world: World, name: str, rule: AlertRule, subjects: Subjects) -> Table:
    """The alerts of one type, the first severity that holds, with the figures that raise it."""
    n, facts = len(subjects.key), subjects.facts
    relevant = facts.all_hold(rule.when)
    severity, because = np.full(n, -1), np.full(n, "", dtype=object)
    for level, conditions in enumerate(rule.severities.values()):
        at = np.flatnonzero(relevant & (severity < 0) & facts.all_hold(conditions))
        severity[at], because[at] = level, _because(facts, conditions, at)
    rows = np.flatnonzero(severity >= 0)
    return Table(
        {
            "id": ids(world.seed, f"alert/{name}", subjects.key[rows]),
            "cohort": subjects.cohort[rows],
            "tutor_id": subjects.tutor_id[rows],
            "student_id": subjects.student_id[rows],
            "session_id": subjects.session_id[rows],
            "severity": Words(list(rule.severities), severity[rows]),
            "because": Words(because[rows]),
        }
    )


def _because(facts: Facts, conditions: Conditions, rows: np.ndarray) -> list[str]:
    """The figures and their limits: `tutor_no_show_rate 0.25 >= 0.2`."""
    numbers = [c for c in conditions if not isinstance(c.value, str)]
    figures = [np.round(np.asarray(facts[c.fact])[rows].astype(np.float64), 3).tolist() for c in numbers]
    return [
        " and ".join(f"{c.fact} {x} {c.operator} {c.value:g}" for c, x in zip(numbers, row, strict=True))
        for row in zip(*figures, strict=True)
    ] or [""] * len(rows)
