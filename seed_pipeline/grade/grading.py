"""Grading an application's services: what they wrote is read, compared with the answer key, judged by the limits."""

from collections.abc import Sequence
from dataclasses import replace

from seed_pipeline.grade import alerts as alerts_
from seed_pipeline.grade import churn as churn_
from seed_pipeline.grade import dashboard as dashboard_
from seed_pipeline.grade import insights as insights_
from seed_pipeline.grade import scores as scores_
from seed_pipeline.grade.grades import Grades
from seed_pipeline.grade.reading import opened
from seed_pipeline.grade.request import Request, column, figures
from seed_pipeline.grade.thresholds import Thresholds, failures, refuse


def grade(
    target: str = "data/seed.db",
    *,
    alerts: str = "alerts",
    insights: str = "tutor_insights",
    churn: str | None = None,
    scores: str | None = None,
    dashboard: Sequence[str] = (),
    source: str = "platform",
    warn_from: float = 0.40,
    tolerance: float = 0.001,
    thresholds: Thresholds | None = None,
) -> Grades:
    """Grade what an application wrote into `target` (a SQLite file or a URL), which is opened read-only.

    `alerts`, `insights`: tables; `churn`, `scores`: `TABLE.COLUMN[:KEY]`, also of a CSV file; `dashboard`: `TABLE`
    shaped like truth_dashboard, or `METRIC[@PERIOD]=TABLE.COLUMN[:KEY]`; `source`: whose alerts are right (platform);
    `warn_from`: the risk from which on somebody is warned of; `tolerance` of figures. Raises StoreError.
    """
    request = Request(
        alerts=alerts,
        insights=insights,
        churn=column("--churn", churn) if churn else None,
        scores=column("--scores", scores) if scores else None,
        dashboard=figures(dashboard),
        source=source,
        warn_from=warn_from,
        tolerance=tolerance,
    )
    return graded(target, request, thresholds or Thresholds())


def graded(target: str, request: Request, thresholds: Thresholds) -> Grades:
    """Grade what `request` names and judge it by `thresholds`. Raises StoreError."""
    refuse(thresholds, request)
    with opened(target) as reader:
        insights = insights_.grade(reader, request.insights)
        asked = {"min_insight_precision", "min_insight_recall"} & set(thresholds.given)
        grades = Grades(
            target=reader.where,
            alerts=alerts_.grade(reader, request),
            insights=None if insights.empty and not asked else insights,
            churn=churn_.grade(reader, request.churn, request.warn_from) if request.churn else None,
            scores=scores_.grade(reader, request.scores) if request.scores else None,
            dashboard=dashboard_.grade(reader, request),
        )
    return replace(grades, failures=tuple(failures(grades, thresholds)))
