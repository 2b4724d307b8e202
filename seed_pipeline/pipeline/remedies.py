"""What failing data was made with, told with its verdict: to make it again helps only where that has changed since."""

from collections.abc import Iterable
from dataclasses import replace

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.pipeline.ledger import lineage
from seed_pipeline.pipeline.wishes import stamp
from seed_pipeline.quality.conformity import NAME
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings
from seed_pipeline.settings.remedies import AGAIN
from seed_pipeline.store.artifacts import Artifacts

SAME = "its data was made with these very settings, and with the same seed comes out the same again"
INJECTED = "it found edge cases that are injected (defects.yaml, inject): none or valid there leaves them out"
TOUCHED = "the release passed it, so its rows were changed since: seed-pipeline run writes them as they were"


def of_artifacts(found: Iterable[Verdict], settings: Settings, artifacts: Artifacts) -> list[Verdict]:
    """The verdicts; those that failed say whether their data was made with the settings they were judged by."""
    found = list(found)
    if not any(v.failed for v in found):
        return found
    stamps = {asset: artifacts.manifest(asset).metadata.get("settings") for asset in artifacts.assets()}
    changed = {a for a in ENTITIES if a in stamps and stamps[a] != stamp(a, settings)["settings"]}
    return [_told(v, settings, changed) if v.failed else v for v in found]


def of_release(found: Iterable[Verdict], settings: Settings, made_with: Settings | None) -> list[Verdict]:
    """The same for a release, which passed when it was loaded, if its settings are known."""
    if made_with is None:
        return list(found)
    changed = {a for a in ENTITIES if stamp(a, made_with)["settings"] != stamp(a, settings)["settings"]}
    before, now = made_with.targets.statements, settings.targets.statements
    return [
        _told(v, settings, changed, v.blocking and before.get(v.name) == now.get(v.name)) if v.failed else v
        for v in found
    ]


def _told(verdict: Verdict, settings: Settings, changed: set[str], passed_before: bool = False) -> Verdict:
    injected = {kind.statement for kind, _ in settings.defects.scenes().values() if not kind.valid}
    if verdict.id in injected:
        return replace(verdict, hint=INJECTED)
    stale = [asset for asset in lineage(verdict.entity) if asset in changed]
    if stale:
        why = f"{', '.join(stale)}: made with other settings than these"
        return replace(verdict, hint=f'{why}; run with these settings makes them anew, and so does key:"{stale[0]}"+')
    if passed_before:
        return replace(verdict, hint=TOUCHED)
    return (
        verdict if AGAIN in verdict.hint or verdict.name == NAME else replace(verdict, hint=f"{verdict.hint}; {SAME}")
    )
