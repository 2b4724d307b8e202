"""Grading an application's services: what they wrote is read, compared with the answer key, judged by the limits."""

from collections.abc import Sequence
from dataclasses import replace

from seed_pipeline.grade import alerts as alerts_
from seed_pipeline.grade import churn as churn_
from seed_pipeline.grade import dashboard as dashboard_
from seed_pipeline.grade import insights as insights_
from seed_pipeline.grade import scores as scores_
from seed_pipeline.grade.grades import Grades
from seed_pipeline.grade.places import column, figures
from seed_pipeline.grade.reading import opened
from seed_pipeline.grade.thresholds import Thresholds, failures, refuse


def grade(
    target: str = "sqlite:///data/seed.db",
    *,
    alerts: str = "alerts",
    insights: str = "tutor_insights",
    churn: str | None = None,
    scores: str | None = None,
    dashboard: Sequence[str] = (),
    source: str = "platform",
    warn_from: float = 0.40,
    tolerance: float = 0.001,
    target_schema: str = "",
    thresholds: Thresholds | None = None,
) -> Grades:
    """Grade what an application wrote into `target` (`sqlite:///…` or `postgresql://…`), which is opened read-only.

    `alerts`, `insights`: tables; `churn`, `scores`: `TABLE.COLUMN[:KEY]`, also of a CSV file; `dashboard`: `TABLE`
    shaped like truth_dashboard, or `METRIC[@PERIOD]=TABLE.COLUMN[:KEY]`; `source`: whose alerts are right (platform);
    `warn_from`: the risk from which on somebody is warned of; `tolerance` of figures. Raises StoreError.
    """
    limits = thresholds or Thresholds()
    refuse(limits, bool(churn), bool(scores), bool(dashboard))
    risks, rescored = column("--churn", churn), column("--scores", scores)
    shown = figures(dashboard)
    with opened(target, target_schema) as reader:
        found = insights_.grade(reader, insights)
        asked = {"min_insight_precision", "min_insight_recall"} & set(limits.given)
        grades = Grades(
            target=reader.where,
            alerts=alerts_.grade(reader, alerts, source),
            insights=None if found.empty and not asked else found,
            churn=churn_.grade(reader, risks, warn_from) if risks else None,
            scores=scores_.grade(reader, rescored) if rescored else None,
            dashboard=dashboard_.grade(reader, shown, tolerance),
        )
    return replace(grades, failures=tuple(failures(grades, limits)))
