"""Numbers of each materialization that are worth watching over time; Dagster plots them on the asset's page."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seed_pipeline.store.artifacts import Artifacts

WATCHED: Mapping[str, Mapping[str, tuple[str, str, str | None]]] = {
    "tutors": {"mean hourly rate": ("tutors", "hourly_rate", None)},
    "sessions": {
        "share completed": ("sessions", "status", "completed"),
        "share missed by the student": ("sessions", "status", "no_show_student"),
        "share missed by the tutor": ("sessions", "status", "no_show_tutor"),
        "share rescheduled": ("sessions", "status", "rescheduled"),
        "share with technical issues": ("sessions", "technical_issues", None),
    },
    "metrics": {
        "mean engagement": ("session_audio_metrics", "student_engagement_score", None),
        "mean talk ratio": ("session_audio_metrics", "tutor_talk_ratio", None),
        "mean score": ("sessions", "overall_session_score", None),
        "share followed up": ("sessions", "follow_up_booked", None),
    },
    "feedback": {"mean rating": ("session_feedback", "student_satisfaction_rating", None)},
    "churn": {"share churned": ("students", "status", "churned")},
    "answer_key": {
        "mean churn probability": ("truth_churn", "churn_probability", None),
        "share of off days": ("truth_sessions", "off_day", None),
        "share of critical alerts": ("truth_alerts", "severity", "critical"),
    },
}
"""Asset → what is shown → table, column, and the value whose share is shown; without one it is the column's mean."""


def watched(asset: str, artifacts: Artifacts) -> dict[str, float]:
    """The asset's numbers, over all chunks; what has no rows has no number."""
    totals = {name: np.zeros(2) for name in WATCHED.get(asset, {})}
    tables = sorted({table for table, _, _ in WATCHED.get(asset, {}).values()})
    for chunk in range(artifacts.n_chunks(asset)) if tables else ():
        read = artifacts.read(asset, chunk, tables)
        for name, (table, column, value) in WATCHED[asset].items():
            totals[name] += _sum(read[table][column], value)
    return {name: round(float(total / n), 6) for name, (total, n) in totals.items() if n}


def _sum(column: pd.Series, value: str | None) -> np.ndarray:
    numbers = (column == value).astype(float) if value is not None else column.dropna().astype(float)
    return np.array([numbers.sum(), len(numbers)])
