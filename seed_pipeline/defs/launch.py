"""Launching a job in this process, in the kept instance, so that the UI shows the run afterwards."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData

from seed_pipeline import CONFIGS
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.alive import end_dead_runs
from seed_pipeline.defs.settings import refuse_secrets
from seed_pipeline.pipeline.ledger import RefusedError
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.pipeline.running import Outcome, outcome
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.target import parse, secrets

HOME = CONFIGS.parent / ".dagster_home"
TARGET = "SEED_TARGET_URL"
"""Environment variable of this process that stands in for a target with a password."""
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class LaunchError(Exception):
    """Something that a user can mend stopped the run; the message says what and how."""


def materialize(wishes: Wishes, settings: Settings, artifacts: Path, job: str = "seed_all") -> Outcome:
    """Run a job of the definitions with these wishes. Data that did not pass is an Outcome that says why.

    Raises LaunchError for what a user can mend.
    """
    from seed_pipeline.definitions import defs

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    asked = run_config(without_secret(wishes, settings.main.target), artifacts)
    config = {"resources": {"settings": {"config": asked}}, **QUIET}
    with _instance() as instance:
        end_dead_runs(instance)
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, run_config=config, raise_on_error=False
        )
    loaded = _loaded(result)
    refused = [] if loaded is not None and not result.success else _reasons(result)
    return outcome(Candidate(Artifacts(artifacts), settings), loaded, refused, _effects(result) + _afterwards(result))


def without_secret(wishes: Wishes, target: str) -> Wishes:
    """The wishes; a target with a password is read from the environment, since Dagster keeps the configuration."""
    if not secrets(parse(target)) or target.startswith("env:"):
        return wishes
    os.environ[TARGET] = target
    others = [text for text in wishes.overrides if text.partition("=")[0].strip() != "main.target"]
    return replace(wishes, target=f"env:{TARGET}", overrides=others)


def run_config(wishes: Wishes, artifacts: Path) -> dict[str, Any]:
    """The wishes as the configuration of the resource `settings`: as overrides, which hold over any preset."""
    found = {"presets": list(wishes.presets), "overrides": wishes.as_overrides(), "artifacts": str(artifacts)}
    found |= {"config_dir": str(wishes.config)} if wishes.config else {}
    refuse_secrets(found)
    return found


def _instance() -> dg.DagsterInstance:
    usual = HOME if HOME.is_dir() else Path(HOME.name).absolute()
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(usual)))
    home.mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.get()


def _loaded(result: dg.ExecuteInProcessResult) -> dict[str, int] | None:
    events = result.asset_materializations_for_node("database")
    rows = {key: value.value for event in events for key, value in event.metadata.items() if key.startswith("rows: ")}
    return {key.removeprefix("rows: "): int(str(count)) for key, count in rows.items()} if events else None


def _effects(result: dg.ExecuteInProcessResult) -> list[str]:
    events = result.asset_materializations_for_node("database")
    found = [event.metadata["rows of others"] for event in events if "rows of others" in event.metadata]
    return [str(r.data["effect"]) for shown in found if isinstance(shown, dg.TableMetadataValue) for r in shown.records]


def _afterwards(result: dg.ExecuteInProcessResult) -> list[str]:
    """What failed after the load: the report, say. The release is there all the same."""
    if _loaded(result) is None:
        return []
    failed = {e.step_key: e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure}
    return [f"loaded, but {s} failed: {(said and said.description) or 'see the run'}" for s, said in failed.items()]


def _reasons(result: dg.ExecuteInProcessResult) -> list[str]:
    """Why nothing was loaded: the checks that failed, or what the guard said. Anything else is raised.

    The database's own checks look at what is loaded by then.
    """
    failed = [
        e
        for e in result.get_asset_check_evaluations()
        if not e.passed and e.severity == dg.AssetCheckSeverity.ERROR and e.asset_key.to_user_string() in ENTITIES
    ]
    checks = [f"{e.asset_key.to_user_string()}: {e.description}" for e in failed]
    for event in result.all_events:
        if event.is_step_failure and not checks:
            checks = _said_by(event.step_failure_data)
    return checks


def _said_by(failure: StepFailureData) -> list[str]:
    said = failure.user_failure_data
    if said is None:
        raise RuntimeError(f"A step failed in a way it should not:\n{failure.error}")
    if said.metadata["error"].value != RefusedError.__name__:
        raise LaunchError(said.description)
    return (said.description or "").splitlines()
