"""The demo script's checks: each of its scenes asserted on the loaded database (configs/demo.yaml)."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from seed_pipeline.defs.checks import unknown
from seed_pipeline.defs.describe import table
from seed_pipeline.defs.last_good import scenes
from seed_pipeline.defs.places import Place, key
from seed_pipeline.defs.settings import SeedSettings, as_failure
from seed_pipeline.settings import SettingsError
from seed_pipeline.settings.demo import Script
from seed_pipeline.store import database
from seed_pipeline.store.errors import StoreError
from seed_pipeline.views.scenes import Scene, named, play


def _specs(script: Script, of: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """A check for each scene of the shipped script, none of which blocks: the database is loaded by then."""
    return [
        dg.AssetCheckSpec(
            name,
            asset=of,
            blocking=False,
            description=f"Demo script: {scene.why.rstrip('.')}. Promised by {scene.statement}.",
            metadata={"contract": scene.statement, "query": dg.MetadataValue.md(f"```sql\n{scene.query}```")},
        )
        for name, scene in named(script)
    ]


def demo_script(place: Place) -> list[dg.AssetChecksDefinition]:
    """The checks of a place's database."""
    script, _ = scenes()
    if script is None:
        return []

    @dg.multi_asset_check(
        name=place.called("demo_script"),
        specs=_specs(script, key("database", place.prefix)),
        can_subset=True,
        required_resource_keys=place.required,
        description="What to show a stakeholder, asked of the loaded database as `seed-pipeline demo` does.",
    )
    def played(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        scenes = {scene.name: scene for scene in _played(place.of(context))}
        for check in context.selected_asset_check_keys:
            scene = scenes.get(check.name)
            if scene is None:
                yield unknown(check)
            elif scene.holds is None:  # Neither passed nor failed: Dagster shows a check without a result as skipped.
                context.log.info(f"{scene.name} was not judged: {scene.note}")
            else:
                yield _result(check, scene)

    return [played]


def _played(settings: SeedSettings) -> list[Scene]:
    """The script, played on the target."""
    loaded = settings.load(like="sessions")
    folder = Path(settings.config_dir) if settings.config_dir else None
    engine = database.connect(loaded.main.target, writable=False, schema=loaded.main.target_schema)
    try:
        return list(play(engine, loaded, folder))
    except (SettingsError, StoreError) as error:
        raise as_failure(error) from None
    finally:
        engine.dispose()


def _result(check: dg.AssetCheckKey, scene: Scene) -> dg.AssetCheckResult:
    facts = [{"what": f.column, "expected": f.expected, "actual": f.actual, "holds": f.holds} for f in scene.facts]
    found = {"shown": table([scene.row]), "expected and actual": table(facts)} if facts else {}
    about = {"about": table([scene.subject])} if scene.subject else {}
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=not scene.failed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{scene.title}: {scene.line}",
        metadata={"show": scene.show or scene.note, **about, **found, "query": dg.MetadataValue.md(_sql(scene))},
    )


def _sql(scene: Scene) -> str:
    return f"```sql\n{scene.query};\n```" if scene.query else scene.note
