"""Nobody says what another of the group has said, as long as there is something left to say (Q8)."""

import numpy as np
import pytest

from seed_pipeline.core.columns import constant
from seed_pipeline.core.facts import Facts
from seed_pipeline.core.text.apart import Keyed, choose_apart
from seed_pipeline.settings.text_lines import Line
from seed_pipeline_tests.core.conftest import settings_with

ANYBODY = [f"line {i}" for i in range(12)]
BIO = settings_with().text.people.students.bio


def lines(*raw) -> list[Line]:
    return [Line.model_validate(line) for line in raw]


def chosen(group: list[Line], size: int, facts: dict | None = None, first: int = 0, **options) -> np.ndarray:
    """The lines of three groups of `size` rows."""
    keys = np.arange(first, first + 3 * size)
    groups = np.repeat([4, 7, 9], size)
    return choose_apart(group, Facts(facts or {}, 3 * size), Keyed(1, "test", (keys,)), groups, **options)


@pytest.mark.parametrize(("size", "most"), [(1, 1), (11, 1), (12, 1), (13, 2), (30, 3)])
def test_a_line_is_said_as_rarely_as_can_be(size, most):
    """With 12 lines, up to 12 rows of a group say different things, 30 rows say each at most three times."""
    found = chosen(lines(*ANYBODY), size).reshape(3, size)
    for group in found:
        assert np.bincount(group).max() == most


def test_the_picky_are_served_first():
    """Rows that few lines fit do not find those taken by rows that could say anything."""
    group = lines(*({"text": f"old {i}", "when": "age > 60", "weight": 50} for i in range(3)), *ANYBODY[:3])
    age = np.tile([70.0, 30.0, 30.0, 30.0, 70.0, 70.0], 3)
    for found in chosen(group, 6, {"age": age}).reshape(3, 6):
        assert np.bincount(found).max() == 1


def test_lines_with_slots_may_be_said_twice_before_others_are_repeated():
    """Where asked for: filled differently they are different texts."""
    group = lines("on {topic}", "with {topic}", "plain")
    for found in chosen(group, 5, filled_twice=True).reshape(3, 5):
        assert np.bincount(found, minlength=3).tolist() == [2, 2, 1]


def test_groups_do_not_know_each_other():
    """A group alone says what it says among others (X1)."""
    keys, groups = np.arange(60), np.repeat([4, 7, 9], 20)
    whole = choose_apart(BIO, facts_of(60), Keyed(1, "test", (keys,)), groups)
    for rows in (slice(0, 20), slice(20, 60)):
        part = choose_apart(BIO, facts_of(60).take(keys[rows]), Keyed(1, "test", (keys[rows],)), groups[rows])
        assert part.tolist() == whole[rows].tolist()


def facts_of(n: int) -> Facts:
    """Engaged students of one grade."""
    numbers = {"engagement": 8.5, "questions": 7.0, "response_delay": 2.0, "frustration": 0.05}
    words = {"grade": "9th", "category": "math"}
    known = {name: np.full(n, value) for name, value in numbers.items()}
    return Facts(known | {name: constant(word, n) for name, word in words.items()}, n)


def test_a_change_to_one_row_hardly_moves_the_others():
    """Who contests nobody's line keeps their own; of twenty people, one or two have to move (X3)."""
    moved = 0
    for first in range(0, 4000, 20):
        draw = Keyed(1, "test", (np.arange(first, first + 20),))
        fifth = np.arange(20) == 5
        changed = {"engagement": np.where(fifth, 3.0, 8.5), "frustration": np.where(fifth, 0.4, 0.05)}
        alone = np.zeros(20, dtype=np.int64)
        a, b = (choose_apart(BIO, facts, draw, alone) for facts in (facts_of(20), facts_of(20).but(changed)))
        moved += int((np.delete(a, 5) != np.delete(b, 5)).sum())
    assert moved / 200 < 1.5


def test_people_of_any_kind_find_enough_to_say():
    """As many bios fit anybody as a cohort has people of the role, and as many answers as leave it."""
    settings = settings_with()
    text = settings.text
    for role, personas in (("tutors", settings.personas.tutors), ("students", settings.personas.students)):
        people = sum(persona.count for persona in personas.values())
        assert sum(not line.when for line in getattr(text.people, role).bio) >= people
    leave = sum(np.ceil(persona.count * persona.churn) for persona in settings.personas.students.values())
    for name, reason in text.churn.reasons.items():
        assert sum(not line.when for line in reason.survey) >= leave, name


def test_nothing_to_say_is_an_error():
    """LookupError names the row."""
    with pytest.raises(LookupError, match="no line fits row 0"):
        chosen(lines({"text": "a", "when": "age > 60"}), 1, {"age": np.ones(3)})
