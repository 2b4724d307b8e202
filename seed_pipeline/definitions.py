"""Everything Dagster shows and runs: the assets, checks, jobs and IO managers of `defs`, put together."""

import dagster as dg

from seed_pipeline.defs import assets, reports
from seed_pipeline.defs.alive import dead_runs
from seed_pipeline.defs.checks import CHECKS
from seed_pipeline.defs.demos import demo_script
from seed_pipeline.defs.jobs import JOBS, failed_runs, nightly
from seed_pipeline.defs.parquet import ParquetTables
from seed_pipeline.defs.release import DatabaseRelease
from seed_pipeline.defs.settings import SeedSettings

_settings = SeedSettings.configure_at_launch()

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([assets, reports]),
    asset_checks=[*CHECKS, demo_script],
    jobs=JOBS,
    schedules=[nightly],
    sensors=[failed_runs, dead_runs],
    resources={
        "settings": _settings,
        "parquet": ParquetTables(settings=_settings),
        "database_release": DatabaseRelease(settings=_settings),
    },
    executor=dg.in_process_executor,
)
