"""The settings: typed, strict models of configs/ and their loading.

Reading never guesses: an unknown key, a share beyond 1, a range upside down, a rule on a metric that does not exist is
refused with file, key, value, reason and remedy (`SettingsError`), before a row is made.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from seed_pipeline.core.alert_settings import AlertRule
from seed_pipeline.core.conditions import Conditions
from seed_pipeline.core.facts import PROBABILITY_METRICS, RULE_METRICS, TRIGGER_FACTS
from seed_pipeline.core.files import SettingsError, apply_overrides, read_section, refused
from seed_pipeline.core.ranges import Counts, Name, Number, Range, Ratios, Scores, Share, Stars, Strict, Weight, Whole
from seed_pipeline.core.target_settings import Targets
from seed_pipeline.core.vocabulary import Text

SHIPPED = Path(__file__).resolve().parents[2] / "configs"
SECTIONS = ("main", "probabilities", "personas", "correlations", "alerts", "targets")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Count = Annotated[Whole, Field(ge=1, le=500)]
Positive = Annotated[Number, Field(gt=0)]


class Cohort(Strict):
    """How the world grows (C5)."""

    sessions: Annotated[Whole, Field(ge=1)] = 150
    count: Literal["auto"] | Annotated[Whole, Field(ge=1)] = "auto"


class Minimum(Strict):
    """Fewest sessions of a person (O7)."""

    tutor: Annotated[Whole, Field(ge=1)] = 4
    student: Annotated[Whole, Field(ge=1)] = 3


class Main(Strict):
    """configs/main.yaml."""

    seed: Whole = 42
    total_sessions: Annotated[Whole, Field(ge=1, le=1_000_000_000)] = 150
    as_of: date
    days: Annotated[Whole, Field(ge=15, le=366)] = 30
    clear_existing_data: bool = True
    answer_key: bool = True
    target: Annotated[str, Field(min_length=1)] = "sqlite:///data/seed.db"
    cohort: Cohort = Cohort()
    minimum_sessions: Minimum = Minimum()
    admin_email: Annotated[
        str, Field(pattern=r"^[^@\s]+@([a-z0-9-]+\.)*(example\.(com|org|net)|[a-z0-9-]+\.(example|test|invalid))$")
    ]
    chunk_cohorts: Annotated[Whole, Field(ge=1, le=5000)] = 50
    processes: Annotated[Whole, Field(ge=1, le=256)] = 1


class OffDays(Strict):
    """Sessions on which a good tutor is not (T6)."""

    share: Share
    talk_ratio: Ratios
    understanding_checks: Counts


class TutorPersona(Strict):
    """What a kind of tutor does, in ranges and rates (T1-T6, O6)."""

    count: Count
    talk_ratio: Ratios
    understanding_checks: Counts
    engagement: Scores
    rating: Stars
    first_session_success: Share
    no_show: Share
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
    years: Counts
    hourly_rate: Range
    tenure_days: Counts

    @model_validator(mode="after")
    def _off_days_are_off(self) -> Self:
        off = self.off_days
        if (
            off
            and off.share
            and (
                _overlap(off.talk_ratio, self.talk_ratio)
                or _overlap(off.understanding_checks, self.understanding_checks)
            )
        ):
            raise ValueError(
                "an off day lies outside the persona's ranges (T6), but off_days overlaps talk_ratio or understanding_checks; "
                "move the ranges under off_days away from the persona's"
            )
        return self


class StudentPersona(Strict):
    """What a kind of student does, in ranges and rates (S1-S7)."""

    count: Count
    engagement: Scores
    response_delay: Range
    questions: Counts
    frustration: Share
    feedback: Share
    churn: Share
    confusion: Range
    gaming: Share
    messaging: Share
    absence: Positive
    tenure_days: Counts


class Pairs(Strict):
    """Means of a tutor persona with a student persona."""

    engagement: dict[Name, dict[Name, Annotated[Number, Field(ge=0, le=10)]]]
    score: dict[Name, dict[Name, Annotated[Number, Field(ge=0, le=10)]]]


class Personas(Strict):
    """configs/personas.yaml."""

    tutors: Annotated[dict[Name, TutorPersona], Field(min_length=1)]
    students: Annotated[dict[Name, StudentPersona], Field(min_length=1)]
    pairs: Pairs

    @model_validator(mode="after")
    def _pairs_are_complete(self) -> Self:
        for name in ("engagement", "score"):
            table = getattr(self.pairs, name)
            for tutor in self.tutors:
                missing = [s for s in self.students if s not in table.get(tutor, {})]
                if missing:
                    raise ValueError(
                        f"pairs.{name} has no value for {tutor} with {', '.join(missing)}; add the line, every pair needs one"
                    )
            unknown = [t for t in table if t not in self.tutors] + [
                s for row in table.values() for s in row if s not in self.students
            ]
            if unknown:
                raise ValueError(
                    f"pairs.{name} names {unknown[0]!r}, which is no persona; remove it or define the persona"
                )
        return self


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
    weekdays: dict[Literal[WEEKDAYS], Weight]
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
    sessions: dict[Name, Weight]


class Fading(Strict):
    """Students who stop booking before the window ends."""

    share: Share
    until: Ratios


class Cascade(Strict):
    """N4: the pair in which a no-show, poor sessions and churn follow each other."""

    group: Name
    tutors: Name


class Stories(Strict):
    """N: thresholds and shares of the stories."""

    at_risk_cascade: Cascade | None = None
    high_score: Annotated[Number, Field(ge=0, le=10)]
    high_score_rebooking: Share
    poor_score: Annotated[Number, Field(ge=0, le=10)]
    forgiving: Share


class Events(Strict):
    """Sizes of what happens in a session, before rules."""

    frustration_counts: dict[Annotated[Whole, Field(ge=1, le=50)], Share]
    engagement_spread: Weight
    student_spread: Weight
    trend: Weight
    score_per_engagement: Number
    score_per_frustration: Number
    notes_minutes: Counts
    notes_engagement: Annotated[Number, Field(ge=0, le=10)]
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
    notes: str


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
    weights: Annotated[dict[Annotated[str, Field(max_length=50)], Factor], Field(min_length=1)]

    @model_validator(mode="after")
    def _weights_sum(self) -> Self:
        _sums_to_one({k: v.weight for k, v in self.weights.items()})
        return self


class Probabilities(Strict):
    """configs/probabilities.yaml."""

    outcomes: Outcomes
    availability: Availability
    time: Time
    booking: Annotated[tuple[Group, ...], Field(min_length=1)]
    fading: Fading
    second_tutor: Share
    stories: Stories
    events: Events
    rating: Rating
    churn: Churn


class Effect(Strict):
    """One thing a rule does to one metric."""

    metric: str
    multiply: Number | None = None
    add: Number | None = None
    cap: Number | None = None
    set: Number | None = None

    @model_validator(mode="after")
    def _one_operation_on_a_known_metric(self) -> Self:
        given = [n for n in ("multiply", "add", "cap", "set") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"an effect does exactly one of multiply, add, cap, set; this one has {', '.join(given) or 'none'}"
            )
        if self.metric not in (*RULE_METRICS, *PROBABILITY_METRICS):
            raise ValueError(
                f"{self.metric!r} is no metric a rule can act on; choose one of {', '.join((*RULE_METRICS, *PROBABILITY_METRICS))}"
            )
        return self

    @property
    def operation(self) -> str:
        """multiply, add, cap or set."""
        return next(n for n in ("multiply", "add", "cap", "set") if getattr(self, n) is not None)

    @property
    def value(self) -> float:
        """The operand."""
        return float(getattr(self, self.operation))


class Rule(Strict):
    """A trigger and its effects (contract R)."""

    name: Name
    when: Annotated[Conditions, Field(min_length=1)]
    effects: Annotated[tuple[Effect, ...], Field(min_length=1)]
    enabled: bool = True

    @model_validator(mode="after")
    def _known_facts(self) -> Self:
        for condition in self.when:
            if condition.fact not in TRIGGER_FACTS:
                raise ValueError(
                    f"{condition.fact!r} in 'when' is nothing a rule can look at; choose one of {', '.join(TRIGGER_FACTS)}"
                )
        return self


class Correlations(Strict):
    """configs/correlations.yaml."""

    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [r.name for r in self.rules]
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise ValueError(f"two rules are called {twice[0]!r}; the journal tells rules by name, so rename one")
        return self


class Alerts(Strict):
    """configs/alerts.yaml."""

    alerts: dict[str, AlertRule]


class Settings(Strict):
    """All of configs/, one section a file; `text` is the folder of vocabularies."""

    main: Main
    probabilities: Probabilities
    personas: Personas
    correlations: Correlations
    alerts: Alerts
    targets: Targets
    text: Text

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        tutors, students = self.personas.tutors, self.personas.students
        counts = dict.fromkeys(students, 0)
        groups: set[str] = set()
        for row in self.probabilities.booking:
            where = f"probabilities.yaml, booking, group {row.group}"
            if row.persona not in students:
                raise ValueError(f"{where}: {row.persona!r} is no student persona; choose one of {', '.join(students)}")
            if row.group in groups:
                raise ValueError(f"{where}: the group appears twice; rename one")
            unknown = [t for t in row.sessions if t not in tutors]
            if unknown:
                raise ValueError(f"{where}: {unknown[0]!r} is no tutor persona; choose one of {', '.join(tutors)}")
            groups.add(row.group)
            counts[row.persona] += row.count
        for name, persona in students.items():
            if counts[name] != persona.count:
                raise ValueError(
                    f"probabilities.yaml, booking: the groups of {name} hold {counts[name]} students, but personas.yaml has "
                    f"{persona.count} of them in a cohort (C2); change the groups' count or the persona's"
                )
        idle = [t for t in tutors if not sum(row.sessions.get(t, 0) for row in self.probabilities.booking)]
        if idle:
            raise ValueError(
                f"probabilities.yaml, booking: nobody books a {idle[0]} tutor; give a group some sessions with {idle[0]}"
            )
        churn, cascade = self.probabilities.churn, self.probabilities.stories.at_risk_cascade
        named = [
            *((m.persona, students) for m in (churn.safe, churn.lost)),
            *((t, tutors) for m in (churn.safe, churn.lost) for t in m.tutors),
        ]
        named += [(cascade.group, dict.fromkeys(sorted(groups))), (cascade.tutors, tutors)] if cascade else []
        for name, known in named:
            if name not in known:
                raise ValueError(
                    f"probabilities.yaml, churn and stories: {name!r} is unknown; choose one of {', '.join(known)}"
                )
        return self


def load(
    config_dir: Path | str | None = None,
    overrides: Sequence[str] = (),
    today: date | None = None,
    presets: Sequence[str] = (),
) -> Settings:
    """Read a folder of settings (the shipped one by default), lay presets and then overrides over it.

    `overrides` are strings `section.key.path=value` (a value is YAML); `presets` are names of files in presets/.
    `today` stands in for `as_of: today`: this module reads no clock. Raises SettingsError, also for settings that are
    well-formed but contradict each other (feasibility).
    """
    folder = Path(config_dir) if config_dir is not None else SHIPPED
    sections = {name: read_section(folder, name) for name in SECTIONS}
    sections["text"] = read_section(folder, "text")
    for preset in presets:
        apply_preset(folder, sections, preset)
    apply_overrides(sections, overrides)
    main = sections["main"]
    if isinstance(main, dict) and main.get("as_of", "today") == "today":
        if today is None:
            raise SettingsError(
                "main.yaml, as_of", "today", "no date was given to stand for today", "write a date, YYYY-MM-DD"
            )
        main["as_of"] = today
    try:
        settings = Settings.model_validate(sections)
    except ValidationError as error:
        raise refused(error, sections) from None
    from seed_pipeline.core.feasibility import check  # it works on settings, so it can only come after them

    check(settings)
    return settings


def apply_preset(folder: Path, sections: dict[str, Any], name: str) -> None:
    """Lay presets/NAME.yaml, a mapping of sections, over the sections read so far."""
    preset = read_section(folder / "presets", name)
    unknown = [k for k in preset if k not in SECTIONS]
    if unknown:
        raise SettingsError(
            f"presets/{name}.yaml, {unknown[0]}", preset[unknown[0]], "no such section", f"use {', '.join(SECTIONS)}"
        )
    for section, values in preset.items():
        sections[section] = _laid_over(sections[section], values)


def _laid_over(base: Any, top: Any) -> Any:
    if isinstance(base, dict) and isinstance(top, Mapping):
        return {**base, **{k: _laid_over(base.get(k), v) for k, v in top.items()}}
    return top


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _sums_to_one(shares: Mapping[str, float]) -> None:
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        listed = " + ".join(f"{k} {v:g}" for k, v in shares.items())
        raise ValueError(f"these shares must add up to 1 but make {total:.6g}: {listed}; change them so that they do")


__all__ = ["SECTIONS", "SHIPPED", "Settings", "SettingsError", "load"]
