"""The arrows between the rooms point one way, and `core` is a function of its arguments (the laws of the design)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import seed_pipeline

ROOT = Path(seed_pipeline.__file__).parent
MAY_IMPORT = {
    "schema": set(),
    "settings": {"schema"},
    "core": {"schema", "settings"},
    "quality": {"schema", "settings", "core"},
    "store": {"schema", "settings", "core", "quality"},
    "blast_radius": {"schema", "store"},
    "reference_docs": {"schema", "settings", "core", "quality"},
    "pipeline": {"schema", "settings", "core", "quality", "store", "blast_radius", "views"},
    "testing": {"settings", "core", "store", "pipeline"},
    "grade": {"schema", "store"},
    "views": {"schema", "settings", "core", "quality", "store", "blast_radius"},
    "defs": {
        "schema",
        "settings",
        "core",
        "quality",
        "store",
        "blast_radius",
        "pipeline",
        "views",
        "definitions",
    },
    "definitions": {"defs"},
    "cli": {"schema", "settings", "core", "quality", "store", "pipeline", "grade", "views", "defs"},
}
"""Room → the rooms it may import from, besides itself."""

FACES = {"dagster", "typer", "rich", "click"}
DATABASES = {"psycopg", "sqlite3"}
CLOCKS = {"time", "random", "secrets", "uuid", "os", "platform", "socket"}
FORBIDDEN = {
    "schema": FACES | DATABASES | {"pandas", "numpy"},
    "settings": FACES | DATABASES | {"pandas", *CLOCKS},
    "core": FACES | DATABASES | {"pandas", *CLOCKS},
    "quality": FACES | DATABASES | {"time", "random", "os"},
    "store": FACES,
    "blast_radius": FACES | DATABASES,
    "reference_docs": FACES | DATABASES,
    "pipeline": FACES | DATABASES,
    "testing": FACES,
    "grade": FACES | DATABASES | {"pandas"},
    "views": FACES | DATABASES,
    "defs": {"typer", "rich", "click"},
}
"""Room → packages that have no business there."""

IMPURE = {"now", "today", "utcnow", "environ", "getenv", "default_rng", "create_engine", "urandom", "uuid1", "uuid4"}
"""Names that read the clock, the environment or a stream of random numbers, or open a database."""

FILES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names_used(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def test_every_room_is_known() -> None:
    """A new room says which way its arrows point."""
    assert {room_of(path) for path in FILES} - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(path: Path) -> None:
    """A room imports only from rooms below it."""
    room = room_of(path)
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("seed_pipeline.")} - {
        "__version__",
        "CONFIGS",
    }
    assert ours <= MAY_IMPORT.get(room, set()) | {room}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_keep_to_their_packages(path: Path) -> None:
    """The generator knows no Dagster and no database, the store no face, the Dagster face no command line."""
    packages = {name.split(".")[0] for name in imports(path)}
    assert not packages & FORBIDDEN.get(room_of(path), set())


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if room_of(p) in ("settings", "core", "quality")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_data_depend_on_no_clock_and_no_environment(path: Path) -> None:
    """What is made and judged depends on arguments alone: no clock, environment, random stream or database engine."""
    assert not set(names_used(path)) & IMPURE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_readable(path: Path) -> None:
    """A file is read in one go; `schema`, one long table of tables, is the exception."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 300 or str(path.relative_to(ROOT)) in LONG


LONG = {"schema.py"}
"""Files that are one long declaration."""
