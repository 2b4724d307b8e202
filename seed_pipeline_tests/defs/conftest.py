"""Places to run the definitions in: an instance, artifacts and a target of their own, in this process."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.definitions import defs
from seed_pipeline.store.artifacts import Artifacts

AS_OF = "2026-03-01"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LOADED = (*ENTITIES, "database")
JOB = defs.resolve_implicit_global_asset_job_def()


@dataclass
class Place:
    """One Dagster instance with its artifacts and its SQLite target."""

    root: Path
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def artifacts(self) -> Artifacts:
        return Artifacts(self.root / "artifacts")

    @property
    def database(self) -> Path:
        return self.root / "seed.db"

    def launch(self, *assets: str, job: dg.JobDefinition = JOB, **settings: Any) -> dg.ExecuteInProcessResult:
        """Run assets with their checks (default: all that lead to a load), in this place's instance."""
        whole = LOADED if job is JOB else ()
        keys = [dg.AssetKey(name) for name in assets or whole] or None
        return job.execute_in_process(self.config(settings), self.instance, asset_selection=keys, raise_on_error=False)

    def launch_without_checks(self, *assets: str, **settings: Any) -> dg.ExecuteInProcessResult:
        """Run assets as a launch with all checks deselected does."""
        job = JOB.get_subset(asset_selection={dg.AssetKey(name) for name in assets}, asset_check_selection=set())
        return job.execute_in_process(self.config(settings), self.instance, raise_on_error=False)

    def config(self, settings: dict[str, Any]) -> dict[str, Any]:
        named = {
            "as_of": AS_OF,
            "artifacts": str(self.artifacts.root),
            "target": f"sqlite:///{self.database}",
            **settings,
        }
        return {"resources": {"settings": {"config": named}}, **QUIET}

    def copy(self, root: Path) -> "Place":
        """The same artifacts and database elsewhere, in an instance that knows nothing."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Place(root)

    def fingerprints(self) -> dict[str, str]:
        return {asset: self.artifacts.manifest(asset).fingerprint for asset in ENTITIES}


def message(result: dg.ExecuteInProcessResult) -> str:
    """What the failed steps of a run said to the person who launched it."""
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return "\n".join((f.user_failure_data.description if f.user_failure_data else str(f.error)) or "" for f in failures)


def failed_checks(result: dg.ExecuteInProcessResult) -> Sequence[str]:
    return [e.check_name for e in result.get_asset_check_evaluations() if not e.passed]


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place in which everything was materialized, judged and loaded. Tests copy it before they change it."""
    place = Place(tmp_path_factory.mktemp("loaded"))
    assert place.launch(*LOADED, "report").success
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty place."""
    return Place(tmp_path)
