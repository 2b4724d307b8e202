"""The asset `report`: the HTML file that people pass around, made from judged artifacts."""

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.assets import OWNERS
from seed_pipeline.defs.describe import docs
from seed_pipeline.defs.last_good import warned
from seed_pipeline.defs.places import Place, key
from seed_pipeline.defs.settings import SeedSettings, as_failure
from seed_pipeline.quality.verdict import counted
from seed_pipeline.settings import SettingsError
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import report_on

TOLD = (
    "One HTML file to pass around: cast, checks, pictures, stories, demo script, changes, how to make it again.\n\n"
    "It lies beside the artifacts (data/report.html), needs no other file, and the same data give the same bytes. "
    "Nothing waits for it. Where a blocking check failed, launch it alone, or ask `seed-pipeline report --artifacts`: "
    "it says on top what does not hold."
)


def report(place: Place) -> dg.AssetsDefinition:
    """The asset of a place."""

    @dg.asset(
        key=key("report", place.prefix),
        group_name=place.group("release"),
        owners=OWNERS,
        kinds={"html"},
        description=warned(TOLD),
        metadata=docs(),
        deps=[key(name, place.prefix) for name in ENTITIES],
        required_resource_keys=place.required,
    )
    def page(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return _written(place.of(context))

    return page


def _written(settings: SeedSettings) -> dg.MaterializeResult:
    # Matplotlib and the template take their time to import, and definitions have to load at once.
    from seed_pipeline.pipeline.reporting import of_candidate
    from seed_pipeline.views.page import page_of, written

    out = report_on(settings.store.root)
    try:
        source = of_candidate(settings.store, settings.load(like=ENTITIES[0]), settings.wishes())
        page = page_of(source)
        written(page, out)
    except (SettingsError, StoreError) as error:
        raise as_failure(error) from None
    return dg.MaterializeResult(
        metadata={
            "file": dg.MetadataValue.path(str(out.resolve())),
            "size in KB": len(page.encode()) // 1024,
            **{f"checks {state}": n for state, n in counted(source.verdicts).items()},
            "rows": sum(source.rows.values()),
            "made again by": source.command,
            "fingerprint": source.fingerprint,
        }
    )
