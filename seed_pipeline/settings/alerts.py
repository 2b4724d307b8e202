"""Typed settings of configs/alerts.yaml: which alerts a correct alert service raises."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from seed_pipeline.schema import AlertSeverity
from seed_pipeline.settings.conditions import Conditions, compares_number
from seed_pipeline.settings.facts import ALERT_FACTS
from seed_pipeline.settings.ranges import Strict, one_of

AlertType = Annotated[str, one_of("alert_type")]


class AlertRule(Strict):
    """When an alert of one type is raised, and how severe: the first severity whose condition holds."""

    per: Literal["session", "tutor", "pair", "student"]
    when: Conditions = ()
    severities: dict[AlertSeverity, Conditions]

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        for condition in (*self.when, *(c for conditions in self.severities.values() for c in conditions)):
            if condition.fact not in ALERT_FACTS[self.per]:
                raise ValueError(
                    f"{condition.fact!r} is no fact of a {self.per}; choose one of {', '.join(ALERT_FACTS[self.per])}"
                )
            compares_number(condition)
        return self


class Alerts(Strict):
    """configs/alerts.yaml."""

    alerts: dict[AlertType, AlertRule]
