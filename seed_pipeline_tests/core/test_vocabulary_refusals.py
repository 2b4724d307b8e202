"""A mistake in the words of configs/text is refused with a message."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from seed_pipeline.settings.text import Text
from seed_pipeline_tests.core.test_vocabulary import FILES, RAW


def put(*path: Any) -> Callable[[Any], None]:
    """A change of the raw files: the last element is put where the others lead."""
    *way, key, value = path

    def change(raw: Any) -> None:
        for step in way:
            raw = raw[step]
        raw[key] = value

    return change


def drop(*path: Any) -> Callable[[Any], None]:
    """A change of the raw files: what the path leads to is removed."""
    *way, key = path

    def change(raw: Any) -> None:
        for step in way:
            raw = raw[step]
        del raw[key]

    return change


S, F, H, C = ("subjects", "subjects"), ("feedback",), ("highlights", "types"), ("churn", "reasons")
BROKEN = {
    "unknown file key": (put("people", "robots", []), "Extra inputs are not permitted"),
    "missing group": (drop("people", "tutors", "bio"), "Field required"),
    "unknown slot": (put("people", "tutors", "bio", ["I am {nickname}."]), "{nickname}"),
    "slot of another group": (put("people", "students", "bio", ["I studied {degree}."]), "{degree}"),
    "brace left open": (put("people", "students", "bio", ["I like {topic"]), "single brace"),
    "unknown fact": (put("people", "tutors", "bio", ["a", {"text": "b", "when": "salary > 3"}]), "'salary'"),
    "fact of another group": (
        put("sessions", "summary", "opening", ["a", {"text": "b", "when": "student_satisfaction_rating > 3"}]),
        "unknown fact",
    ),
    "no condition": (put("churn", "reasons", "other", "when", "always"), "not a condition"),
    "percent instead of share": (put(*F, "tags", "too_slow", "when", "tutor_talk_ratio > 65"), "from 0 to 1"),
    "unknown word": (put("people", "tutors", "bio", ["a", {"text": "b", "when": "category == maths"}]), "one of math"),
    "number for a word": (put("people", "students", "bio", ["a", {"text": "b", "when": "grade == 9"}]), "one of 6th"),
    "empty group": (put("people", "students", "learning_goals", []), "at least one line"),
    "only conditions": (
        put("sessions", "technical_issue", [{"text": "a", "when": "session_number > 1"}]), "without 'when'",
    ),
    "empty line": (put("people", "students", "bio", ["a", ""]), "is empty"),
    "line twice": (put("people", "students", "bio", ["a", "a"]), "written twice"),
    "number as line": (put("people", "students", "bio", ["a", 7]), "no line"),
    "text and lines": (put("people", "students", "bio", [{"text": "a", "lines": ["b"]}]), "not both"),
    "weight nought": (put("people", "students", "bio", ["a", {"text": "b", "weight": 0}]), "greater than 0"),
    "subject twice": (put(*S, 2, "name", "Algebra I"), "'Algebra I'"),
    "unknown category": (put(*S, 0, "category", "maths"), "'maths' is no subject_category"),
    "unknown grade": (put(*S, 0, "grades", ["13th"]), "'13th' is no grade_level"),
    "topic twice": (put(*S, 0, "topics", ["a", "b", "b"]), "'b' is listed twice"),
    "grade without subject": (
        lambda raw: [s["grades"].remove("6th") for s in raw["subjects"]["subjects"] if "6th" in s["grades"]],
        "no subject is for grade '6th'",
    ),
    "unknown tag": (put(*F, "tags", "rude", {"weight": 0.5}), "'rude' is no feedback_tag"),
    "missing tag": (drop(*F, "tags", "patient"), "patient missing"),
    "tag chance above 1": (put(*F, "tags", "patient", "weight", 1.5), "less than or equal to 1"),
    "tag without words": (drop(*F, "comment", "detail", "patient"), "patient missing"),
    "unknown highlight type": (put(*H, "boredom", {}), "boredom"),
    "shares not 1": (put(*H, "concern", "speakers", {"tutor": 0.4, "student": 0.4}), "add up to 0.8"),
    "unknown speaker": (put(*H, "concern", "speakers", {"parent": 1.0}), "'parent' is no transcript_speaker"),
    "speaker without lines": (drop(*H, "concern", "lines", "tutor"), "add lines.tutor"),
    "lines without speaker": (put(*H, "confusion", "lines", "tutor", ["a"]), "never said"),
    "boost that always acts": (put(*H, "concern", "boosts", [{"when": [], "times": 2}]), "always acts"),
    "unknown reason": (put(*C, "boredom", {"weight": 1, "survey": ["a"]}), "'boredom' is no churn_reason"),
    "no reason for everybody": (
        lambda raw: [r.update(weight=0) for n, r in raw["churn"]["reasons"].items() if n != "other"],
        "at least two",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_vocabulary_is_refused(name):
    """The message says what is wrong; the location leads to the file and the key."""
    change, message = BROKEN[name]
    raw = copy.deepcopy(RAW)
    change(raw)
    with pytest.raises(ValidationError) as refused:
        Text.model_validate(raw)
    assert message in str(refused.value)
    assert refused.value.errors()[0]["loc"][0] in FILES
