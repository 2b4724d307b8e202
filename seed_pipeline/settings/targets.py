"""Typed settings of configs/targets.yaml: what is measured on the data, what is expected, and how closely.

A target is a statement of the contract as data. It measures in one of a few forms (share, mean, each, correlation, or
a measure by name), over sessions, students or tutors, and expects numbers that mostly are references to other
settings, so that a tweak there needs no second edit here. A user's own target is one more block in the file.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from seed_pipeline.settings.conditions import Condition, fits, parse
from seed_pipeline.settings.facts import METRICS, TRIGGER_FACTS
from seed_pipeline.settings.measures import Path, typed
from seed_pipeline.settings.ranges import (
    Factors,
    Name,
    Number,
    Numbers,
    Printable,
    Share,
    Strict,
    Weight,
    Whole,
    among,
    form,
)

Entity = Literal[
    "reference", "tutors", "students", "sessions", "metrics", "feedback", "highlights", "churn", "answer_key"
]
FORMS = ("share", "mean", "each", "correlation", "measure")
EXPECTATIONS = ("expected", "inside", "at_least", "at_most")

KEY_FACTS = {
    "sessions": (
        "tutor_persona",
        "student_persona",
        "off_day",
        "story",
        "frustration_before_rules",
        "rules_on_questions",
    ),
    "students": (
        "student_persona",
        "churn_probability",
        "weighted_session_score",
        "safe",
        "lost",
        "in_cascade_pair",
        "met_cascade_no_show",
    ),
    "tutors": ("tutor_persona",),
}
"""Facts that only the answer key knows."""

FACTS: Mapping[str, tuple[str, ...]] = {
    "sessions": (
        *dict.fromkeys((*TRIGGER_FACTS, *METRICS)), "status", "follow_up_booked", "student_satisfaction_rating",
        "has_audio", "has_video", "has_screen", "has_feedback", "minutes_late", "highlights", "hour", "weekday",
        *KEY_FACTS["sessions"],
    ),
    "students": ("sessions", "completed_sessions", "tutors_met", "status", "churned", "met_tutor_no_show",
        *KEY_FACTS["students"]),
    "tutors": ("sessions", "completed_sessions", *KEY_FACTS["tutors"]),
}  # fmt: skip
"""What a target may look at, by what its rows are."""

WORDS = ("status", "story", "tutor_persona", "student_persona")
"""The facts that are words; all others are numbers."""

PLACEHOLDER = re.compile(r"\{([a-z_.*0-9]+)\}")


_Words = Annotated[Printable, Field(min_length=5)]
_StatementName = Annotated[str, form(r"^[A-Z]{1,3}[0-9]{0,4}_[a-z0-9_]{1,60}$", "a name like O1_completed")]


class Tolerance(Strict):
    """How far the observed may be from the expected: the widest of four measures, each 0 where not given.

    `counts`: units of count, as one number or [below, above] (half a unit around an `expected` unless given: nothing
    can be closer than rounding); `small`: a share at `small_at` sessions, shrinking in proportion to the size;
    `large`: a share at any size; `relative`: a share of the expected value.
    """

    counts: Weight | tuple[Weight, Weight] | None = None
    small: Share = 0.0
    large: Share = 0.0
    relative: Share = 0.0


class Target(Strict):
    """One statement: what is measured, on which rows, and what is expected of it.

    `where` picks rows, `by` judges each group apart, `split` compares rows that meet a condition with those that do not
    (averaged `within` groups), `scale: [a, b]` makes an interval of a times to b times the expected value, `in_order`
    asks that groups with a higher expectation are not observed lower, `rule` names a rule without which there is
    nothing to judge, `only_large` one that needs many sessions, `level` one
    that rules help to make, `using` holds parameters of a named measure, `enabled: false` switches the statement
    off, for who wants other data.
    """

    title: _Words
    entity: Entity
    blocking: bool = True
    level: bool = False
    edge_cases: bool = False
    of: Literal["sessions", "students", "tutors"] = "sessions"
    share: tuple[str, ...] | str | None = None
    mean: str | None = None
    each: str | None = None
    correlation: tuple[str, str] | None = None
    measure: Name | None = None
    where: tuple[str, ...] | str = ()
    by: str | None = None
    split: str | None = None
    compare: Literal["difference", "ratio"] = "difference"
    within: str | None = None
    expected: Number | Path | None = None
    inside: Numbers | Path | None = None
    at_least: Number | Path | None = None
    at_most: Number | Path | None = None
    scale: Factors | None = None
    in_order: bool = False
    only_large: bool = False
    tolerance: Tolerance = Tolerance()
    rule: Name | None = None
    using: dict[str, Any] = Field(default_factory=dict)
    setting: Path
    hint: _Words | Literal[""] = ""
    enabled: bool = True

    @property
    def form(self) -> str:
        """share, mean, each, correlation or measure."""
        return next(name for name in FORMS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _measures_one_thing(self) -> Self:
        given = [name for name in FORMS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a target measures exactly one of {', '.join(FORMS)}; this one has {', '.join(given) or 'none'}"
            )
        expects = [name for name in EXPECTATIONS if getattr(self, name) is not None]
        object.__setattr__(self, "using", typed(self.measure, self.using))  # frozen for everybody else
        if given == ["measure"]:
            return self
        if not expects or (len(expects) > 1 and set(expects) != {"at_least", "at_most"}):
            raise ValueError(
                f"a target expects one of {', '.join(EXPECTATIONS)}; it has {', '.join(expects) or 'none'}; leave one"
            )
        for text in (*lines(self.share), *lines(self.where), *lines(self.split)):
            condition = parse(PLACEHOLDER.sub("0", text))
            fits(condition, FACTS[self.of], f"nothing known of {self.of}", WORDS)
        for fact in (self.mean, self.each, self.by, self.within, *(self.correlation or ())):
            if fact is not None:
                among(fact, FACTS[self.of], f"nothing known of {self.of}")
        return self


class Targets(Strict):
    """configs/targets.yaml. Below `large_from` sessions the tolerances `counts` and `small` (at `small_at`) matter."""

    small_at: Annotated[Whole, Field(ge=1)] = 150
    large_from: Annotated[Whole, Field(ge=1)] = 100_000
    statements: Annotated[dict[_StatementName, Target], Field(max_length=1000)]


def lines(value: tuple[str, ...] | str | None) -> tuple[str, ...]:
    """None, one text or several, as a tuple."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def conditions(texts: tuple[str, ...] | str | None, settings: Any) -> tuple[Condition, ...]:
    """Conditions with each `{path}` replaced: `overall_session_score > {probabilities.stories.high_score}`."""
    return tuple(parse(PLACEHOLDER.sub(lambda found: str(look_up(settings, found[1])), text)) for text in lines(texts))


