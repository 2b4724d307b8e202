"""Databases that the stand-in of the platform's services has worked on."""

import shutil
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa

from seed_pipeline.store import database
from seed_pipeline.store.plan import Release
from seed_pipeline_tests.contract import complete_chunks
from seed_pipeline_tests.core.conftest import TODAY, settings_with
from seed_pipeline_tests.platform.services import Services

NOW = datetime.combine(TODAY, time())
SEEDS = (0, 1, 2)


def fill(target: str | sa.URL, *overrides: str) -> None:
    """Load the dataset of these settings."""
    settings = settings_with(*overrides)
    engine = database.connect(target)
    database.load(engine, complete_chunks(settings), Release(settings.main.seed, "", "test", TODAY))
    engine.dispose()


def serve(target: str | sa.URL, **wrong: object) -> None:
    """Run the services, right or wrong ones, on a database that they have not yet seen."""
    engine = database.connect(target)
    with engine.begin() as connection:
        Services(connection, NOW, **wrong).run()  # type: ignore[arg-type]
    engine.dispose()


def change(target: str, *statements: str) -> None:
    """What else an application or a person does."""
    engine = database.connect(target)
    with engine.begin() as connection:
        for sql in statements:
            connection.exec_driver_sql(sql)
    engine.dispose()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """seed → a file with its default dataset, made once and not to be changed."""
    folder = tmp_path_factory.mktemp("filled")

    def of(seed: int) -> Path:
        path = folder / f"{seed}.db"
        if not path.exists():
            fill(f"sqlite:///{path}", f"main.seed={seed}")
        return path

    return of


@pytest.fixture
def untouched(filled: Callable[[int], Path], tmp_path: Path) -> str:
    """The URL of a database of the test's own that no service has seen."""
    return f"sqlite:///{shutil.copy(filled(2), tmp_path / 'own.db')}"


@pytest.fixture
def served(untouched: str) -> str:
    """The URL of a database of the test's own that the services have worked on."""
    serve(untouched)
    return untouched
