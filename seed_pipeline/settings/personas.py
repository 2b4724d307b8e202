"""Typed settings of configs/personas.yaml: what kinds of tutors and students there are, and how pairs get on."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from seed_pipeline.schema import ENUMS
from seed_pipeline.settings.ranges import (
    Count,
    Counts,
    Days,
    Hundreds,
    Name,
    Positive,
    Ratings,
    Ratios,
    Score,
    Scores,
    Share,
    Strict,
    Weight,
    Years,
    choice,
)

AlertType = Annotated[str, choice(ENUMS["alert_type"])]


class OffDays(Strict):
    """Sessions on which a good tutor is not (T6)."""

    share: Share
    talk_ratio: Ratios
    understanding_checks: Counts


class TutorPersona(Strict):
    """What a kind of tutor does, in ranges and rates (T1-T6, O6), and what the platform makes of it.

    `raises` lists the platform's alerts that every such tutor raises (P1); a `spared` one raises none of those about
    talk, checks and no-shows, and is never shown as high risk (P2).
    """

    count: Count
    talk_ratio: Ratios
    understanding_checks: Counts
    engagement: Scores
    rating: Ratings
    first_session_success: Share
    no_show: Share
    late: Share
    raises: tuple[AlertType, ...] = ()
    spared: bool = False
    off_days: OffDays | None = None
    score_spread: Weight
    enthusiasm: Scores
    open_questions: Counts
    closed_questions: Counts
    rhetorical_questions: Counts
    reinforcement: Counts
    visual_aids: Share
    homework: Share
    follow_up: Share
    years: Years
    hourly_rate: Hundreds
    tenure_days: Days

    @model_validator(mode="after")
    def _off_days_are_off(self) -> Self:
        off = self.off_days
        if off is None or not off.share:
            return self
        same_talk = _overlap(off.talk_ratio, self.talk_ratio)
        if same_talk or _overlap(off.understanding_checks, self.understanding_checks):
            raise ValueError(
                "an off day lies outside the persona's ranges (T6), but off_days overlaps talk_ratio or "
                "understanding_checks; move the ranges under off_days away from the persona's"
            )
        return self


class StudentPersona(Strict):
    """What a kind of student does, in ranges and rates (S1-S7)."""

    count: Count
    engagement: Scores
    response_delay: Hundreds
    questions: Counts
    frustration: Share
    feedback: Share
    churn: Share
    confusion: Hundreds
    gaming: Share
    messaging: Share
    absence: Positive
    tenure_days: Days


class Pairs(Strict):
    """Means of a tutor persona with a student persona."""

    engagement: dict[Name, dict[Name, Score]]
    score: dict[Name, dict[Name, Score]]


class Personas(Strict):
    """configs/personas.yaml."""

    tutors: Annotated[dict[Name, TutorPersona], Field(min_length=1, max_length=40)]
    students: Annotated[dict[Name, StudentPersona], Field(min_length=1, max_length=40)]
    pairs: Pairs

    @model_validator(mode="after")
    def _pairs_are_complete(self) -> Self:
        for name in ("engagement", "score"):
            table = getattr(self.pairs, name)
            for tutor in self.tutors:
                missing = [s for s in self.students if s not in table.get(tutor, {})]
                if missing:
                    raise ValueError(
                        f"pairs.{name} has no value for {tutor} with {', '.join(missing)}; "
                        "add the line, every pair needs one"
                    )
            unknown = [t for t in table if t not in self.tutors] + [
                s for row in table.values() for s in row if s not in self.students
            ]
            if unknown:
                raise ValueError(
                    f"pairs.{name} names {unknown[0]!r}, which is no persona; remove it or define the persona"
                )
        return self


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]
