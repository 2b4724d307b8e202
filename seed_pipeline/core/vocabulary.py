"""The words of the data: strict models of configs/text/*.yaml, one per file, and `Text`, which holds them all.

A group is a list of lines. A line is a sentence, or a mapping with `text`, `when` (conditions on facts, all of which
must hold) and `weight` (how often it is said compared with the others that fit). Lines that share conditions are
written as one block with `when`, `weight` and `lines`. Slots are written {topic}. Every group knows the slots and the
facts it may use, and has at least one line without conditions, so that nobody is ever left without words.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Boolean, Integer, Numeric

from seed_pipeline.core.conditions import Condition, Conditions
from seed_pipeline.schema import ENUMS, metadata

SLOT = re.compile(r"\{([^{}]*)\}")

Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Weight = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Phrase = Annotated[str, Field(strict=True, min_length=1)]


class Model(BaseModel):
    """Strict and frozen: an unknown key is an error, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Line(Model):
    """One sentence (or two), when it may be said, and how often compared with the others that fit."""

    text: str = ""
    when: Conditions = ()
    weight: Positive = 1.0
    lines: tuple["Line", ...] = Field(default=(), exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"text": value}
        if isinstance(value, Mapping) and ("text" in value) == ("lines" in value):
            raise ValueError(f"{dict(value)!r} needs either 'text' (one line) or 'lines' (a block of lines), not both")
        if not isinstance(value, Mapping | Line):
            raise ValueError(f"{value!r} is no line; write a sentence in quotes, or a mapping with text and when")
        return value

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the slots in the text, in order, repeated when used twice."""
        return tuple(SLOT.findall(self.text))

    def flat(self) -> tuple["Line", ...]:
        """The line itself, or the lines of a block with the block's conditions and weight put on each."""
        inner = [line for part in self.lines for line in part.flat()]
        return tuple(
            Line(text=line.text, when=(*self.when, *line.when), weight=self.weight * line.weight) for line in inner
        ) or (self,)


@dataclass(frozen=True)
class Fact:
    """What a condition may compare: a number between `low` and `high`, or one of `words`."""

    low: float = 0.0
    high: float = 1.0
    words: tuple[str, ...] = ()

    def complaint(self, condition: Condition) -> str | None:
        """Why the condition can never hold, and what would; None when it can."""
        if self.words:
            known = condition.value in self.words
            return None if known else f"{condition.fact} is one of {', '.join(self.words)}"
        if isinstance(condition.value, str):
            return f"{condition.fact} is a number from {self.low:g} to {self.high:g}"
        inside = self.low <= condition.value <= self.high
        at_an_end = condition.holds({condition.fact: np.array([self.low, self.high])}).any()
        possible = inside if condition.operator == "==" else at_an_end
        return None if possible else f"{condition.fact} goes from {self.low:g} to {self.high:g}"


Facts = Mapping[str, Fact]


def _columns(table: str, *only: str) -> dict[str, Fact]:
    """The table's numbers and flags as facts, with the interval the schema gives them."""
    facts = {}
    for column in metadata.tables[table].columns:
        if (only and column.name not in only) or not isinstance(column.type, Boolean | Integer | Numeric):
            continue
        low, high = column.info.get("domain", (0, 1))
        facts[column.name] = Fact(low, high)
    return facts


_CATEGORY = {"category": Fact(words=ENUMS["subject_category"])}
_SESSION_COLUMNS = (
    "session_number", "scheduled_duration", "actual_duration", "technical_issues", "homework_assigned",
    "follow_up_booked", "overall_session_score",
)  # fmt: skip
SESSION_FACTS: Facts = {
    **_columns("sessions", *_SESSION_COLUMNS),
    "has_video": Fact(),
    "has_screen": Fact(),
    **_CATEGORY,
    **_columns("session_audio_metrics"),
    **_columns("session_video_metrics"),
    **_columns("session_screen_metrics"),
}
FEEDBACK_FACTS: Facts = {**SESSION_FACTS, "student_satisfaction_rating": Fact(1, 5)}
BOOKING_FACTS: Facts = {name: SESSION_FACTS[name] for name in ("session_number", "scheduled_duration", "category")}
TUTOR_FACTS: Facts = {
    "talk": Fact(0, 1), "checks": Fact(0, 200), "rating": Fact(1, 5), "years": Fact(0, 80), **_CATEGORY,
}  # fmt: skip
STUDENT_FACTS: Facts = {
    "engagement": Fact(0, 10), "questions": Fact(0, 200), "response_delay": Fact(0, 999), "frustration": Fact(0, 1),
    "grade": Fact(words=ENUMS["grade_level"]), **_CATEGORY,
}  # fmt: skip
CHURN_FACTS: Facts = {
    "weighted_session_score": Fact(0, 10), "first_session_score": Fact(0, 10), "last_session_score": Fact(0, 10),
    "score_trend": Fact(-10, 10), "tutor_no_shows": Fact(0, 1000), "technical_issue_sessions": Fact(0, 1000),
    "completed_sessions": Fact(0, 100_000), "no_show_sessions": Fact(0, 1000),
}  # fmt: skip

