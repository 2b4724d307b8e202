"""From artifacts to verdicts: the same statements for both faces, measured once for each content and law."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline import remedies
from seed_pipeline.pipeline.ledger import Ledger, Sheet, lineage, seen
from seed_pipeline.pipeline.making import Progress, must_agree, silent
from seed_pipeline.pipeline.sources import digest_of
from seed_pipeline.pipeline.wishes import digest
from seed_pipeline.quality.conformity import conformity
from seed_pipeline.quality.judgement import judged
from seed_pipeline.quality.scope import Scope, opened
from seed_pipeline.quality.statements import Statement
from seed_pipeline.quality.statements import statements as all_statements
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline.store.relations import relations


def audit(asset: str, settings: Settings, artifacts: Artifacts) -> Sheet:
    """The verdicts that belong to one asset, on it and all it is made from, as recorded in the ledger.

    Data that was judged by the same law before is not judged again. Raises StoreError when a part is missing,
    SettingsError when the artifacts belong to another world.
    """
    law, now = law_of(settings), seen(asset, artifacts)
    ledger = Ledger.of(artifacts)
    sheet = ledger.sheet(asset)
    if sheet is None or (sheet.seen, sheet.law) != (now, law):
        must_agree(settings, {name: artifacts.manifest(name) for name in lineage(asset)})
        with opened(relations(artifacts, lineage(asset)), settings) as scope:
            sheet = Sheet(asset, now, law, _verdicts(asset, scope, artifacts, artifacts.read))
        ledger.record(sheet)
    return replace(sheet, verdicts=remedies.of_artifacts(sheet.verdicts, settings, artifacts))


def audit_all(settings: Settings, artifacts: Artifacts, progress: Progress = silent) -> list[Sheet]:
    """The verdicts of every asset on the whole release, as recorded in the ledger.

    The workers of a cluster elsewhere count beside the data; on one machine a single look at everything is quicker.
    """
    law = law_of(settings)
    must_agree(settings, {name: artifacts.manifest(name) for name in ENTITIES})
    found = _summed if settings.main.scheduler else _looked
    verdicts = found(settings, artifacts, progress)
    sheets = [Sheet(asset, seen(asset, artifacts), law, verdicts[asset]) for asset in ENTITIES]
    Ledger.of(artifacts).record(*sheets)
    return [replace(sheet, verdicts=remedies.of_artifacts(sheet.verdicts, settings, artifacts)) for sheet in sheets]


def _looked(settings: Settings, artifacts: Artifacts, progress: Progress) -> Mapping[str, list[Verdict]]:
    """The verdicts of every asset, from one look at everything."""
    found = {}
    progress("checks", 0, len(ENTITIES))
    with opened(relations(artifacts, ENTITIES), settings) as scope:
        for asset in ENTITIES:
            found[asset] = _verdicts(asset, scope, artifacts, artifacts.arrow)
            progress("checks", len(found), len(ENTITIES))
    return found


def _summed(settings: Settings, artifacts: Artifacts, progress: Progress) -> Mapping[str, list[Verdict]]:
    from seed_pipeline.pipeline import summing

    return summing.verdicts(settings, artifacts, progress)


def _verdicts(asset: str, scope: Scope, artifacts: Artifacts, read: Callable[[str, int], Any]) -> list[Verdict]:
    """Where one asset is looked at, Pandera sees every frame; of a whole release, what is in doubt at a glance."""
    verdicts = judged(scope, [asset])
    chunks = (read(asset, chunk) for chunk in range(artifacts.n_chunks(asset)))
    return [conformity(asset, chunks, verdicts), *verdicts]


def law_of(settings: Settings) -> str:
    """Digest of what verdicts depend on besides the data: the settings and the code that judges."""
    return f"{digest(settings)}-{digest_of('quality', 'schema.py')}"


def statements(settings: Settings, asset: str) -> dict[str, Statement]:
    """The statements of configs/targets.yaml that belong to the asset, by name."""
    return {statement.name: statement for statement in all_statements(settings) if statement.entity == asset}
