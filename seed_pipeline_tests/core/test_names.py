"""Names are a frozen list in a fixed order."""

import pytest

from seed_pipeline.core.text.names import RESERVED_DOMAINS, first_names, last_names


@pytest.mark.parametrize("names", [first_names(), last_names()], ids=["first", "last"])
def test_names_are_many_sorted_and_written_in_latin_letters(names):
    """Enough for a large world, each once, one word each."""
    assert len(names) > 1500
    assert list(names) == sorted(set(names))
    assert all(" " not in name and name[0].isupper() for name in names)


def test_domains_are_reserved_for_documentation():
    """E-mail reaches nobody (Q9)."""
    assert all(domain in ("example.com", "example.net", "example.org") for domain in RESERVED_DOMAINS)
