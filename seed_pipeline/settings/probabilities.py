"""Typed settings of configs/probabilities.yaml: how often things happen, when, to whom, and what follows from them."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from seed_pipeline.settings.ranges import (
    Count,
    Minutes,
    Name,
    Number,
    Positive,
    Printable,
    Ratios,
    Score,
    Share,
    Storable,
    Strict,
    Weight,
    Whole,
    choice,
)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Annotated[str, choice(WEEKDAYS)]


class Outcomes(Strict):
    """O: shares of all sessions."""

    completed: Share
    no_show_student: Share
    no_show_tutor: Share
    rescheduled: Share
    rescheduled_by_tutor: Share
    technical_issues: Share
    technical_issues_first_session: Positive

    @model_validator(mode="after")
    def _shares_sum(self) -> Self:
        _sums_to_one({n: getattr(self, n) for n in ("completed", "no_show_student", "no_show_tutor", "rescheduled")})
        if self.technical_issues > self.completed:
            raise ValueError(
                "technical_issues is above completed, but only completed sessions have technical issues (O5); lower it"
            )
        return self


class Availability(Strict):
    """A: shares of completed sessions; highlights as a mean count (C4)."""

    video: Share
    screen: Share
    feedback: Share
    highlights: Annotated[Number, Field(ge=0, le=20)]


class Time(Strict):
    """D: relative weights of hours and weekdays, shares of durations, the trend."""

    hours: dict[Annotated[Whole, Field(ge=0, le=21)], Weight]
    weekdays: dict[Weekday, Weight]
    durations: dict[Annotated[Whole, Field(ge=15, le=180, multiple_of=15)], Share]
    recency: Positive
    familiar: Share

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _sums_to_one({f"{k} minutes": v for k, v in self.durations.items()})
        missing = [d for d in WEEKDAYS if d not in self.weekdays]
        if missing:
            raise ValueError(f"weekdays lacks {missing[0]}; give every weekday a weight, 0 for none")
        for name, weights in (("hours", self.hours), ("weekdays", self.weekdays)):
            if not sum(weights.values()):
                raise ValueError(f"all weights under {name} are 0, so no session can start; give at least one a weight")
        return self


class Group(Strict):
    """A way to be taught: how many students of a persona, and their sessions with each tutor persona."""

    group: Name
    persona: Name
    count: Count
    until: Annotated[Number, Field(gt=0, le=1)] = 1.0
    fade: Share = 0.0
    sessions: dict[Name, Weight]


class Fading(Strict):
    """Students who lose heart and stop booking before the window ends."""

    until: Ratios
    load: Annotated[Share, Field(gt=0)]
    score: Number


class Cascade(Strict):
    """N4: the pair in which a no-show, poor sessions and churn follow each other."""

    group: Name
    tutors: Name


class Course(Strict):
    """P9: one tutor of a persona in every cohort gets better or worse over the window.

    `change` is in points of score, from the mean of the window's older half to that of its newer one.
    """

    tutors: Name
    tutor: Annotated[Whole, Field(ge=1, le=500)] = 1
    change: Annotated[Number, Field(ge=-10, le=10)]


class Stories(Strict):
    """N, P9: thresholds and shares of the stories."""

    courses: tuple[Course, ...] = ()
    at_risk_cascade: Cascade | None = None
    high_score: Score
    high_score_rebooking: Share
    poor_score: Score
    forgiving: Share


class Events(Strict):
    """Sizes of what happens in a session, before rules."""

    frustration_counts: dict[Annotated[Whole, Field(ge=1, le=50)], Share]
    engagement_spread: Weight
    student_spread: Weight
    trend: Weight
    score_per_engagement: Number
    score_per_frustration: Number
    notes_minutes: Minutes
    notes_engagement: Score
    notes_share: Share
    reply_delay_outside: Share

    @model_validator(mode="after")
    def _shares_sum(self) -> Self:
        _sums_to_one({f"{k} events": v for k, v in self.frustration_counts.items()})
        return self


class Rating(Strict):
    """What a rating follows."""

    per_score: Number
    spread: Weight


class Match(Strict):
    """Students of a persona who are mostly taught by some tutor personas."""

    persona: Name
    tutors: Annotated[tuple[Name, ...], Field(min_length=1)]


class Factor(Strict):
    """A row of churn_algorithm_weights."""

    weight: Share
    notes: Storable


class Churn(Strict):
    """What moves students to leave (S6, R9, N2-N4)."""

    per_score: Annotated[Number, Field(le=0)]
    per_tutor_no_show: Number
    per_silence: Number
    no_follow_up: Number
    safe: Match
    lost: Match
    safe_probability: Share
    lost_probability: Share
    weights: Annotated[dict[Annotated[Printable, Field(max_length=50)], Factor], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _weights_sum(self) -> Self:
        _sums_to_one({k: v.weight for k, v in self.weights.items()})
        return self


class Probabilities(Strict):
    """configs/probabilities.yaml."""

    outcomes: Outcomes
    availability: Availability
    time: Time
    booking: Annotated[tuple[Group, ...], Field(min_length=1, max_length=100)]
    fading: Fading
    second_tutor: Share
    stories: Stories
    events: Events
    rating: Rating
    churn: Churn


def _sums_to_one(shares: Mapping[str, float]) -> None:
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        listed = " + ".join(f"{k} {v:g}" for k, v in shares.items())
        raise ValueError(f"these shares must add up to 1 but make {total:.6g}: {listed}; change them so that they do")
