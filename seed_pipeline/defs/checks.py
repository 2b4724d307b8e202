"""The asset checks: every statement of the contract on the asset it belongs to, and one of types, keys and domains.

All checks of an asset are judged together, once for each content: what the ledger knows already is not measured again.
"""

from collections.abc import Iterator

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.defs.describe import folder, table
from seed_pipeline.defs.last_good import shipped
from seed_pipeline.defs.pictures import on_failure
from seed_pipeline.defs.places import Place, key
from seed_pipeline.defs.settings import as_failure
from seed_pipeline.pipeline.judging import audit, statements
from seed_pipeline.pipeline.ledger import Sheet
from seed_pipeline.quality import conformity
from seed_pipeline.quality.shown import queries_of
from seed_pipeline.quality.verdict import Verdict
from seed_pipeline.settings import Settings, SettingsError
from seed_pipeline.store.errors import StoreError


def _specs(asset: str, of: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """A check of the asset's types, keys and domains, and one for each statement of configs/targets.yaml about it."""
    found = [_spec(of, conformity.NAME, "Q1", conformity.TITLE, conformity.SETTING, conformity.REMEDY, True)]
    for name, s in statements(shipped(), asset).items():
        found.append(_spec(of, name, s.id, s.title, s.setting, s.remedy, s.blocking))
    return found


def _spec(
    of: dg.AssetKey, name: str, id_: str, title: str, setting: str, remedy: str, blocking: bool
) -> dg.AssetCheckSpec:
    metadata = {"contract": id_, "setting": setting, "what to try": remedy}
    description = f"{title.rstrip(chr(46))}. Set by {setting}."
    return dg.AssetCheckSpec(name, asset=of, description=description, blocking=blocking, metadata=metadata)


def contract(place: Place) -> list[dg.AssetChecksDefinition]:
    """The checks of a place's entities."""
    return [_checks_of(place, asset) for asset in ENTITIES]


def _checks_of(place: Place, asset: str) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=place.called(f"{asset}_contract"),
        specs=_specs(asset, key(asset, place.prefix)),
        required_resource_keys=place.required,
        can_subset=True,
        description=f"The statements of the contract about {asset}, measured on what is stored.",
    )
    def judged(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        settings = place.of(context)
        loaded = settings.load(like=asset)
        try:
            sheet = audit(asset, loaded, settings.store)
        except (SettingsError, StoreError) as error:
            raise as_failure(error) from None
        found = {verdict.name: verdict for verdict in sheet.verdicts}
        for check in context.selected_asset_check_keys:
            verdict = found.get(check.name)
            picture = on_failure(asset, verdict.id, loaded, settings.store) if verdict and verdict.failed else {}
            shown = {
                **picture,
                **_query(check.name, loaded),
                "artifacts": dg.MetadataValue.path(folder(settings.store)),
            }
            yield _result(check, verdict, sheet, shown) if verdict else unknown(check)

    return judged


def _result(
    check: dg.AssetCheckKey, verdict: Verdict, sheet: Sheet, shown: dict[str, dg.MetadataValue]
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=not verdict.failed,
        severity=dg.AssetCheckSeverity.ERROR if verdict.blocking else dg.AssetCheckSeverity.WARN,
        description=verdict.said,
        metadata={**_metadata(verdict, sheet), **shown},
    )


def unknown(check: dg.AssetCheckKey) -> dg.AssetCheckResult:
    """The run's own settings (another folder, say) do not have the statement that the definitions list."""
    why = "not judged: the settings of this run do not have this statement"
    severity = dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        asset_key=check.asset_key, check_name=check.name, passed=False, severity=severity, description=why
    )


def _query(name: str, settings: Settings) -> dict[str, dg.MetadataValue]:
    """The statement's queries, for a reviewer to read and to run (`seed-pipeline sql`)."""
    if name not in settings.targets.statements:
        return {}
    return {"query": dg.MetadataValue.md(f"```sql\n{queries_of(name, settings)}\n```")}


def _metadata(verdict: Verdict, sheet: Sheet) -> dict[str, dg.MetadataValue | str | float | int]:
    """Everything that a reviewer asks first: observed, expected, on how many, by group, who, and what to try."""
    found: dict[str, dg.MetadataValue | str | float | int] = {
        "observed": verdict.observed,
        "expected": verdict.expected,
        "n": int(verdict.n),
        "deviation": round(float(verdict.deviation), 4),
        "setting": verdict.setting,
        "fingerprint": sheet.seen[sheet.asset],
    }
    if verdict.failed:
        found["what to try"] = verdict.hint
    if verdict.rows:
        found["observed against expected"] = table(verdict.rows)
    if verdict.evidence:
        found["offending rows"] = table(verdict.evidence)
    return found
