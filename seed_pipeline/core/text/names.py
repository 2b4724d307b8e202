"""Names for people who do not exist, in a fixed order (Q9, X1): who gets which is decided by keyed draws elsewhere.

They are Faker's, frozen in names.json, so that neither Faker's next version nor its import is anybody's concern.
"""

import json
from functools import cache
from pathlib import Path

RESERVED_DOMAINS = ("example.com", "example.net", "example.org")
FILE = Path(__file__).with_name("names.json")
"""Two lists in code point order; seed_pipeline_tests/core/names.py makes them from Faker's."""


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    return {key: tuple(names) for key, names in json.loads(FILE.read_text(encoding="utf-8")).items()}


def first_names() -> tuple[str, ...]:
    """First names, each once, in code point order."""
    return _lists()["first_names"]


def last_names() -> tuple[str, ...]:
    """Last names, each once, in code point order."""
    return _lists()["last_names"]
