"""The command `grade`: what the application wrote, and the limits that its grades are held against."""

from typing import Annotated

import typer

from seed_pipeline.cli.options import Config, Json, Preset, Set, Target

_WRITTEN, _LIMITS = "What the application wrote", "Limits (exit code 1 beyond them)"

GradedAlerts = Annotated[
    str, typer.Option("--alerts", help="Its table of alerts.", metavar="TABLE", rich_help_panel=_WRITTEN)
]
GradedInsights = Annotated[
    str, typer.Option("--insights", help="Its table of insights.", metavar="TABLE", rich_help_panel=_WRITTEN)
]
GradedChurn = Annotated[
    str | None,
    typer.Option(
        "--churn",
        help="Its churn risk, a share or percent for each student: a column of a table, view or CSV file.",
        metavar="TABLE.COLUMN[:KEY]",
        rich_help_panel=_WRITTEN,
    ),
]
GradedScores = Annotated[
    str | None,
    typer.Option(
        "--scores",
        help="Its recomputed scores, 0-10 for each session.",
        metavar="TABLE.COLUMN[:KEY]",
        rich_help_panel=_WRITTEN,
    ),
]
GradedDashboard = Annotated[
    list[str] | None,
    typer.Option(
        "--dashboard",
        help="What its dashboard shows: a table shaped like truth_dashboard, or METRIC=TABLE.COLUMN (METRIC@previous "
        "for the 30 days before, TABLE.COLUMN:KEY for a figure of each tutor). Repeatable.",
        metavar="TABLE",
        rich_help_panel=_WRITTEN,
    ),
]
AlertSource = Annotated[
    str,
    typer.Option(
        "--source",
        help="Whose alerts are right: platform (its own rules), seed (the finer ones) or all.",
        metavar="NAME",
        rich_help_panel=_WRITTEN,
    ),
]
WarnFrom = Annotated[
    float,
    typer.Option(
        help="Risk from which on a student is warned of.", metavar="SHARE", min=0, max=1, rich_help_panel=_WRITTEN
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(help="How far a dashboard's figure may be off.", metavar="NUMBER", min=0, rich_help_panel=_WRITTEN),
]


def _share(text: str) -> typer.models.OptionInfo:
    return typer.Option(help=text, metavar="SHARE", min=0, max=1, rich_help_panel=_LIMITS)


def _limit(text: str, metavar: str) -> typer.models.OptionInfo:
    return typer.Option(help=text, metavar=metavar, min=0, rich_help_panel=_LIMITS)


MinPrecision = Annotated[float | None, _share("Least precision of each type of alert.")]
MinRecall = Annotated[float | None, _share("Least recall of each type of alert.")]
MinSeverity = Annotated[float | None, _share("Least share of the right alerts with the right severity, by type.")]
MinInsightPrecision = Annotated[float | None, _share("Least precision of each category of insights.")]
MinInsightRecall = Annotated[float | None, _share("Least recall of each category of insights.")]
MinAuc = Annotated[float | None, _share("Least AUC of the churn risk.")]
MinChurnPrecision = Annotated[float | None, _share("Least precision of churn warnings.")]
MinChurnRecall = Annotated[float | None, _share("Least recall of churn warnings.")]
MaxCalibrationError = Annotated[
    float | None, _share("Most that the said risk and the share who left may differ, on average.")
]
MinCorrelation = Annotated[float | None, _limit("Least correlation of the recomputed scores.", "NUMBER")]
MaxBias = Annotated[
    float | None, _limit("Most that the recomputed scores may be off on average, either way.", "NUMBER")
]
MaxWrongFigures = Annotated[int | None, _limit("Most figures of the dashboard that may differ.", "COUNT")]


def grade(
    context: typer.Context,
    target: Target = None,
    alerts: GradedAlerts = "alerts",
    insights: GradedInsights = "tutor_insights",
    churn: GradedChurn = None,
    scores: GradedScores = None,
    dashboard: GradedDashboard = None,
    source: AlertSource = "platform",
    warn_from: WarnFrom = 0.40,
    tolerance: Tolerance = 0.001,
    min_precision: MinPrecision = None,
    min_recall: MinRecall = None,
    min_severity: MinSeverity = None,
    min_insight_precision: MinInsightPrecision = None,
    min_insight_recall: MinInsightRecall = None,
    min_auc: MinAuc = None,
    min_churn_precision: MinChurnPrecision = None,
    min_churn_recall: MinChurnRecall = None,
    max_calibration_error: MaxCalibrationError = None,
    min_correlation: MinCorrelation = None,
    max_bias: MaxBias = None,
    max_wrong_figures: MaxWrongFigures = None,
    preset: Preset = None,
    set_: Set = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Grade what an application's services wrote into a seeded database against the answer key, which it only reads.

    Alerts, insights, churn risk, recomputed scores, dashboard figures. Exit code 1 if a grade is beyond a limit.

    Example:  seed-pipeline grade --churn churn_predictions.risk --min-recall 1 --min-auc 0.8
    """
    from seed_pipeline.cli import work

    work.grade(work.wishes(context.params), context.params, json)