SESSION_SLOTS = ("subject", "topic", "tutor", "student", "minutes")
TUTOR_SLOTS = ("subject", "topic", "degree", "years", "first_name")
STUDENT_SLOTS = ("subject", "topic", "grade", "first_name")
CHURN_SLOTS = ("subject", "topic")


def check_conditions(conditions: Iterable[Condition], facts: Facts, place: str) -> None:
    """Raise ValueError when a condition uses a fact that is unknown here or can never hold."""
    for condition in conditions:
        if condition.fact not in facts:
            known = ", ".join(facts)
            raise ValueError(f"{place}: '{condition}' uses an unknown fact, {condition.fact!r}; use one of {known}")
        complaint = facts[condition.fact].complaint(condition)
        if complaint:
            raise ValueError(f"{place}: '{condition}' never holds, because {complaint}; change the value")


def _check_line(line: Line, slots: tuple[str, ...], facts: Facts) -> None:
    place = f"line {line.text!r}"
    unknown = [slot for slot in line.slots if slot not in slots]
    if unknown or set(SLOT.sub("", line.text)) & set("{}"):
        wrong = f"the slot {{{unknown[0]}}}" if unknown else "a single brace"
        known = ", ".join(f"{{{slot}}}" for slot in slots)
        raise ValueError(f"{place} has {wrong}, which nothing fills here; use {known} or no braces")
    check_conditions(line.when, facts, place)


def group(slots: tuple[str, ...], facts: Facts, *, optional: bool = False) -> AfterValidator:
    """Validates a group of lines and unfolds its blocks; only an optional group may have a line that says nothing."""

    def check(blocks: tuple[Line, ...]) -> tuple[Line, ...]:
        lines = tuple(line for block in blocks for line in block.flat())
        seen = set()
        for line in lines:
            _check_line(line, slots, facts)
            if not line.text and not optional:
                raise ValueError("a line is empty; write a sentence or remove the line")
            if (line.text, line.when) in seen:
                raise ValueError(f"line {line.text!r} is written twice; keep one and give it a higher weight")
            seen.add((line.text, line.when))
        if all(line.when for line in lines):
            raise ValueError(
                f"{len(lines)} lines, and every one has conditions, so that some rows could be left without words; "
                "add at least one line without 'when'"
            )
        return lines

    return AfterValidator(check)


TutorLines = Annotated[tuple[Line, ...], group(TUTOR_SLOTS, TUTOR_FACTS)]
StudentLines = Annotated[tuple[Line, ...], group(STUDENT_SLOTS, STUDENT_FACTS)]
IssueLines = Annotated[tuple[Line, ...], group(("minutes",), BOOKING_FACTS)]
SummaryLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, SESSION_FACTS, optional=True)]
CommentLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, FEEDBACK_FACTS, optional=True)]
DetailLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, FEEDBACK_FACTS)]
HighlightLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, SESSION_FACTS)]
SurveyLines = Annotated[tuple[Line, ...], group(CHURN_SLOTS, CHURN_FACTS)]


def one_of(enum: str) -> AfterValidator:
    """Validates a word of the platform's enumeration."""

    def check(value: str) -> str:
        if value not in ENUMS[enum]:
            raise ValueError(f"{value!r} is no {enum} of the platform; use one of {', '.join(ENUMS[enum])}")
        return value

    return AfterValidator(check)


Entry = TypeVar("Entry")


def one_for_each(enum: str) -> Callable[[dict[str, Entry]], dict[str, Entry]]:
    """Validates a mapping that has an entry for every word of the enumeration; orders it as the enumeration."""

    def check(entries: dict[str, Entry]) -> dict[str, Entry]:
        unknown = [name for name in entries if name not in ENUMS[enum]]
        missing = [name for name in ENUMS[enum] if name not in entries]
        if unknown:
            known = ", ".join(ENUMS[enum])
            raise ValueError(f"{unknown[0]!r} is no {enum} of the platform; rename it to one of {known}, or remove it")
        if missing:
            raise ValueError(f"{', '.join(missing)} missing: every {enum} needs an entry; a weight of 0 keeps it out")
        return {name: entries[name] for name in ENUMS[enum]}

    return check


Category = Annotated[str, one_of("subject_category")]
Grade = Annotated[str, one_of("grade_level")]


class Subject(Model):
    """A subject: who studies it, what its tutors studied, and the topics a lesson can be about."""

    name: Annotated[str, Field(strict=True, min_length=1, max_length=100)]
    category: Category
    degree: Phrase
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    topics: Annotated[tuple[Phrase, ...], Field(min_length=3)]

    @model_validator(mode="after")
    def _once(self) -> "Subject":
        for key, values in (("grades", self.grades), ("topics", self.topics)):
            twice = _repeated(values)
            if twice:
                raise ValueError(f"{key}: {twice!r} is listed twice in subject {self.name!r}; remove one")
        return self


class Subjects(Model):
    """subjects.yaml"""

    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> "Subjects":
        twice = _repeated([subject.name for subject in self.subjects])
        if twice:
            raise ValueError(f"two subjects are called {twice!r}, but names are unique; rename or remove one")
        for grade in ENUMS["grade_level"]:
            if not any(grade in subject.grades for subject in self.subjects):
                raise ValueError(f"no subject is for grade {grade!r}; add it to the 'grades' of at least one subject")
        return self


