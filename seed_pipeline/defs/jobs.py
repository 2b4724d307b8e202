"""The jobs people launch, and what happens when a run fails."""

import os
from zoneinfo import ZoneInfo

import dagster as dg
import requests

from seed_pipeline.defs.last_good import shipped, warned
from seed_pipeline.defs.places import DEV, LOAD_TEST, STAGING, STAGING_URL
from seed_pipeline.defs.settings import LOAD

WEBHOOK = "SEED_ALERT_WEBHOOK"
"""Environment variable that may hold the URL of an incoming webhook, as chat services have them."""


_LAUNCHPAD = "Launch it in its [Launchpad](/locations/seed_pipeline/jobs/{}/playground), or with `make job JOB={}`."
"""Dagster hides the button of a job's page where nothing else makes the assets; elsewhere it takes no other checks."""

seed_all = dg.define_asset_job(
    "seed_all",
    selection=DEV.assets,
    description=(
        "Makes the whole dataset, runs every check, and if all blocking checks pass, loads the database and writes the "
        "report. What `make seed` does."
    ),
)

feedback_only = dg.define_asset_job(
    "feedback_only",
    selection=dg.AssetSelection.assets("feedback"),
    tags=LOAD,
    description=(
        "Makes feedback anew from the sessions and metrics that are there, and judges it; nothing else changes and "
        'nothing is loaded. To take it into the database, launch the selection key:"feedback"+ instead.'
    ),
)

recheck_and_load = dg.define_asset_job(
    "recheck_and_load",
    selection=dg.AssetSelection.assets("database", "report") | DEV.checks,
    description=(
        "Judges the artifacts that are there, without making any anew; if all blocking checks pass, loads the database "
        f"and writes the report. {_LAUNCHPAD.format('recheck_and_load', 'recheck_and_load')} *Materialize all* on this "
        "page leaves out the checks of what the database is made from."
    ),
)

staging_refresh = dg.define_asset_job(
    "staging_refresh",
    selection=STAGING.assets,
    description=(
        f"Makes the month up to today and loads it into the database that the environment variable {STAGING_URL} "
        "names. Assets, artifacts and report are apart from those you work on. Runs every night once its schedule is "
        f"switched on. {_LAUNCHPAD.format('staging_refresh', 'staging_refresh')}"
    ),
)

load_test = dg.define_asset_job(
    "load_test",
    selection=LOAD_TEST.assets,
    description=(
        "Makes the volume of configs/presets/load_test.yaml (1,000 cohorts, some two million rows), runs every check "
        "at that size, and loads it into a database of its own. Takes minutes and less than a gigabyte of memory. "
        f"{_LAUNCHPAD.format('load_test', 'load_test')}"
    ),
)

JOBS = {DEV: [seed_all, feedback_only, recheck_and_load], STAGING: [staging_refresh], LOAD_TEST: [load_test]}

_NIGHTLY = shipped().main.staging_refresh
_HOUR, _MINUTE = _NIGHTLY.at.split(":")


@dg.schedule(
    name="staging_refresh_nightly",
    job_name=staging_refresh.name,
    cron_schedule=f"{int(_MINUTE)} {int(_HOUR)} * * *",
    execution_timezone=_NIGHTLY.time_zone,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description=warned(
        f"Refreshes staging at {_NIGHTLY.at} {_NIGHTLY.time_zone} with the month up to the tick's date, also when the "
        "tick is evaluated for another day. Off until somebody switches it on."
    ),
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run a night, for the date that the tick falls on where the schedule lives."""
    day = context.scheduled_execution_time.astimezone(ZoneInfo(_NIGHTLY.time_zone)).date().isoformat()
    return dg.RunRequest(
        run_key=day,
        run_config=STAGING.asking(as_of=day),
        tags={"as_of": day},
    )


@dg.run_failure_sensor(
    name="failed_runs",
    description=(
        "Says which checks failed in a failed run: in the sensor's log, and to the webhook that the environment "
        f"variable {WEBHOOK} names, if it is set."
    ),
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Gather what a failed run's steps said and its failed checks."""
    run, checks = context.dagster_run, ", ".join(_failed_checks(context)) or "none"
    failures = [event.step_failure_data.user_failure_data for event in context.get_step_failure_events()]
    why = " ".join(failure.description or "" for failure in failures if failure) or context.failure_event.message
    said = f"{run.job_name} {run.run_id}: {why} Failed checks: {checks}"
    context.log.error(said)
    if os.environ.get(WEBHOOK):
        context.log.info(posted(os.environ[WEBHOOK], said))


def posted(url: str, text: str) -> str:
    """Post the text as JSON, `{"text": ...}`; what came of it, without the URL: whoever has that can post, too."""
    try:
        requests.post(url, json={"text": text}, timeout=10).raise_for_status()
    except requests.RequestException as error:
        answer = f"HTTP {error.response.status_code}" if error.response is not None else type(error).__name__
        return f"The webhook of {WEBHOOK} did not take the message ({answer})."
    return f"Told the webhook of {WEBHOOK}."


def _failed_checks(context: dg.RunFailureSensorContext) -> list[str]:
    entries = context.instance.all_logs(context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
    return [f"{check.asset_key.to_user_string()}.{check.check_name}" for check in found if not check.passed]
