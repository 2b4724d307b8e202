"""Lines of text, and the groups they stand in.

A group is a list of lines. A line is a sentence, or a mapping with `text`, `when` (conditions on facts, all of which
must hold) and `weight` (how often it is said compared with the others that fit). Lines that share conditions are
written as one block with `when`, `weight` and `lines`. Slots are written {topic}. Every group knows the slots and the
facts it may use, and has at least one line without conditions, so that nobody is ever left without words.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from seed_pipeline.schema import ENUMS
from seed_pipeline.settings.conditions import Conditions
from seed_pipeline.settings.ranges import Positive, Storable, Strict
from seed_pipeline.settings.text_facts import (
    BOOKING_FACTS,
    CHURN_FACTS,
    FEEDBACK_FACTS,
    SESSION_FACTS,
    STUDENT_FACTS,
    TUTOR_FACTS,
    Facts,
    check_conditions,
)

SLOT = re.compile(r"\{([^{}]*)\}")

Phrase = Annotated[Storable, Field(max_length=2000)]


class Line(Strict):
    """One sentence (or two), when it may be said, and how often compared with the others that fit."""

    text: Phrase | Literal[""] = ""
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


TOPIC_SLOTS = ("subject", "topic", "step", "example")
SESSION_SLOTS = (*TOPIC_SLOTS, "other", "tutor", "student", "minutes")
TUTOR_SLOTS = (*TOPIC_SLOTS, "degree", "years", "first_name")
STUDENT_SLOTS = (*TOPIC_SLOTS, "grade", "first_name")
CHURN_SLOTS = TOPIC_SLOTS
ISSUE_SLOTS = ("topic", "minutes")


def _check_line(line: Line, slots: tuple[str, ...], facts: Facts) -> None:
    place = f"line {line.text!r}"
    unknown = [slot for slot in line.slots if slot not in slots]
    if unknown or set(SLOT.sub("", line.text)) & set("{}"):
        wrong = f"the slot {{{unknown[0]}}}" if unknown else "a single brace"
        known = ", ".join(f"{{{slot}}}" for slot in slots)
        raise ValueError(f"{place} has {wrong}, which nothing fills here; use {known} or no braces")
    check_conditions(line.when, facts, place)
    if "other" in line.slots and all(c.fact != "topics" or c.holds({"topics": np.ones(1)})[0] for c in line.when):
        raise ValueError(f"{place} has {{other}}, and most sessions have one topic only; add 'when: topics == 2'")


def _for_anybody(lines: tuple[Line, ...]) -> bool:
    """Whether a session with one topic and one with two each have a line, whatever else is true of them."""
    free = [line.when for line in lines if all(condition.fact == "topics" for condition in line.when)]
    return all(any(all(c.holds({"topics": np.array([n])})[0] for c in when) for when in free) for n in (1.0, 2.0))


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
        if not _for_anybody(lines):
            raise ValueError(
                f"{len(lines)} lines, and every one has conditions, so that some rows could be left without words; "
                "add at least one line without 'when'"
            )
        return lines

    return AfterValidator(check)


TutorLines = Annotated[tuple[Line, ...], group(TUTOR_SLOTS, TUTOR_FACTS)]
StudentLines = Annotated[tuple[Line, ...], group(STUDENT_SLOTS, STUDENT_FACTS)]
IssueLines = Annotated[tuple[Line, ...], group(ISSUE_SLOTS, BOOKING_FACTS)]
SummaryLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, SESSION_FACTS, optional=True)]
CommentLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, FEEDBACK_FACTS, optional=True)]
DetailLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, FEEDBACK_FACTS)]
HighlightLines = Annotated[tuple[Line, ...], group(SESSION_SLOTS, SESSION_FACTS)]
SurveyLines = Annotated[tuple[Line, ...], group(CHURN_SLOTS, CHURN_FACTS)]


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
