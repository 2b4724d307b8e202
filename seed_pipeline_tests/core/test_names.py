"""Names come from Faker's vocabulary in a fixed order."""

import random
import subprocess
import sys

import pytest

from seed_pipeline.core.names import RESERVED_DOMAINS, first_names, last_names


@pytest.mark.parametrize("names", [first_names(), last_names()], ids=["first", "last"])
def test_names_are_many_sorted_and_written_in_latin_letters(names):
    """Enough for a large world, each once, one word each."""
    assert len(names) > 1500
    assert list(names) == sorted(set(names))
    assert all(" " not in name and name[0].isupper() for name in names)


def test_names_do_not_depend_on_hashing_or_randomness():
    """Another process with another hash seed has the same list, and nobody's random stream is touched (X1)."""
    state = random.getstate()
    code = "from seed_pipeline.core.names import *; print(first_names()[::97], last_names()[::97])"
    outputs = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": h}, capture_output=True, check=True).stdout
        for h in ("1", "2")
    }
    assert len(outputs) == 1
    first_names.cache_clear()
    first_names()
    assert random.getstate() == state


def test_domains_are_reserved_for_documentation():
    """E-mail reaches nobody (Q9)."""
    assert all(domain in ("example.com", "example.net", "example.org") for domain in RESERVED_DOMAINS)
