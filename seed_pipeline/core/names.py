"""Names for people who do not exist: the vocabulary of Faker's name lists, in a fixed order (Q9, X1).

Only the lists are used, never Faker's generator: who gets which name is decided by keyed draws elsewhere. The lists
are sorted, so that neither the order inside a list nor of the locales matters.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import import_module

LOCALES = ("en_US", "en_GB", "es_MX", "en_IN", "fr_FR", "pt_BR", "pl_PL", "yo_NG")
RESERVED_DOMAINS = ("example.com", "example.net", "example.org")


@cache
def first_names() -> tuple[str, ...]:
    """First names of all locales, each once, in code point order."""
    return _names("first_names", "first_names_female", "first_names_male")


@cache
def last_names() -> tuple[str, ...]:
    """Last names of all locales, each once, in code point order."""
    return _names("last_names")


def _names(*lists: str) -> tuple[str, ...]:
    found: set[str] = set()
    for locale in LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for name in lists:
            found.update(_usable(getattr(provider, name, ())))
    return tuple(sorted(found))


def _usable(names: Iterable[str]) -> list[str]:
    """Names of Latin letters, with a hyphen or an apostrophe perhaps, as one word with one capital at its front."""
    normal = (unicodedata.normalize("NFC", name.strip()) for name in names)
    return [name for name in normal if 2 <= len(name) <= 20 and name[0].isupper() and all(map(_latin, name))]


def _latin(letter: str) -> bool:
    return letter in "-'" or unicodedata.name(letter, "").startswith("LATIN ")
