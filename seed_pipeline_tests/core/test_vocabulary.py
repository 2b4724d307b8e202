"""The words in configs/text are complete and fit the numbers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from seed_pipeline.schema import ENUMS
from seed_pipeline.settings.text import Churn, Feedback, Highlights, People, Sessions, Subjects, Text, Topic
from seed_pipeline.settings.text_facts import FEEDBACK_FACTS, SESSION_FACTS
from seed_pipeline.settings.text_lines import SESSION_SLOTS, Line

FOLDER = Path(__file__).parents[2] / "configs" / "text"
FILES: dict[str, type[BaseModel]] = {
    "subjects": Subjects, "people": People, "sessions": Sessions,
    "feedback": Feedback, "highlights": Highlights, "churn": Churn,
}  # fmt: skip
RAW: dict[str, Any] = {name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")) for name in FILES}
TEXT = Text.model_validate(RAW)


def session_groups() -> Iterator[tuple[str, tuple[Line, ...]]]:
    """Every group of lines about one session."""
    for group, lines in TEXT.sessions.summary.groups().items():
        yield f"summary.{group}", lines
    yield "comment.opening", TEXT.feedback.comment.opening
    yield "comment.closing", TEXT.feedback.comment.closing
    for tag, lines in TEXT.feedback.comment.detail.items():
        yield f"comment.detail.{tag}", lines
    for kind, highlight in TEXT.highlights.types.items():
        for speaker, lines in highlight.lines.items():
            yield f"highlights.{kind}.{speaker}", lines


def all_groups() -> Iterator[tuple[str, tuple[Line, ...]]]:
    yield from session_groups()
    for section in ("tutors", "students"):
        for group, lines in getattr(TEXT.people, section):
            yield f"{section}.{group}", lines
    yield "technical_issue", TEXT.sessions.technical_issue
    for reason, entry in TEXT.churn.reasons.items():
        yield f"survey.{reason}", entry.survey


GROUPS = dict(all_groups())
SESSION_GROUPS = dict(session_groups())


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_valid(name):
    """Each shipped file is read by its own model, and is the same after writing it out and reading it again."""
    model = FILES[name].model_validate(RAW[name])
    assert FILES[name].model_validate(model.model_dump(mode="json")) == model


def test_subjects_fill_every_category_and_every_grade():
    """At least twenty subjects, all nine categories, three or more for every grade, ten topics each."""
    subjects = TEXT.subjects.subjects
    assert len(subjects) >= 20
    assert {subject.category for subject in subjects} == set(ENUMS["subject_category"])
    for grade in ENUMS["grade_level"]:
        assert sum(grade in subject.grades for subject in subjects) >= 3, grade
    assert min(len(subject.topics) for subject in subjects) >= 10


def test_topics_are_phrases_for_the_middle_of_a_sentence():
    """A topic brings its own article if it needs one, ends without a stop, and is no whole sentence."""
    for subject in TEXT.subjects.subjects:
        for topic in (t.topic for t in subject.topics):
            assert not re.match(r"(a|an|this|my|your) ", topic), topic
            assert topic[-1].isalnum(), topic
            assert len(topic.split()) <= 9, topic


def test_steps_and_examples_fit_any_sentence():
    """A step begins with its -ing form, an example is no sentence, neither ends with a stop or names another topic."""
    for subject in TEXT.subjects.subjects:
        for topic in subject.topics:
            assert re.match(r"[a-z]+ing\b", topic.step), topic.step
            for phrase in (topic.step, topic.example):
                assert re.fullmatch(r"(\S+ ){0,12}\S*[^.!\s]", phrase), phrase
                others = [t.topic for t in subject.topics if t is not topic and t.topic not in topic.topic]
                assert not [other for other in others if re.search(rf"\b{re.escape(other)}\b", phrase, re.I)], phrase


def test_a_topic_can_be_a_plain_phrase():
    """Who writes no step and no example gets some that fit."""
    topic = Topic.model_validate("tides")
    assert (topic.step, topic.example) == ("getting started with tides", "one more case of tides")


@pytest.mark.parametrize("category", ENUMS["subject_category"])
def test_no_line_brings_a_topic_of_its_own(category):
    """What a session is about comes from its slots alone, whatever else its subject's lines say (Q8)."""
    phrases = [
        p for s in TEXT.subjects.subjects if s.category == category for t in s.topics for p in t.model_dump().values()
    ]
    pattern = re.compile(rf"(?:^|\W)(?:{'|'.join(map(re.escape, phrases))})(?:\W|$)", re.I)
    for line in (line for group in GROUPS.values() for line in group):
        fits = {c.value for c in line.when if c.fact == "category" and c.operator == "=="} or {category}
        assert category not in fits or not pattern.search(line.text), line.text


