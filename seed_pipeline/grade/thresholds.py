"""What the grades must reach, and the sentences for what does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from seed_pipeline.grade.churn import Churn
from seed_pipeline.grade.dashboard import Dashboard
from seed_pipeline.grade.grades import Grades
from seed_pipeline.grade.matching import Match
from seed_pipeline.grade.scores import Scores
from seed_pipeline.store.errors import StoreError


@dataclass(frozen=True)
class Thresholds:
    """Limits; None is not judged.

    Precision and recall hold for every type by itself. `max_wrong_figures` counts figures of the dashboard that differ.
    """

    min_precision: float | None = None
    min_recall: float | None = None
    min_severity: float | None = None
    min_insight_precision: float | None = None
    min_insight_recall: float | None = None
    min_auc: float | None = None
    min_churn_precision: float | None = None
    min_churn_recall: float | None = None
    max_calibration_error: float | None = None
    min_correlation: float | None = None
    max_bias: float | None = None
    max_wrong_figures: int | None = None

    @property
    def given(self) -> list[str]:
        """The names of the limits that are judged."""
        return [f.name for f in fields(self) if getattr(self, f.name) is not None]


def refuse(thresholds: Thresholds, churn: bool, scores: bool, dashboard: bool) -> None:
    """Raise StoreError for a limit on what nobody named."""
    for option, named, words in (
        ("--churn", churn, ("auc", "churn", "calibration")),
        ("--scores", scores, ("correlation", "bias")),
        ("--dashboard", dashboard, ("figures",)),
    ):
        limit = next((name for name in thresholds.given if any(word in name for word in words)), None)
        if limit and not named:
            why, remedy = "there is nothing to judge by it", f"name what the application wrote with {option}"
            raise StoreError(_option(limit), getattr(thresholds, limit), why, remedy)


def failures(grades: Grades, limits: Thresholds) -> Iterator[str]:
    """A sentence for every grade that is beyond its limit."""
    alerts = grades.alerts.matches[:-1]
    yield from _of_matches("alerts", alerts, "min_precision", limits.min_precision)
    yield from _of_matches("alerts", alerts, "min_recall", limits.min_recall)
    yield from _of_matches("alerts", alerts, "min_severity", limits.min_severity)
    if grades.insights:
        insights = grades.insights.matches[:-1]
        yield from _of_matches("insights", insights, "min_insight_precision", limits.min_insight_precision)
        yield from _of_matches("insights", insights, "min_insight_recall", limits.min_insight_recall)
    if grades.churn:
        yield from _of_churn(grades.churn, limits)
    if grades.scores:
        yield from _of_scores(grades.scores, limits)
    yield from _of_dashboard(grades.dashboard, limits)


def _of_matches(where: str, matches: Sequence[Match], name: str, limit: float | None) -> Iterator[str]:
    """A type of which nothing was raised has no precision, one of which nothing is expected no recall."""
    for m in matches if limit is not None else ():
        share, told = {
            "precision": (m.precision, f"{len(m.wrong)} of {m.raised} wrong"),
            "recall": (m.recall, f"{len(m.missed)} of {m.expected} missed"),
            "severity": (m.level, f"{m.right - m.level_right} of {m.right} differ"),
        }[name.rpartition("_")[2]]
        for sentence in _least(name, f"{where}: {m.kind}: {name.rpartition('_')[2]}", share, limit):
            yield f"{sentence}: {told}"


def _of_churn(churn: Churn, limits: Thresholds) -> Iterator[str]:
    yield from _least("min_auc", "churn: AUC", churn.auc, limits.min_auc)
    yield from _least("min_churn_precision", "churn: precision", churn.precision, limits.min_churn_precision)
    yield from _least("min_churn_recall", "churn: recall", churn.recall, limits.min_churn_recall)
    yield from _most("max_calibration_error", "churn: calibration error", churn.error, limits.max_calibration_error)


def _of_scores(scores: Scores, limits: Thresholds) -> Iterator[str]:
    if limits.min_correlation is None and limits.max_bias is None:
        return
    if scores.missing:
        yield f"scores: {scores.missing} of {scores.sessions} completed sessions have none"
    if scores.overall is None:
        return
    if scores.overall.correlation is None and limits.min_correlation is not None:
        yield f"scores: they are all the same and correlate with nothing (--min-correlation {limits.min_correlation:g})"
    yield from _least("min_correlation", "scores: correlation", scores.overall.correlation, limits.min_correlation)
    yield from _most("max_bias", "scores: bias", abs(scores.overall.bias), limits.max_bias)


def _of_dashboard(dashboard: Dashboard, limits: Thresholds) -> Iterator[str]:
    if limits.max_wrong_figures is not None and not dashboard.shown:
        yield "dashboard: no figure is observed (--max-wrong-figures)"
    yield from _most("max_wrong_figures", "dashboard: wrong figures", len(dashboard.wrong), limits.max_wrong_figures)


def _least(name: str, what: str, value: float | None, limit: float | None) -> Iterator[str]:
    if limit is not None and value is not None and value < limit - 1e-9:
        yield f"{what} {value:.3f} is below {limit:g} ({_option(name)})"


def _most(name: str, what: str, value: float, limit: float | None) -> Iterator[str]:
    if limit is not None and value > limit + 1e-9:
        yield f"{what} {value:.3g} is above {limit:g} ({_option(name)})"


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
