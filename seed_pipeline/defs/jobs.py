"""The jobs people launch, and what happens when a run fails."""

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES

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

JOBS = [seed_all, feedback_only, recheck_and_load]


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