def look_up(settings: Any, path: str) -> Any:
    """The setting at `section.key.path`; with a `*`, a dict of its value for every key. KeyError if there is none."""
    place: Any = settings
    keys = path.split(".")
    for i, key in enumerate(keys):
        if key == "*":
            rest = ".".join(keys[i + 1 :])
            return {name: look_up(item, rest) if rest else item for name, item in dict(place).items()}
        place = _step(place, key, path)
    return place


def _step(place: Any, key: str, path: str) -> Any:
    if isinstance(place, Mapping):
        found = {str(k): v for k, v in place.items()}
        if key in found:
            return found[key]
    elif isinstance(place, BaseModel) and key in type(place).model_fields:
        return getattr(place, key)
    elif isinstance(place, tuple):
        found = {str(getattr(item, "name", getattr(item, "group", i))): item for i, item in enumerate(place)}
        if key in found:
            return found[key]
    raise KeyError(path)


def expectation(target: Target, key: str, settings: Any) -> Any:
    """The target's `expected`, `inside`, `at_least` or `at_most` with a reference resolved; None when not given."""
    value = getattr(target, key)
    return look_up(settings, value) if isinstance(value, str) else value


def holds_back(target: Target, settings: Any) -> bool:
    """Whether a failure stops the load. Levels that rules help to make only warn while a rule is switched off.

    A counterfactual keeps the baselines of all rules (R11), so it lawfully misses such levels.
    """
    return target.blocking and not (target.level and any(not r.enabled for r in settings.correlations.rules))


def out_of_force(target: Target, settings: Any) -> str:
    """Why the target asks nothing: it is switched off, or the rule it speaks of is; empty where it is in force."""
    if not target.enabled:
        return "the statement is switched off"
    off = target.rule is not None and not acts(target.rule, settings)
    return f"the rule {target.rule} is off" if off else ""


def in_force(target: Target, settings: Any) -> bool:
    """Whether the target is judged."""
    return not out_of_force(target, settings)


def acts(rule: str, settings: Any) -> bool:
    return any(r.name == rule and r.enabled for r in settings.correlations.rules)


MEASURED: Mapping[str, Mapping[str, Any]] = {
    "D1_peak_hours": {"measure": "peak_hours"},
    "D2_busy_weekdays": {"measure": "busy_weekdays"},
    "D3_durations": {"measure": "durations"},
    "D4_recency": {"measure": "trend"},
    "N4_cascade": {"measure": "cascade"},
    "N7_forgiving": {"measure": "forgiving"},
    "O2_student_no_shows": {"share": "status == no_show_student", "by": None},
    "O3_tutor_no_shows": {"share": "status == no_show_tutor", "by": None},
    "O4_rescheduled": {"share": "status == rescheduled", "by": None},
    "S5_feedback": {"share": "has_feedback == true", "by": "student_persona"},
    "S6_churn": {"of": "students", "share": "churned == true", "by": "student_persona"},
    "T3_engagement": {"mean": "student_engagement_score", "by": "tutor_persona", "split": None},
    "S1_engagement": {"mean": "student_engagement_score", "by": "student_persona", "split": None},
    "T4_rating": {"mean": "student_satisfaction_rating", "by": "tutor_persona", "split": None},
    "N1_high_score_rebooking": {"expected": "probabilities.stories.high_score_rebooking"},
    "R9_score_drives_churn": {"correlation": ("weighted_session_score", "churn_probability")},
}
"""What settings are held against before data are made, by what it measures: whoever renames a statement keeps it."""


def named(settings: Any, name: str) -> str | None:
    """The name under which the targets have a statement of ours: its own, or another that measures the same."""
    statements: Mapping[str, Target] = settings.targets.statements
    if name in statements:
        return name
    wanted = MEASURED[name]
    same = (n for n, t in statements.items() if all(getattr(t, key) == value for key, value in wanted.items()))
    return next(same, None)


def asked(settings: Any, name: str) -> bool:
    """Whether the targets have the statement, under this or another name, and it is in force."""
    known = named(settings, name)
    return known is not None and in_force(settings.targets.statements[known], settings)
