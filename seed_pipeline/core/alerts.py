"""The alerts that a correct alert service raises, by the rules of configs/alerts.yaml (truth_alerts)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.core import view
from seed_pipeline.core.framed import person
from seed_pipeline.core.randomness import uuids
from seed_pipeline.core.window_alerts import on_window
from seed_pipeline.core.windows import Observed
from seed_pipeline.core.world import World
from seed_pipeline.settings.alerts import AlertRule
from seed_pipeline.settings.conditions import all_hold
from seed_pipeline.settings.facts import RATING, SCORE

COLUMNS = ["id", "tutor_id", "student_id", "session_id", "alert_type", "severity", "because", "source"]


def alerts(world: World, upstream: Mapping, seen: Observed, cohort: np.ndarray) -> pd.DataFrame:
    """Rows of truth_alerts: one per alert, by cohort, source, type and subject, so that chunks add up (X1).

    `seen` are the sessions of this chunk's tutors, `cohort` the cohort of each of them.
    """
    return raised(world, _subjects(world, upstream), seen, cohort)


def raised(world: World, subjects: Mapping[str, pd.DataFrame], seen: Observed, cohort: np.ndarray) -> pd.DataFrame:
    """Every alert on these sessions, tutors, pairs and students (by what an alert can be `per`)."""
    found = [pd.DataFrame(columns=[*COLUMNS, "cohort"])]
    for source, rules in world.settings.alerts.sources.items():
        for name, rule in rules.items():
            if rule.window is None:
                alert = _raised(world, name, rule, subjects[rule.per])
            else:
                alert = on_window(world.seed, f"alert/{source}/{name}", rule, rule.window, seen, cohort)
            found.append(alert.assign(alert_type=name, source=source))
    every = pd.concat(found, ignore_index=True)
    return every.sort_values("cohort", kind="stable", ignore_index=True)[COLUMNS]


def _raised(world: World, name: str, rule: AlertRule, facts: pd.DataFrame) -> pd.DataFrame:
    """The alerts of one type, the first severity that holds, with the figures that raise it."""
    n = len(facts)
    columns = {str(c): facts[c].to_numpy() for c in facts}
    relevant = all_hold(rule.when, columns, n)
    severity, because = np.full(n, None, dtype=object), np.full(n, "", dtype=object)
    for level, conditions in rule.severities.items():
        at = np.flatnonzero(relevant & pd.isna(severity) & all_hold(conditions, columns, n))
        severity[at] = level
        words = [
            _figure(columns[c.fact][at]) + f" {c.operator} {c.value:g}"
            for c in conditions
            if not isinstance(c.value, str)
        ]
        named = [c.fact + " " for c in conditions if not isinstance(c.value, str)]
        because[at] = sum(
            (sep + fact + text for sep, fact, text in zip(["", *[" and "] * 9], named, words, strict=False)),
            np.full(len(at), "", object),
        )
    rows = np.flatnonzero(~pd.isna(severity))
    frame = facts.iloc[rows][["cohort", "tutor_id", "student_id", "session_id"]].reset_index(drop=True)
    frame["id"] = (
        uuids(world.seed, f"alert/{name}", facts["key"].to_numpy()[rows]) if len(rows) else np.empty(0, dtype=object)
    )
    return frame.assign(severity=severity[rows], because=because[rows])


def _figure(values: np.ndarray) -> np.ndarray:
    return pd.Series(np.round(values.astype(np.float64), 3)).astype(str).to_numpy(object)


def _subjects(world: World, upstream: Mapping) -> dict[str, pd.DataFrame]:
    """The facts of every session, tutor, pair and student that an alert can be about."""
    work = upstream["sessions"]["work_sessions"]
    every = pd.DataFrame(
        {
            "tutor_id": person(upstream, work, "tutor", "user_id"),
            "student_id": person(upstream, work, "student", "user_id"),
            "tutor_key": person(upstream, work, "tutor", "key"),
            "student_key": person(upstream, work, "student", "key"),
            "cohort": work["cohort"].to_numpy(),
            "pair": work["pair"].to_numpy(),
            "status": work["status"].to_numpy(object),
            "score": upstream["metrics"]["sessions"][SCORE].to_numpy(np.float64),
        }
    )
    student = counted(every, "student_key").merge(
        upstream["churn"]["work_churn"], left_on="student_id", right_on="user_id"
    )
    return {
        "session": _of_sessions(world, upstream),
        "tutor": counted(every, "tutor_key").assign(student_id=None),
        "pair": counted(every, "pair"),
        "student": student,
    }


def _of_sessions(world: World, upstream: Mapping) -> pd.DataFrame:
    done = view.completed(upstream)
    facts = {name: values for name, values in view.facts(world, upstream).items() if name != "category"}
    rating = (
        upstream["feedback"]["session_feedback"]
        .set_index("session_id")[RATING]
        .reindex(done["session_id"])
        .to_numpy(np.float64)
    )
    frame = pd.DataFrame(facts).assign(
        cohort=done["cohort"], key=done["key"], session_id=done["session_id"], **{RATING: rating}
    )
    return frame.assign(
        tutor_id=person(upstream, done, "tutor", "user_id"), student_id=person(upstream, done, "student", "user_id")
    )


def counted(every: pd.DataFrame, by: str) -> pd.DataFrame:
    """Counts and rates per tutor, pair or student; the tutor of a student is the one they met most."""
    frame = every.assign(
        completed=every["status"] == "completed",
        missed=every["status"] == "no_show_tutor",
        moved=every["status"] == "rescheduled",
    )
    groups = frame.groupby(by, sort=True)
    scores = frame[frame["completed"]].groupby(by)["score"]
    met = (
        frame.groupby([by, "tutor_id"], sort=True)
        .size()
        .rename("met")
        .reset_index()
        .sort_values([by, "met"], kind="stable")
    )
    result = pd.DataFrame(
        {
            "tutor_id": met.drop_duplicates(by, keep="last").set_index(by)["tutor_id"],
            "cohort": groups["cohort"].first(),
            "student_id": groups["student_id"].first(),
            "sessions": groups.size(),
            "completed_sessions": groups["completed"].sum(),
            "tutor_no_shows": groups["missed"].sum(),
            "tutor_no_show_rate": groups["missed"].mean(),
            "reschedules": groups["moved"].sum(),
            "reschedule_rate": groups["moved"].mean(),
            "mean_score": scores.mean(),
            "score_change": scores.last() - scores.first(),
        }
    )
    return result.rename_axis("key").reset_index().assign(session_id=None)
