"""All grades of an application's services on one dataset."""

from dataclasses import asdict, dataclass
from typing import Any

from seed_pipeline.grade.alerts import Alerts
from seed_pipeline.grade.churn import Churn
from seed_pipeline.grade.dashboard import Dashboard
from seed_pipeline.grade.insights import Insights
from seed_pipeline.grade.scores import Scores

_INSIGHTS = "Insights\n  not graded: none is active in the table (--insights names another)"
_CHURN = "Churn risk\n  not graded: name the predictions with --churn TABLE.COLUMN[:KEY]"
_SCORES = "Scores\n  not graded: name the recomputed scores with --scores TABLE.COLUMN[:KEY]"


@dataclass(frozen=True)
class Grades:
    """What was graded. `insights` is None where the application wrote none, the others where nobody named a column."""

    target: str
    alerts: Alerts
    insights: Insights | None
    churn: Churn | None
    scores: Scores | None
    dashboard: Dashboard
    failures: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Everything for people."""
        blocks = (
            self.alerts.text,
            self.insights.text if self.insights else _INSIGHTS,
            self.churn.text if self.churn else _CHURN,
            self.scores.text if self.scores else _SCORES,
            self.dashboard.text,
        )
        return "\n\n".join(blocks)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "target": self.target,
            "passed": not self.failures,
            "failures": list(self.failures),
            "alerts": {
                "table": self.alerts.table,
                "types": [match.to_json() for match in self.alerts.matches],
                "unjudged": self.alerts.unjudged,
            },
            "insights": self.insights
            and {"table": self.insights.table, "categories": [match.to_json() for match in self.insights.matches]},
            "churn": self.churn and self.churn.to_json(),
            "scores": self.scores and asdict(self.scores),
            "dashboard": [asdict(figure) for figure in self.dashboard.figures],
        }
