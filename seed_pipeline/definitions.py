"""Everything Dagster shows and runs: the assets, checks, jobs and IO managers of `defs`, place by place."""

import dagster as dg

from seed_pipeline.defs.alive import dead_runs
from seed_pipeline.defs.assets import assets
from seed_pipeline.defs.checks import contract
from seed_pipeline.defs.demos import demo_script
from seed_pipeline.defs.jobs import JOBS, failed_runs, nightly
from seed_pipeline.defs.parquet import ParquetTables
from seed_pipeline.defs.places import DEV, LOAD_TEST, STAGING, Place
from seed_pipeline.defs.release import DatabaseRelease
from seed_pipeline.defs.reports import report


def _made(place: Place) -> dg.Definitions:
    """A place's assets, checks and jobs, with the resources that they share."""
    return dg.Definitions(
        assets=[*assets(place), report(place)],
        asset_checks=[*contract(place), *demo_script(place)],
        jobs=JOBS[place],
        resources={
            place.called("settings"): place.settings,
            place.called("parquet"): ParquetTables(settings=place.settings),
            place.called("database_release"): DatabaseRelease(settings=place.settings),
            **({"cluster": place.cluster} if place.cluster is not None else {}),
        },
        executor=dg.in_process_executor,
    )


def _shown(place: Place) -> dg.Definitions:
    """The same as *Materialize all* sees it: assets that are there to be looked at, and only their job can make."""
    made = _made(place)
    specs = [spec for asset in made.assets or () if isinstance(asset, dg.AssetsDefinition) for spec in asset.specs]
    jobs = [made.resolve_job_def(job.name) for job in JOBS[place]]
    return dg.Definitions(assets=specs, asset_checks=made.asset_checks, jobs=jobs, resources=made.resources)


defs = dg.Definitions.merge(
    _made(DEV),
    _shown(STAGING),
    _shown(LOAD_TEST),
    dg.Definitions(schedules=[nightly], sensors=[failed_runs, dead_runs]),
)
