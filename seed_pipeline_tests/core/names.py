"""Makes seed_pipeline/core/text/names.json from Faker's name lists: python -m seed_pipeline_tests.core.names

Only the lists are used, never Faker's generator. They are sorted, so that neither the order inside a list nor that of
the locales matters. Another version of Faker may have other names; what is committed changes by this script alone, and
then everybody's data does (X7).
"""

import json
import unicodedata
from collections.abc import Iterable
from importlib import import_module

from seed_pipeline.core.text.names import FILE

LOCALES = ("en_US", "en_GB", "es_MX", "en_IN", "fr_FR", "pt_BR", "pl_PL", "yo_NG")


def names(*lists: str) -> list[str]:
    """The usable names of these lists in all locales, each once, in code point order."""
    found: set[str] = set()
    for locale in LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for name in lists:
            found.update(_usable(getattr(provider, name, ())))
    return sorted(found)


def _usable(names: Iterable[str]) -> list[str]:
    """Names of Latin letters, with a hyphen or an apostrophe perhaps, as one word with one capital at its front."""
    normal = (unicodedata.normalize("NFC", name.strip()) for name in names)
    return [name for name in normal if 2 <= len(name) <= 20 and name[0].isupper() and all(map(_latin, name))]


def _latin(letter: str) -> bool:
    return letter in "-'" or unicodedata.name(letter, "").startswith("LATIN ")


if __name__ == "__main__":
    first = names("first_names", "first_names_female", "first_names_male")
    content = {"first_names": first, "last_names": names("last_names")}
    FILE.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(first):,} first names, {len(content['last_names']):,} last names")