class TutorTexts(Model):
    """What tutors write about themselves; fits the persona without naming it."""

    bio: TutorLines
    experience: TutorLines
    education: TutorLines
    teaching_style: TutorLines


class StudentTexts(Model):
    """What students write about themselves; fits the persona without naming it."""

    bio: StudentLines
    learning_goals: StudentLines


class Admin(Model):
    """The administrator's account."""

    name: Phrase


class People(Model):
    """people.yaml"""

    tutors: TutorTexts
    students: StudentTexts
    admin: Admin


class Summary(Model):
    """The groups an AI summary is composed of, in this order, one line each."""

    opening: SummaryLines
    conduct: SummaryLines
    student: SummaryLines
    difficulty: SummaryLines
    outcome: SummaryLines

    def groups(self) -> dict[str, tuple[Line, ...]]:
        """Group name → lines, in the order of the text."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Sessions(Model):
    """sessions.yaml"""

    technical_issue: IssueLines
    summary: Summary


class Tag(Model):
    """When students can give a feedback tag, and the chance that they do (Q10)."""

    when: Conditions = ()
    weight: Share


class Comment(Model):
    """A comment: an opening, a detail about one of the tags given, a closing; opening and closing may be empty."""

    opening: CommentLines
    detail: Annotated[dict[str, DetailLines], AfterValidator(one_for_each("feedback_tag"))]
    closing: CommentLines


class Feedback(Model):
    """feedback.yaml"""

    no_comment_share: Share
    tags: Annotated[dict[str, Tag], AfterValidator(one_for_each("feedback_tag"))]
    comment: Comment

    @model_validator(mode="after")
    def _facts(self) -> "Feedback":
        for name, tag in self.tags.items():
            check_conditions(tag.when, FEEDBACK_FACTS, f"tags.{name}.when")
        return self


class Boost(Model):
    """Multiplies a highlight type's weight where the conditions hold; `times: 0` rules the type out there (Q8)."""

    when: Conditions
    times: Weight

    @model_validator(mode="after")
    def _facts(self) -> "Boost":
        if not self.when:
            raise ValueError("a boost without conditions always acts; give it a 'when', or change the type's weight")
        check_conditions(self.when, SESSION_FACTS, "when")
        return self


class HighlightType(Model):
    """How often a type occurs, who says it (shares), and the words."""

    weight: Weight
    boosts: tuple[Boost, ...] = ()
    speakers: dict[Annotated[str, one_of("transcript_speaker")], Share]
    lines: dict[Annotated[str, one_of("transcript_speaker")], HighlightLines]

    @model_validator(mode="after")
    def _speakers(self) -> "HighlightType":
        total = sum(self.speakers.values())
        if abs(total - 1) > 1e-9:
            raise ValueError(f"speakers: the shares add up to {total:g}; they must add up to 1")
        speaking = {name for name, share in self.speakers.items() if share > 0}
        for name in ENUMS["transcript_speaker"]:
            if name in speaking and name not in self.lines:
                raise ValueError(f"the {name} speaks (share {self.speakers[name]:g}) without lines; add lines.{name}")
            if name in self.lines and name not in speaking:
                raise ValueError(f"lines.{name} are never said; give the {name} a share above 0 or remove them")
        return self


class Highlights(Model):
    """highlights.yaml"""

    types: Annotated[dict[str, HighlightType], AfterValidator(one_for_each("highlight_type"))]

    @model_validator(mode="after")
    def _always_one(self) -> "Highlights":
        always = [t for t in self.types.values() if t.weight > 0 and all(b.times > 0 for b in t.boosts)]
        if not always:
            raise ValueError(
                "every type has weight 0 or a boost with times 0, so that a session could be left without highlights; "
                "let at least one type be possible everywhere"
            )
        return self


class Reason(Model):
    """When a student can leave for this reason, how likely compared with the others, and what they write."""

    when: Conditions = ()
    weight: Weight
    survey: SurveyLines


class Churn(Model):
    """churn.yaml"""

    reasons: Annotated[dict[str, Reason], AfterValidator(one_for_each("churn_reason"))]

    @model_validator(mode="after")
    def _two_for_anybody(self) -> "Churn":
        for name, reason in self.reasons.items():
            check_conditions(reason.when, CHURN_FACTS, f"reasons.{name}.when")
        free = [name for name, reason in self.reasons.items() if not reason.when and reason.weight > 0]
        if len(free) < 2:
            raise ValueError(
                f"{len(free)} reasons are possible for every student ({', '.join(free) or 'none'}); "
                "at least two need a weight above 0 and no 'when'"
            )
        return self


class Text(Model):
    """All the words: one field per file of configs/text/."""

    subjects: Subjects
    people: People
    sessions: Sessions
    feedback: Feedback
    highlights: Highlights
    churn: Churn


def _repeated(values: Iterable[str]) -> str | None:
    """The first value that occurs twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
