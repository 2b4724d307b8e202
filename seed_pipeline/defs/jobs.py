"""The jobs people launch, and what happens when a run fails."""

from typing import Any

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.settings import SeedSettings


def _own_place(name: str, **settings: Any) -> dg.RunConfig:
    """Run configuration with artifacts of its own; a secret stays in the environment, only its name is stored."""
    return dg.RunConfig(resources={"settings": SeedSettings(artifacts=f"data/{name}/artifacts", **settings)})


seed_all = dg.define_asset_job(
    "seed_all",
    selection=dg.AssetSelection.all(),
    description=(
        "Makes the whole dataset, runs every check, and loads the database if all blocking checks pass. "
        "What `make seed` does."
    ),
)

feedback_only = dg.define_asset_job(
    "feedback_only",
    selection=dg.AssetSelection.assets("feedback"),
    description=(
        "Makes feedback anew from the sessions and metrics that are there, and judges it; nothing else changes and "
        'nothing is loaded. To take it into the database, launch the selection key:"feedback"+ instead.'
    ),
)

recheck_and_load = dg.define_asset_job(
    "recheck_and_load",
    selection=dg.AssetSelection.assets("database") | dg.AssetSelection.checks_for_assets(*ENTITIES),
    description=(
        "Judges the artifacts that are there, without making any anew, and loads the database if all blocking checks "
        "pass."
    ),
)

staging_refresh = dg.define_asset_job(
    "staging_refresh",
    selection=dg.AssetSelection.all(),
    config=_own_place("staging", target=dg.EnvVar("SEED_STAGING_URL"), as_of="today"),
    description=(
        "Makes the month up to today and loads it into the database that the environment variable SEED_STAGING_URL "
        "names. Its artifacts are apart from those you work on. Runs every night once its schedule is switched on."
    ),
)

load_test = dg.define_asset_job(
    "load_test",
    selection=dg.AssetSelection.all(),
    config=_own_place("load_test", presets=["load_test"]),
    description=(
        "Makes the volume of configs/presets/load_test.yaml (1,000 cohorts, some two million rows), runs every check "
        "at that size, and loads it into a database of its own. Takes minutes and less than a gigabyte of memory."
    ),
)

JOBS = [seed_all, feedback_only, recheck_and_load, staging_refresh, load_test]

nightly = dg.ScheduleDefinition(
    name="staging_refresh_nightly",
    job=staging_refresh,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Refreshes staging at 02:00 UTC. Off until somebody switches it on.",
)


@dg.run_failure_sensor(
    name="failed_runs",
    description="Says in the sensor's log, in one place, which checks failed in a failed run.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Gather a failed run's message and its failed checks."""
    run, checks = context.dagster_run, ", ".join(_failed_checks(context)) or "none"
    context.log.error(f"{run.job_name} {run.run_id}: {context.failure_event.message} Failed checks: {checks}")


def _failed_checks(context: dg.RunFailureSensorContext) -> list[str]:
    entries = context.instance.all_logs(context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
    return [f"{check.asset_key.to_user_string()}.{check.check_name}" for check in found if not check.passed]
