"""Conditions on named facts, as configuration files write them: `tutor_talk_ratio > 0.65`, `category == math`.

Rules, text lines, tags and alerts all speak this one small language, so a user learns it once.
"""

import operator
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from seed_pipeline.settings.ranges import among

OPERATORS = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_FORM = re.compile(r"^\s*([a-z_]+)\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*$")


class Condition(NamedTuple):
    """One comparison of a fact with a number or a word; `true` and `false` are 1 and 0."""

    fact: str
    operator: str
    value: float | str

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        return f"{self.fact} {self.operator} {value}"

    def holds(self, facts: Mapping[str, Any]) -> np.ndarray:
        """One boolean per row; a missing value (NaN, None) never satisfies a condition.

        Raises KeyError when the facts lack the fact; settings are validated so that this cannot come from a user.
        """
        values = np.asarray(facts[self.fact])
        return np.asarray(OPERATORS[self.operator](values, self.value), dtype=bool) & (values == values)


def parse(text: Any) -> Condition:
    """Read a condition; ValueError says what form was expected."""
    if isinstance(text, Condition):
        return text
    found = _FORM.match(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(
            f"{text!r} is not a condition; write a fact, one of {' '.join(OPERATORS)} and a value, "
            "for example 'tutor_talk_ratio > 0.65'"
        )
    fact, comparison, raw = found.groups()
    value = {"true": "1", "false": "0"}.get(raw.lower(), raw)
    try:
        number: float | str = float(value)
    except ValueError:
        number = value
        if comparison not in ("==", "!="):
            raise ValueError(f"{text!r} compares a word; only == and != make sense for words") from None
    if isinstance(number, float) and not -1e9 <= number <= 1e9:
        raise ValueError(f"{text!r} compares with a number beyond every column; write a smaller one")
    return Condition(fact, comparison, number)


def parse_all(value: Any) -> tuple[Condition, ...]:
    """Read one condition or a list of them (all must hold); nothing at all is always true."""
    if value is not None and not isinstance(value, str | list | tuple):
        raise ValueError("a condition or a list of them is expected; write for example 'tutor_talk_ratio > 0.65'")
    return tuple(parse(item) for item in ([] if value is None else [value] if isinstance(value, str) else value))


def fits(condition: Condition, facts: Collection[str], what: str, words: Collection[str] = ()) -> None:
    """Raise ValueError for a fact that is none of these, and for a word where the fact is a number, or the reverse."""
    among(condition.fact, facts, what)
    is_word, has_word = condition.fact in words, isinstance(condition.value, str)
    if is_word != has_word:
        one, other = ("word", "number") if is_word else ("number", "word")
        raise ValueError(f"'{condition}' compares {condition.fact}, a {one}, with a {other}; write a {one}")


Conditions = Annotated[
    tuple[Condition, ...],
    BeforeValidator(parse_all),
    PlainSerializer(lambda conditions: [str(c) for c in conditions], return_type=list[str]),
]


def all_hold(conditions: Sequence[Condition], facts: Mapping[str, Any], n: int) -> np.ndarray:
    """One boolean per row: every condition holds (an empty list holds everywhere)."""
    result = np.ones(n, dtype=bool)
    for condition in conditions:
        result &= condition.holds(facts)
    return result