@pytest.mark.parametrize("name", [n for n in GROUPS if n.startswith("highlights.")])
def test_highlights_have_words_of_their_own_for_every_category(name):
    """A speaker has at least 25 lines of each type, and at least four that fit only the subject's category."""
    lines = GROUPS[name]
    assert len(lines) >= 25
    for category in ENUMS["subject_category"]:
        assert sum(any(c.value == category and c.operator == "==" for c in line.when) for line in lines) >= 4, category


def test_there_are_far_more_highlight_lines_than_a_default_run_needs():
    """More than 300 different lines."""
    texts = {line.text for name, lines in GROUPS.items() if name.startswith("highlights.") for line in lines}
    assert len(texts) > 300


def test_no_line_is_in_two_highlight_groups():
    """A sentence belongs to one type and one speaker."""
    texts = [line.text for name, lines in GROUPS.items() if name.startswith("highlights.") for line in lines]
    assert not {text for text in texts if texts.count(text) > 1 and len(text) > 12}


@pytest.mark.parametrize("name", GROUPS)
def test_slots_stand_where_any_value_reads_well(name):
    """No article or possessive before {topic} (it brings its own), no a/an before a slot, no verb that must agree."""
    for line in GROUPS[name]:
        assert not re.search(r"\b(an?|the|this|that|my|your|our|these|those) \{topic\}", line.text, re.I), line.text
        assert not re.search(r"\ban? \{", line.text, re.I), line.text
        agreeing = r"(is|are|was|were|has|have|does|makes?|needs?|means?|scares?|matters?|comes|gets|stays)"
        after_preposition = r"(?<!of )(?<!on )(?<!for )(?<!about )"
        assert not re.search(after_preposition + r"\{topic\} " + agreeing + r"\b", line.text), line.text
        assert not re.search(r"\b(is|are|does) \{(topic|example)\}", line.text, re.I), line.text
        assert not re.match(r"\{example\}", line.text), line.text


