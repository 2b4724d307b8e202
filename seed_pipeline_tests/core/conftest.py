"""Small worlds that the tests of the generator share."""

from collections.abc import Callable
from datetime import date

import pytest

from seed_pipeline.core import dataset
from seed_pipeline.core.plan.world import World
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings
from seed_pipeline.store.frames import Tables, as_frames

TODAY = date(2026, 3, 1)
Made = dict[str, Tables]


def settings_with(*overrides: str) -> Settings:
    """The shipped settings with overrides, as of a fixed day."""
    return Wishes(overrides=overrides).settings(TODAY)


def make_all(settings: Settings, cohorts: range | None = None) -> Made:
    """Every entity's tables for a range of cohorts (all of them by default)."""
    chunk = cohorts or range(0, World(settings).cohorts)
    return {entity: as_frames(tables) for entity, tables in dataset.chunk(settings, chunk)}


@pytest.fixture(scope="session")
def made() -> Callable[..., Made]:
    """Makes a dataset with overrides; the same overrides are made once."""
    known: dict[tuple[str, ...], Made] = {}

    def of(*overrides: str) -> Made:
        if overrides not in known:
            known[overrides] = make_all(settings_with(*overrides))
        return known[overrides]

    return of
