"""Which code made or judged something: a digest of its sources, queries among them."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

MAKERS = ("core", "settings", "schema.py", "store/parts.py", "store/digests.py", "pipeline/work.py")
"""The code that the bytes of artifacts come from."""


@cache
def digest_of(*places: str) -> str:
    """16 hexadecimal digits over the modules and folders of this package with these names."""
    package = files("seed_pipeline")
    found = [path for place in places for path in _sources(package.joinpath(place))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in found)).hexdigest()[:16]


def _sources(place: Traversable) -> Iterator[Traversable]:
    """The code and the queries in a folder and below, always in the same order."""
    if place.is_file():
        yield place
        return
    for path in sorted(place.iterdir(), key=lambda f: f.name):
        if path.is_dir() or path.name.endswith((".py", ".sql")):
            yield from _sources(path)
