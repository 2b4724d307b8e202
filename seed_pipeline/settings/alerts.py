"""Typed settings of configs/alerts.yaml: what correct services find, by the platform's rules and by ours."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from seed_pipeline.schema import AlertSeverity
from seed_pipeline.settings.conditions import Condition, Conditions, fits
from seed_pipeline.settings.facts import ALERT_FACTS, STORED_FACTS, STORED_NUMBERS, STORED_WORDS
from seed_pipeline.settings.ranges import Strict, Whole, among, one_of

RELIABILITY = ("tutor_no_shows", "reschedules_by_tutor")
"""The counts of a period that risk levels are about."""
Days = Annotated[Whole, Field(ge=1, le=366)]
Minutes = Annotated[float, Field(ge=0, le=1440)]
AlertType = Annotated[str, one_of("alert_type")]
Category = Annotated[str, one_of("insight_category")]


class Ratio(Strict):
    """The sum of one stored count over the sum of several."""

    of: str
    to: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]


class Window(Strict):
    """Which of a tutor's sessions a rule looks at, and what it measures on them. Every window ends at as_of 00:00.

    `days` reaches that far back, else to the first session; `where` picks sessions, `last` the latest so many of them.
    At most one of: `share` of sessions that meet conditions, `mean` of a stored number, `ratio` of sums; sessions then
    count only where what it looks at was measured.
    """

    days: Days | None = None
    last: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    where: Conditions = ()
    share: Conditions = ()
    mean: str | None = None
    ratio: Ratio | None = None

    @property
    def form(self) -> str | None:
        """What is measured: share, mean, ratio, or nothing but how many sessions there are."""
        return next((name for name in ("share", "mean", "ratio") if getattr(self, name)), None)

    @property
    def measured(self) -> tuple[str, ...]:
        """The stored facts that a session must have to count."""
        return (
            *(c.fact for c in self.share),
            *((self.mean,) if self.mean else ()),
            *((self.ratio.of, *self.ratio.to) if self.ratio else ()),
        )

    @property
    def figures(self) -> tuple[str, ...]:
        """What conditions on this window may look at; `change` is relative to as many days before."""
        if self.form is None:
            return ("sessions",)
        return ("sessions", self.form, *(("change",) if self.days else ()))

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        if sum(map(bool, (self.share, self.mean, self.ratio))) > 1:
            raise ValueError("a window measures one of share, mean and ratio; leave one")
        for condition in (*self.where, *self.share):
            fits(condition, STORED_FACTS, "not stored of a session", STORED_WORDS)
        for fact in self.measured[len(self.share) :]:
            among(fact, STORED_NUMBERS, "no stored number")
        return self


class AlertRule(Strict):
    """When an alert of one type is raised, and how severe: the first severity whose condition holds.

    With a `window` it is raised once at most for each tutor, on figures of the window; `names: session` makes it name
    the latest session of the window.
    """

    per: Literal["session", "tutor", "pair", "student"]
    window: Window | None = None
    when: Conditions = ()
    severities: dict[AlertSeverity, Conditions]
    names: Literal["session"] | None = None

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        conditions = (*self.when, *(c for level in self.severities.values() for c in level))
        if self.window is None:
            if self.names:
                raise ValueError("only an alert on a window names a session; leave `names` out")
            _counted(conditions, ALERT_FACTS[self.per], f"no fact of a {self.per}")
        elif self.per != "tutor":
            raise ValueError(f"a window is of a tutor's sessions, not of a {self.per}'s; write per: tutor")
        else:
            _counted(conditions, self.window.figures, "no figure of this window")
        return self


class Insight(Strict):
    """A strength or growth area of a tutor: there when all conditions on the window's figures hold."""

    window: Window
    when: Conditions

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        if self.window.form is None:
            raise ValueError("an insight states a figure; give the window a share, a mean or a ratio")
        _counted(self.when, self.window.figures, "no figure of this window")
        return self


class Dashboard(Strict):
    """What the platform's dashboard and tutor pages count in a period, beside as many days before.

    A tutor is `at_risk`, and of a `risk` level, when one of the conditions holds; the first level counts, else low.
    """

    days: Days = 30
    late_after: Minutes = 5
    at_risk: Conditions
    risk: dict[Literal["high", "medium"], Conditions]

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        _counted((*self.at_risk, *(c for level in self.risk.values() for c in level)), RELIABILITY, "no such count")
        return self


class Alerts(Strict):
    """configs/alerts.yaml."""

    platform: dict[AlertType, AlertRule]
    alerts: dict[AlertType, AlertRule]
    insights: dict[Literal["strength", "growth_area"], dict[Category, Insight]]
    dashboard: Dashboard

    @property
    def sources(self) -> Mapping[str, Mapping[str, AlertRule]]:
        """The alert rules by what truth_alerts.source says of them."""
        return {"platform": self.platform, "seed": self.alerts}


def _counted(conditions: Iterable[Condition], figures: tuple[str, ...], what: str) -> None:
    """Known facts or figures, compared with numbers."""
    for condition in conditions:
        fits(condition, figures, what)