@pytest.mark.parametrize("name", GROUPS)
def test_no_line_knows_the_calendar(name):
    """Another as_of changes no word (D5): no weekday, month, or time of day."""
    words = (
        r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(january|february|march|april|june|july|august|september|"
        r"october|november|december)\b|\bMay\b|o'clock|\b(yesterday|tomorrow|tonight|morning|noon|afternoon|evening|"
        r"weekend|christmas|thanksgiving)\b|\b\d+ ?(am|pm)\b"
    )
    for line in GROUPS[name]:
        assert not re.search(words, line.text, re.I), line.text


PERSONAS = r"\b(star|struggl\w+|at.risk|disengaged|average)\b"


@pytest.mark.parametrize("name", [n for n in GROUPS if n.startswith(("tutors.", "students."))])
def test_nobody_names_their_persona(name):
    """People do not judge themselves by the configuration's words."""
    for line in GROUPS[name]:
        assert not re.search(PERSONAS, line.text, re.I), line.text


def test_every_learning_goal_names_the_subject():
    """Learning goals name a subject the student studies."""
    assert all("{subject}" in line.text for line in TEXT.people.students.learning_goals)


# what a sentence claims about its session, and the fact that its conditions must therefore speak of (Q8)
CLAIMS = [
    (r"\bhomework\b", "homework_assigned"),
    (r"\bnext (time|lesson|session)\b|\bnext one\.|already booked|meet again|come back\.$", "follow_up_booked"),
    (r"\bfirst (lesson|session|impression)\b|first time and brought|for the first time\.$", "session_number"),
    (r"\blast (time|lesson)\b|our (first|last) lesson|came back to work|continued their", "session_number"),
    (r"frustrat", "student_frustration_count"),
    (r"\bconfused\b|\bConfusion\b", "student_confusion_count"),
    (r"whiteboard", "whiteboard_usage_minutes"),
    (r"\bgame (was|that had)|a game open|looks like a game", "gaming_detected"),
    (r"many questions|million questions|great questions", "student_initiated_questions"),
    (r"technical|tech problems", "technical_issues"),
    (r"messaging app|chat window", "messaging_app_detected"),
    (r"took notes", "student_taking_notes_duration"),
]
# what every line of a group claims is demanded by the tag or the type itself
DEMANDED = {
    "comment.detail.technical_issues": {"technical_issues"},
    "comment.detail.confusing_examples": {"student_confusion_count"},
    "highlights.confusion.student": {"student_confusion_count"},
    "comment.detail.clear_explanations": {"session_number"},
}


@pytest.mark.parametrize("name", SESSION_GROUPS)
def test_a_sentence_demands_what_it_claims(name):
    """A text never contradicts the session's numbers (Q8): who mentions homework demands homework."""
    for line in SESSION_GROUPS[name]:
        demanded = {condition.fact for condition in line.when} | DEMANDED.get(name, set())
        for claim, fact in CLAIMS:
            assert not re.search(claim, line.text) or fact in demanded, (line.text, fact)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("breakthrough", "overall_session_score < 4"),
        ("breakthrough", "positive_moments_count < 1"),
        ("confusion", "student_confusion_count < 1"),
        ("positive_reinforcement", "tutor_positive_reinforcement_count < 1"),
    ],
)
def test_types_are_ruled_out_where_the_numbers_forbid_them(kind, condition):
    """No breakthrough in a poor session, no confusion where none was counted (Q8)."""
    ruled_out = [[str(c) for c in b.when] for b in TEXT.highlights.types[kind].boosts if b.times == 0]
    assert [condition] in ruled_out


PRAISE = {
    "clear_explanations", "patient", "encouraging", "helpful_examples", "good_pace", "made_learning_fun",
}  # fmt: skip


@pytest.mark.parametrize("tag", ENUMS["feedback_tag"])
def test_tags_fit_the_rating(tag):
    """Praise demands good ratings, complaints poor ones (Q10)."""
    conditions = [str(c) for c in TEXT.feedback.tags[tag].when]
    praise = {"student_satisfaction_rating >= 4", "student_satisfaction_rating >= 3"}
    assert praise & set(conditions) if tag in PRAISE else "student_satisfaction_rating <= 3" in conditions


def test_some_tags_demand_their_cause():
    """too_much_talking needs much talk, technical_issues needs some (Q10)."""
    assert "tutor_talk_ratio > 0.65" in map(str, TEXT.feedback.tags["too_much_talking"].when)
    assert "technical_issues == 1" in map(str, TEXT.feedback.tags["technical_issues"].when)


def test_session_lines_know_every_metric():
    """All numbers and flags of a session's metrics can be used in conditions."""
    assert {"tutor_talk_ratio", "gaming_detected", "student_taking_notes_duration", "category"} <= set(SESSION_FACTS)
    assert "student_satisfaction_rating" in FEEDBACK_FACTS
    assert "student_satisfaction_rating" not in SESSION_FACTS
    assert "created_at" not in SESSION_FACTS
    assert set(SESSION_SLOTS) == {"subject", "topic", "step", "example", "other", "tutor", "student", "minutes"}


def test_a_block_shares_its_conditions_and_weight():
    """A block of lines is unfolded: conditions are joined, weights multiplied, nested blocks too."""
    block = {
        "when": "session_number >= 2",
        "weight": 2.0,
        "lines": ["a", {"text": "b", "when": "category == math", "weight": 3.0}],
    }
    flat = Line.model_validate(block).flat()
    assert [(line.text, [str(c) for c in line.when], line.weight) for line in flat] == [
        ("a", ["session_number >= 2"], 2.0),
        ("b", ["session_number >= 2", "category == math"], 6.0),
    ]
