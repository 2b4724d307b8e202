"""Completed sessions as later entities see them: stored values as facts, names and subjects as words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seed_pipeline.core.columns import Table, Words
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.text import topics
from seed_pipeline.settings.facts import METRIC_TABLES, METRICS, REACTIONS, SCORE

BOOKED = ("technical_issues", "homework_assigned", "has_video", "has_screen", "earlier_tutor_no_shows")
"""Facts of a session's booking that are stored as they are."""


def completed(upstream: Mapping) -> Table:
    """The working rows of completed sessions, in key order."""
    work = upstream["sessions"]["work_sessions"]
    return work.take(np.flatnonzero(work["completed"]))


def row_of(upstream: Mapping, sessions: Table, role: str) -> np.ndarray:
    """The row of `work_tutors` or `work_students` for each session's tutor or student."""
    cohort = upstream[f"{role}s"][f"work_{role}s"]["cohort"]
    return (sessions["cohort"] - cohort[0]) * int((cohort == cohort[0]).sum()) + sessions[role]


def person(upstream: Mapping, sessions: Table, role: str, column: str) -> Any:
    """A column of `work_tutors` or `work_students` for each session's tutor or student."""
    return upstream[f"{role}s"][f"work_{role}s"][column][row_of(upstream, sessions, role)]


def booked_facts(done: Table) -> dict[str, np.ndarray]:
    """Facts of completed sessions before anything is measured, as rules and texts know them."""
    stored = ("scheduled_duration", "actual_duration", *BOOKED)
    return {"session_number": done.number("number")} | {n: done.number(n).astype(np.float64) for n in stored}


def facts(world: World, upstream: Mapping, done: Table) -> Facts:
    """Facts of each completed session: what is stored of it, NaN without a row, and its subject's category."""
    metrics, at = upstream["metrics"], upstream["sessions"]["work_sessions"]["completed"]
    result = booked_facts(done)
    exists = (np.ones(done.rows, bool), done["has_video"], done["has_screen"])
    for table, rows in zip(METRIC_TABLES, exists, strict=True):
        for name in (c for c in metrics[table] if c in METRICS):
            result[name] = np.full(done.rows, np.nan)
            result[name][rows] = metrics[table][name]
    result[SCORE] = metrics["sessions"][SCORE][at]
    result["follow_up_booked"] = metrics["sessions"]["follow_up_booked"][at].astype(np.float64)
    first, second = topics.of_sessions(world, done)
    return Facts(
        {**result, "category": topics.subjects(world, done["subject"], "category"), "topics": 1.0 + (first != second)},
        done.rows,
    )


def with_every_rule(facts: Facts, upstream: Mapping) -> Facts:
    """The facts of completed sessions as they would be with every rule switched on (R11)."""
    kept = upstream["metrics"]["work_metrics"]
    full = {name.removeprefix("full_"): kept[name] for name in kept if name.startswith("full_")}
    full[SCORE] = full.pop("score")
    # The others are there while a rule is off, for every session; facts only where video or screen were recorded.
    for name in full.keys() - {SCORE, *REACTIONS}:
        full[name] = np.where(np.isnan(facts[name]), np.nan, full[name])
    return facts.but(full)


def slots(world: World, upstream: Mapping, done: Table) -> dict[str, Words]:
    """Words for texts about the sessions of `done`: {topic} is what each is first of all about."""
    first, second = topics.of_sessions(world, done)
    minutes = done.number("actual_duration").astype(np.int64)
    return {
        "subject": topics.subjects(world, done["subject"], "name"),
        **topics.slots(world, first),
        "other": topics.slots(world, second)["topic"],
        "tutor": person(upstream, done, "tutor", "first_name"),
        "student": person(upstream, done, "student", "first_name"),
        "minutes": Words([str(m) for m in range(minutes.max(initial=0) + 1)], minutes),
    }
