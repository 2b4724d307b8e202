"""The words of the data: strict models of configs/text/*.yaml, one per file, and `Text`, which holds them all."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from seed_pipeline.schema import ENUMS
from seed_pipeline.settings.conditions import Conditions
from seed_pipeline.settings.ranges import Share, Storable, Strict, Weight, one_of
from seed_pipeline.settings.text_facts import CHURN_FACTS, FEEDBACK_FACTS, SESSION_FACTS, check_conditions
from seed_pipeline.settings.text_lines import (
    CommentLines,
    DetailLines,
    HighlightLines,
    IssueLines,
    Line,
    Phrase,
    StudentLines,
    SummaryLines,
    SurveyLines,
    TutorLines,
    one_for_each,
)

Category = Annotated[str, one_of("subject_category")]
Grade = Annotated[str, one_of("grade_level")]


class Topic(Strict):
    """What a lesson can be about: a noun phrase, a step of it (a gerund), and an example (a noun phrase).

    A topic written as a plain phrase has a step and an example that fit anything.
    """

    topic: Phrase
    step: Phrase
    example: Phrase

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            return {"topic": value, "step": f"getting started with {value}", "example": f"one more case of {value}"}
        return value


class Subject(Strict):
    """A subject: who studies it, what its tutors studied, and the topics a lesson can be about."""

    name: Annotated[Storable, Field(max_length=100)]
    category: Category
    degree: Phrase
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    topics: Annotated[tuple[Topic, ...], Field(min_length=3)]

    @model_validator(mode="after")
    def _once(self) -> "Subject":
        named = {"grades": self.grades, "topics": tuple(t.topic for t in self.topics)}
        named |= {key: tuple(getattr(t, key) for t in self.topics) for key in ("step", "example")}
        for key, values in named.items():
            twice = _repeated(values)
            if twice:
                raise ValueError(f"{key}: {twice!r} is listed twice in subject {self.name!r}; remove one")
        return self


class Subjects(Strict):
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


class TutorTexts(Strict):
    """What tutors write about themselves; fits the persona without naming it."""

    bio: TutorLines
    experience: TutorLines
    education: TutorLines
    teaching_style: TutorLines


class StudentTexts(Strict):
    """What students write about themselves; fits the persona without naming it."""

    bio: StudentLines
    learning_goals: StudentLines


class Admin(Strict):
    """The administrator's account."""

    name: Annotated[Storable, Field(max_length=255)]


class People(Strict):
    """people.yaml"""

    tutors: TutorTexts
    students: StudentTexts
    admin: Admin


class Summary(Strict):
    """The groups an AI summary is composed of, in this order, one line each."""

    opening: SummaryLines
    conduct: SummaryLines
    student: SummaryLines
    difficulty: SummaryLines
    outcome: SummaryLines

    def groups(self) -> dict[str, tuple[Line, ...]]:
        """Group name → lines, in the order of the text."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Sessions(Strict):
    """sessions.yaml"""

    two_topics_share: Share
    technical_issue: IssueLines
    summary: Summary

    @model_validator(mode="after")
    def _named(self) -> "Sessions":
        for line in self.summary.opening:
            second = all(c.fact != "topics" or c.holds({"topics": np.array([2.0])})[0] for c in line.when)
            needed = ("topic", "other") if second and self.two_topics_share > 0 else ("topic",)
            missing = [slot for slot in needed if slot not in line.slots]
            if missing:
                other = " or add 'when: topics == 1'" if missing == ["other"] else ""
                raise ValueError(
                    f"summary.opening: line {line.text!r} does not name what the session is about; "
                    f"write {{{missing[0]}}}{other}"
                )
        return self


class Tag(Strict):
    """When students can give a feedback tag, and the chance that they do (Q10)."""

    when: Conditions = ()
    weight: Share


class Comment(Strict):
    """A comment: an opening, a detail about one of the tags given, a closing; opening and closing may be empty."""

    opening: CommentLines
    detail: Annotated[dict[str, DetailLines], AfterValidator(one_for_each("feedback_tag"))]
    closing: CommentLines


class Feedback(Strict):
    """feedback.yaml"""

    no_comment_share: Share
    tags: Annotated[dict[str, Tag], AfterValidator(one_for_each("feedback_tag"))]
    comment: Comment

    @model_validator(mode="after")
    def _facts(self) -> "Feedback":
        for name, tag in self.tags.items():
            check_conditions(tag.when, FEEDBACK_FACTS, f"tags.{name}.when")
        return self


class Boost(Strict):
    """Multiplies a highlight type's weight where the conditions hold; `times: 0` rules the type out there (Q8)."""

    when: Conditions
    times: Weight

    @model_validator(mode="after")
    def _facts(self) -> "Boost":
        if not self.when:
            raise ValueError("a boost without conditions always acts; give it a 'when', or change the type's weight")
        check_conditions(self.when, SESSION_FACTS, "when")
        return self


class HighlightType(Strict):
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


class Highlights(Strict):
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


class Reason(Strict):
    """When a student can leave for this reason, how likely compared with the others, and what they write."""

    when: Conditions = ()
    weight: Weight
    survey: SurveyLines


class Churn(Strict):
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


class Text(Strict):
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
