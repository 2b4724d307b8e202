"""Rows say what fits their facts, and nothing but their own facts, draw and slots decides."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import BaseModel

from seed_pipeline.core.columns import Words
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.text.wording import choose, compose, say, uncovered
from seed_pipeline.schema import ENUMS
from seed_pipeline.settings.text import Text
from seed_pipeline.settings.text_facts import FEEDBACK_FACTS, Fact
from seed_pipeline.settings.text_lines import Line

FOLDER = Path(__file__).parents[2] / "configs" / "text"
TEXT = Text.model_validate({path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yaml")})


def groups_in(value: Any, name: str) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """Every group of lines under a model, by its key path."""
    if isinstance(value, tuple) and value and isinstance(value[0], Line):
        yield name, value
    elif isinstance(value, BaseModel | Mapping):
        for key, part in value.items() if isinstance(value, Mapping) else value:
            yield from groups_in(part, f"{name}.{key}")


GROUPS = dict(groups_in(TEXT, "text"))
SESSION_GROUPS = {n: g for n, g in GROUPS.items() if n.startswith(("text.sessions.sum", "text.feed", "text.high"))}
ABSENT = ("student_on_screen_attention_pct", "whiteboard_usage_minutes", "gaming_detected", "distraction_events_count")


def lines(*raw) -> list[Line]:
    return [Line.model_validate(line) for line in raw]


def draws(fact: Fact, rng: np.random.Generator, n: int) -> np.ndarray:
    """Plausible values of a fact, both ends included."""
    if fact.words:
        return rng.choice(np.array(fact.words, dtype=object), n)
    high = min(fact.high, 20)
    return rng.choice([fact.low, high, *np.linspace(fact.low, high, 21).round(1 if high > 1 else 2)], n)


def known(**columns: Any) -> Facts:
    """Facts as columns; objects are words."""
    given = {n: Words(c) if np.asarray(c).dtype == object else np.asarray(c) for n, c in columns.items()}
    return Facts(given, len(next(iter(given.values()))))


def part_of(slots: Mapping[str, Words], rows: np.ndarray) -> dict[str, Words]:
    return {name: words[rows] for name, words in slots.items()}


def world(n: int, seed: int = 0) -> tuple[Facts, dict[str, Words]]:
    """Facts and slots of n sessions, some without video or screen."""
    rng = np.random.default_rng(seed)
    facts = {name: draws(fact, rng, n) for name, fact in FEEDBACK_FACTS.items()}
    for name in ABSENT:
        facts[name] = np.where(rng.uniform(size=n) < 0.5, np.nan, facts[name])
    facts["topics"] = rng.choice([1.0, 2.0], n)
    subjects = TEXT.subjects.subjects
    which = rng.integers(0, len(subjects), n)
    facts["category"] = np.array([subjects[i].category for i in which], dtype=object)
    topics = [
        subjects[i].topics[k % len(subjects[i].topics)] for i, k in zip(which, rng.integers(0, 99, n), strict=True)
    ]
    slots = {
        "subject": np.array([subjects[i].name for i in which], dtype=object),
        **{name: np.array([getattr(t, name) for t in topics], dtype=object) for name in ("topic", "step", "example")},
        "other": np.array([t.topic for t in topics[::-1]], dtype=object),
        "tutor": rng.choice(np.array(["Maya", "Tobias", "Ines"], dtype=object), n),
        "student": rng.choice(np.array(["Leo", "Priya", "Sam"], dtype=object), n),
        "minutes": rng.integers(28, 95, n).astype(str),
    }
    return known(**facts), {name: Words(words.astype(object)) for name, words in slots.items()}


@pytest.mark.parametrize("name", SESSION_GROUPS)
def test_every_group_has_words_for_any_session(name):
    """For every category and any plausible numbers some line of the group fits."""
    facts, slots = world(3000)
    assert not uncovered(SESSION_GROUPS[name], facts).any()
    said = pd.Series(say(SESSION_GROUPS[name], facts, np.random.default_rng(1).uniform(size=3000), slots, name).texts())
    assert not said.str.contains(r"[{}]").any()
    assert said.str.fullmatch(r"|[^a-z].*").all(), said[~said.str.fullmatch(r"|[^a-z].*")].iloc[0]


def test_every_line_is_said_by_somebody():
    """No line is ruled out by its own conditions."""
    facts, _ = world(20_000)
    for name, group in SESSION_GROUPS.items():
        for line in group:
            assert not uncovered([line], facts).all(), (name, line.text, [str(c) for c in line.when])


def test_rows_do_not_know_each_other():
    """Permuted rows get permuted texts, and a part of the rows gets the same part of the texts (X1, X3)."""
    facts, slots = world(500)
    u = np.random.default_rng(2).uniform(size=(500, 5))
    groups = TEXT.sessions.summary.groups()
    whole = compose(groups, facts, u, slots)
    for rows in (np.random.default_rng(3).permutation(500), np.arange(100, 160)):
        part = compose(groups, facts.take(rows), u[rows], part_of(slots, rows))
        assert part.texts().tolist() == whole.texts()[rows].tolist()


def test_what_is_missing_satisfies_nothing():
    """A number or a word that a row has not is neither equal nor unequal to anything."""
    group = lines("a", {"text": "b {topic}", "when": ["n >= 2", "category == math"], "weight": 50})
    words = np.array(["math", "math", None, "math", "arts"], dtype=object)
    facts = known(n=[1, 2, 2, np.nan, 2], category=words)
    said = say(group, facts, np.full(5, 0.9), {"topic": Words(["x", "art", "y", "z", "w"])})
    assert said.texts().tolist() == ["a", "b art", "a", "a", "a"]
    assert uncovered(lines({"text": "c", "when": "category != math"}), facts).tolist() == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_lines_are_said_by_weight_among_those_that_fit():
    """The draw walks along the weights of the lines that fit, in the order written."""
    group = lines({"text": "a", "weight": 3}, {"text": "b", "when": "n > 5"}, "c")
    facts = known(n=[0, 0, 9, 9, 9])
    assert choose(group, facts, np.array([0.74, 0.76, 0.59, 0.61, 0.81])).tolist() == [0, 2, 0, 1, 2]


def test_extreme_draws_choose_a_line_that_fits():
    """Draws next to 0 and 1 still give the first and the last line that fits."""
    group = lines({"text": "a", "when": "n > 5"}, "b", "c", {"text": "d", "when": "n > 5"})
    facts = known(n=[0, 0])
    assert choose(group, facts, np.array([np.nextafter(0, 1), np.nextafter(1, 0)])).tolist() == [1, 2]


def test_a_row_without_words_is_an_error_that_names_the_facts():
    """LookupError names the group, the row and its facts."""
    group = lines({"text": "a", "when": "n > 5"})
    with pytest.raises(LookupError, match=r"bio: none of 1 lines fits row 1 \(n = 2\)"):
        choose(group, known(n=[9, 2]), np.array([0.5, 0.5]), "bio")
    assert uncovered(group, known(n=[9, 2])).tolist() == [False, True]


def test_a_missing_slot_is_an_error():
    """A row without a topic never says "nan"."""
    with pytest.raises(LookupError, match="slot 'topic' has no text in row 1"):
        say(lines("So, {topic}."), Facts({}, 2), np.array([0.5, 0.5]), {"topic": Words(["x"], np.array([0, -1]))})


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{topic}!", "The mole!"),
        ("About {topic}.", "About the mole."),
        ("Good. {topic} next", "Good. The mole next"),
        ('"{topic}" it is', '"The mole" it is'),
        ("Well... {topic}", "Well... the mole"),
        ("So, {topic} and {topic}? {topic}?", "So, the mole and the mole? The mole?"),
        ("{tutor} {topic}", "Maya the mole"),
    ],
)
def test_a_slot_that_begins_a_sentence_gets_a_capital(template, expected):
    """First letter of a text or after a full stop, question or exclamation mark; not after an ellipsis."""
    slots = {"topic": Words(["the mole"]), "tutor": Words(["Maya"])}
    assert say(lines(template), Facts({}, 1), np.array([0.5]), slots).texts().tolist() == [expected]


def test_empty_lines_leave_no_gap():
    """Groups are joined with one space, whatever is left out."""
    groups = {"a": lines("One."), "b": lines(""), "c": lines("Three."), "d": lines("")}
    assert compose(groups, Facts({}, 2), np.full((2, 4), 0.5), {}).texts().tolist() == ["One. Three."] * 2


def test_nobody_says_nothing_at_all():
    """No rows, no texts."""
    assert say(lines("a"), Facts({}, 0), np.array([]), {}).texts().tolist() == []
    assert compose({"a": lines("a")}, Facts({}, 0), np.empty((0, 1)), {}).texts().tolist() == []


def test_summaries_have_three_to_five_sentences():
    """An AI summary names what happened in a few sentences, all of them different."""
    facts, slots = world(2000)
    u = np.random.default_rng(4).uniform(size=(2000, 5))
    text = pd.Series(compose(TEXT.sessions.summary.groups(), facts, u, slots).texts())
    sentences = text.str.replace("U.S. ", "US ", regex=False).str.count(r"[.!?](?: |$)")
    assert sentences.between(3, 5).all(), text[~sentences.between(3, 5)].iloc[0]


@pytest.mark.parametrize("seed", range(5))
def test_412_highlights_are_at_least_250_different_lines(seed):
    """A default run does not repeat itself: not in its texts, and not much in the lines behind them."""
    facts, slots = world(412, seed)
    rng = np.random.default_rng(seed)
    types = rng.choice(ENUMS["highlight_type"], 412)
    said: list[str] = []
    for kind, highlight in TEXT.highlights.types.items():
        speakers = rng.choice(list(highlight.speakers), 412, p=list(highlight.speakers.values()))
        for speaker, group in highlight.lines.items():
            rows = np.flatnonzero((types == kind) & (speakers == speaker))
            u = rng.uniform(size=len(rows))
            said += say(group, facts.take(rows), u, part_of(slots, rows)).texts().tolist()
    assert len(said) == 412
    assert len(set(said)) >= 250
    assert max(Counter(said).values()) <= 8


@pytest.mark.parametrize("rating", range(1, 6))
def test_every_rating_has_a_tag(rating):
    """Whatever the session was like, some tag can be given at every rating (Q10)."""
    facts, _ = world(3000)
    facts = facts.but({"student_satisfaction_rating": np.full(3000, rating)})
    tags = [Line(text=name, when=tag.when) for name, tag in TEXT.feedback.tags.items() if tag.weight > 0]
    assert not uncovered(tags, facts).any()


def test_people_of_every_kind_have_words():
    """Bios, goals and surveys fit anybody: each group has a line without conditions."""
    for name, group in GROUPS.items():
        assert any({c.fact for c in line.when} <= {"topics"} for line in group), name
