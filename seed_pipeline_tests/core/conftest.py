"""Small worlds that the tests of the generator share."""

from collections.abc import Callable
from datetime import date

import pytest

from seed_pipeline.core import dataset
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings

TODAY = date(2026, 3, 1)
Made = dict[str, dataset.Tables]


def settings_with(*overrides: str) -> Settings:
    """The shipped settings with overrides, as of a fixed day."""
    return Wishes(overrides=overrides).settings(TODAY)


def make_all(settings: Settings, cohorts: range | None = None) -> Made:
    """Every entity's tables for a range of cohorts (all of them by default)."""
    first = dataset.make("reference", settings, range(0, 1), {})
    made: Made = {"reference": first}
    chunk = cohorts or range(0, dataset.World(settings).cohorts)
    for entity in dataset.ENTITIES[1:]:
        made[entity] = dataset.make(entity, settings, chunk, made)
    return made


@pytest.fixture(scope="session")
def made() -> Callable[..., Made]:
    """Makes a dataset with overrides; the same overrides are made once."""
    known: dict[tuple[str, ...], Made] = {}

    def of(*overrides: str) -> Made:
        if overrides not in known:
            known[overrides] = make_all(settings_with(*overrides))
        return known[overrides]

    return of
