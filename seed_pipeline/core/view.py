"""Completed sessions as later entities see them: stored values as facts, names and subjects as words."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import bridge, topics
from seed_pipeline.core.cast import subject_column
from seed_pipeline.core.framed import person
from seed_pipeline.core.metrics import session_facts
from seed_pipeline.core.world import World
from seed_pipeline.settings.facts import METRIC_TABLES, METRICS, REACTIONS, SCORE


def completed(upstream: Mapping) -> pd.DataFrame:
    """The working rows of completed sessions, in key order."""
    work = upstream["sessions"]["work_sessions"]
    return work[work["completed"]].reset_index(drop=True)


def facts(world: World, upstream: Mapping) -> dict[str, np.ndarray]:
    """Facts of each completed session: what is stored of it, NaN without a row, and its subject's category."""
    done = completed(upstream)
    metrics = upstream["metrics"]
    at = upstream["sessions"]["work_sessions"]["completed"].to_numpy()
    result: dict[str, np.ndarray] = dict(session_facts(bridge.from_frames({"done": done})["done"]))
    exists = (np.ones(len(done), bool), done["has_video"].to_numpy(), done["has_screen"].to_numpy())
    for table, rows in zip(METRIC_TABLES, exists, strict=True):
        for name in (c for c in metrics[table] if c in METRICS):
            result[name] = np.full(len(done), np.nan)
            result[name][rows] = metrics[table][name].to_numpy(np.float64)
    result[SCORE] = metrics["sessions"][SCORE].to_numpy(np.float64)[at]
    result["follow_up_booked"] = metrics["sessions"]["follow_up_booked"].to_numpy(np.float64)[at]
    result["category"] = subject_column(world, done["subject"].to_numpy(), "category")
    first, second = topics.of_sessions(world, done)
    result["topics"] = 1.0 + (first != second)
    return result


def with_every_rule(facts: Mapping[str, np.ndarray], upstream: Mapping) -> dict[str, np.ndarray]:
    """The facts of completed sessions as they would be with every rule switched on (R11)."""
    kept = upstream["metrics"]["work_metrics"]
    full = {c.removeprefix("full_"): kept[c].to_numpy() for c in kept if c.startswith("full_")}
    full[SCORE] = full.pop("score")
    # The others are there while a rule is off, for every session; facts only where video or screen were recorded.
    for name in full.keys() - {SCORE, *REACTIONS}:
        full[name] = np.where(np.isnan(facts[name]), np.nan, full[name])
    return {**facts, **full}


def slots(world: World, upstream: Mapping, done: pd.DataFrame) -> dict[str, np.ndarray]:
    """Words for texts about the sessions of `done`: {topic} is what each is first of all about."""
    first, second = topics.of_sessions(world, done)
    return {
        "subject": subject_column(world, done["subject"].to_numpy(), "name"),
        **topics.slots(world, first),
        "other": topics.slots(world, second)["topic"],
        "tutor": person(upstream, done, "tutor", "first_name"),
        "student": person(upstream, done, "student", "first_name"),
        "minutes": done["actual_duration"].to_numpy().astype(np.int64).astype(str),
    }
