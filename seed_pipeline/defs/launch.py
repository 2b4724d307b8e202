"""Launching a job in this process, in the kept instance, so that the UI shows the run afterwards."""

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData
from sqlalchemy.exc import DatabaseError
from yaml import YAMLError

from seed_pipeline import CONFIGS
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.alive import end_dead_runs
from seed_pipeline.defs.jobs import JOBS
from seed_pipeline.defs.settings import SeedSettings, refuse_secrets
from seed_pipeline.pipeline.ledger import RefusedError
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.pipeline.running import Outcome, outcome
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.target import parse, secrets

HOME = CONFIGS.parent / ".dagster_home"
TARGET = "SEED_TARGET_URL"
"""Environment variable that stands in for a target with a password, while a run is at work."""
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class LaunchError(Exception):
    """Something that a user can mend stopped the run; the message says what and how."""


def materialize(wishes: Wishes, settings: Settings, artifacts: Path, job: str = "seed_all") -> Outcome:
    """Run a job of the definitions with these wishes. Data that did not pass is an Outcome that says why.

    Raises LaunchError for what a user can mend.
    """
    with _instance() as instance, without_secret(wishes, settings.main.target) as shown:
        asked = {"resources": {"settings": {"config": run_config(shown, artifacts)}}}
        return _came_to(_executed(job, asked, instance), Candidate(Artifacts(artifacts), settings))


def launch(job: str) -> Outcome:
    """Run a job of the definitions as its Launchpad has it; of the verdicts, those on what it judged.

    Raises LaunchError for what a user can mend, SettingsError, StoreError.
    """
    place = next((place for place, jobs in JOBS.items() if job in [known.name for known in jobs]), None)
    if place is None:
        there = ", ".join(known.name for jobs in JOBS.values() for known in jobs)
        raise LaunchError(f"JOB = {job!r}: there is no such job. What to do: name one of {there}.")
    asked = SeedSettings(**place.asks)
    settings = asked.wishes().settings()
    with _instance() as instance:
        result = _executed(job, {}, instance)
    found = _came_to(result, Candidate(asked.store, settings))
    judged = {evaluation.asset_key.path[-1] for evaluation in result.get_asset_check_evaluations()}
    return replace(found, verdicts=[verdict for verdict in found.verdicts if verdict.entity in judged])


def _executed(job: str, config: dict[str, Any], instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    from seed_pipeline.definitions import defs

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    known = defs.resolve_job_def(job)
    return known.execute_in_process(instance=instance, run_config={**config, **QUIET}, raise_on_error=False)


def _came_to(result: dg.ExecuteInProcessResult, candidate: Candidate) -> Outcome:
    loaded = _loaded(result)
    refused = [] if loaded is not None and not result.success else _reasons(result)
    later = [] if loaded is None else afterwards(result)
    return outcome(candidate, loaded, refused, _effects(result), later)


@contextmanager
def without_secret(wishes: Wishes, target: str) -> Iterator[Wishes]:
    """The wishes; a target with a password is in the environment meanwhile, since Dagster keeps the configuration."""
    if not secrets(parse(target)) or target.startswith("env:"):
        yield wishes
        return
    before = os.environ.get(TARGET)
    os.environ[TARGET] = target
    others = [text for text in wishes.overrides if text.partition("=")[0].strip() != "main.target"]
    try:
        yield replace(wishes, target=f"env:{TARGET}", overrides=others)
    finally:
        del os.environ[TARGET]
        if before is not None:
            os.environ[TARGET] = before


def run_config(wishes: Wishes, artifacts: Path) -> dict[str, Any]:
    """The wishes as the configuration of the resource `settings`: as overrides, which hold over any preset."""
    found: dict[str, Any] = {
        "presets": list(wishes.presets),
        "overrides": wishes.as_overrides(),
        "artifacts": str(artifacts),
    }
    found |= {"config_dir": str(wishes.config)} if wishes.config else {}
    found |= {"feedback_share": wishes.feedback} if wishes.feedback is not None else {}
    refuse_secrets(found)
    return found


def _instance() -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME, or of the project where that is not set; runs that are over are ended in it."""
    usual = HOME if HOME.is_dir() else Path(HOME.name).absolute()
    home = Path(os.environ.get("DAGSTER_HOME") or usual)
    if not home.is_absolute():
        raise _no_home(home, "Dagster takes absolute paths alone", f"export DAGSTER_HOME='{home.absolute()}'")
    os.environ["DAGSTER_HOME"] = str(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=home).close()
        instance = dg.DagsterInstance.get()
        end_dead_runs(instance)
    except OSError as error:
        raise _no_home(home, f"it cannot be written ({error.strerror})", "name a folder that can be written") from None
    except (dg.DagsterError, YAMLError, DatabaseError) as error:
        why = f"Dagster cannot use it ({' '.join(str(error).split())[:300]})"
        raise _no_home(home, why, "mend its dagster.yaml, or name another folder") from None
    return instance


def _no_home(home: Path, why: str, remedy: str) -> LaunchError:
    return LaunchError(f"DAGSTER_HOME = {str(home)!r}: {why}. What to do: {remedy}.")


def _of_database(result: dg.ExecuteInProcessResult) -> list[dg.AssetMaterialization]:
    """What was said of the load, whatever the place."""
    events = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    return [event for event in events if event.asset_key.path[-1] == "database"]


def _loaded(result: dg.ExecuteInProcessResult) -> dict[str, int] | None:
    events = _of_database(result)
    rows = {key: value.value for event in events for key, value in event.metadata.items() if key.startswith("rows: ")}
    return {key.removeprefix("rows: "): int(str(count)) for key, count in rows.items()} if events else None


def _effects(result: dg.ExecuteInProcessResult) -> list[str]:
    found = [event.metadata["rows of others"] for event in _of_database(result) if "rows of others" in event.metadata]
    return [str(r.data["effect"]) for shown in found if isinstance(shown, dg.TableMetadataValue) for r in shown.records]


def afterwards(result: dg.ExecuteInProcessResult) -> list[str]:
    """What failed after the load: the report, say, or a scene of the demo script. The release is there all the same."""
    steps = {e.step_key: e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure}
    failed = [f"{step} failed: {(said and said.description) or 'see the run'}" for step, said in steps.items()]
    return failed + [f"{e.check_name}: {e.description}" for e in _failures(result, ["database"])]


def _failures(result: dg.ExecuteInProcessResult, assets: Collection[str]) -> list[dg.AssetCheckEvaluation]:
    """The checks of these assets that failed and do not only warn."""
    error = dg.AssetCheckSeverity.ERROR
    found = [e for e in result.get_asset_check_evaluations() if not e.passed and e.severity == error]
    return [e for e in found if e.asset_key.path[-1] in assets]


def _reasons(result: dg.ExecuteInProcessResult) -> list[str]:
    """Why nothing was loaded: the checks that failed, or what the guard said. Anything else is raised.

    The database's own checks look at what is loaded by then.
    """
    checks = [f"{e.asset_key.to_user_string()}: {e.description}" for e in _failures(result, ENTITIES)]
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
