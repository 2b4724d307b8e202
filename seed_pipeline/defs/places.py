"""The places where a dataset lives. Each has asset keys, artifacts, history, a target and a report of its own.

What is in a place is judged, loaded and watched there alone. Dev has the plain keys, and is what *Materialize all*
makes; the others stand beside it under a prefix, and their jobs make them (docs/decisions/2026-11-25-places.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.cluster import Cluster
from seed_pipeline.defs.settings import LOAD, SeedSettings

STAGING_URL = "SEED_STAGING_URL"
"""Environment variable that says where staging is."""


def key(name: str, prefix: Sequence[str] = ()) -> dg.AssetKey:
    """The key of an entity, of the database or of the report in the place with this prefix."""
    return dg.AssetKey([*prefix, name])


@dataclass(frozen=True, eq=False)
class Place:
    """A place: its name, what its runs ask for unless they say otherwise, what watches its database, who makes it."""

    name: str
    asks: Mapping[str, Any]
    prefix: tuple[str, ...]
    watched: dg.FreshnessPolicy | None = None
    automation: dg.AutomationCondition | None = None
    cluster: Any = None

    @cached_property
    def settings(self) -> Any:
        """The resource of its runs."""
        return SeedSettings.configure_at_launch(**self.asks)

    def called(self, thing: str) -> str:
        """The name of a resource, a check's function or the like in this place."""
        return "_".join([*self.prefix, thing])

    def group(self, usual: str) -> str:
        """Groups order the assets of dev; every other place is a group."""
        return self.name if self.prefix else usual

    def asking(self, **settings: Any) -> dict[str, Any]:
        """The configuration of a run with these settings."""
        return {"resources": {self.called("settings"): {"config": settings}}}

    def of(self, context: Any) -> SeedSettings:
        """The settings of the run at hand."""
        found: SeedSettings = getattr(context.resources, self.called("settings"))
        if self.cluster is None:
            return found
        return found.model_copy(update={"overrides": [*found.overrides, *context.resources.cluster.wished]})

    @property
    def required(self) -> set[str]:
        """The resources that its assets need."""
        return {self.called("settings")} | ({"cluster"} if self.cluster is not None else set())

    @property
    def assets(self) -> dg.AssetSelection:
        """Everything in the place that can be made."""
        return dg.AssetSelection.assets(*(key(name, self.prefix) for name in (*ENTITIES, "database", "report")))

    @property
    def checks(self) -> dg.AssetSelection:
        """The checks that judge its data."""
        return dg.AssetSelection.checks_for_assets(*(key(name, self.prefix) for name in ENTITIES))


def _when_asked() -> dg.AutomationCondition:
    """Load what was made as configs/ has it; never after a run that had settings of its own, or promised no load."""
    condition = dg.AutomationCondition
    asked = condition.newly_updated() & ~condition.executed_with_tags(tag_values=LOAD)
    return condition.eager().replace("newly_updated", asked) & condition.all_deps_blocking_checks_passed()


DEV = Place("dev", {}, (), automation=_when_asked())
STAGING = Place(
    "staging",
    {"artifacts": "data/staging/artifacts", "target": f"env:{STAGING_URL}", "as_of": "today"},
    ("staging",),
    watched=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)),
)
LOAD_TEST = Place(
    "load_test",
    {"artifacts": "data/load_test/artifacts", "presets": ["load_test"]},
    ("load_test",),
    cluster=Cluster.configure_at_launch(),
)
