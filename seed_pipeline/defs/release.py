"""The database IO manager: loads a release, and refuses data that did not pass, however the load was launched.

Dagster's blocking checks hold within one run only. A load that is launched alone, with its checks deselected, by a
backfill or from another instance would slip through, so the load looks for itself: at this instance's latest
evaluation of every blocking check, and at the ledger beside the artifacts, which is bound to their content.
"""

from collections.abc import Mapping, Sequence

import dagster as dg
from pydantic import Field

from seed_pipeline.defs.describe import loaded_metadata
from seed_pipeline.defs.settings import SeedSettings, as_failure
from seed_pipeline.pipeline.ledger import RefusedError
from seed_pipeline.pipeline.making import watch
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.settings import SettingsError
from seed_pipeline.store.errors import StoreError


class DatabaseRelease(dg.ConfigurableIOManager):
    """Guards the target and loads it in one transaction."""

    settings: dg.ResourceDependency[SeedSettings]
    retries: int = Field(default=3, description="How often a load is tried again whose connection failed or was lost.")
    retry_seconds: float = Field(default=10.0, description="How long to wait before that; twice as long each time.")

    def handle_output(self, context: dg.OutputContext, obj: Candidate) -> None:
        """Load the candidate, or fail for good with every reason why not, before anything is written."""
        try:
            reasons = evaluation_reasons(context.step_context.instance, obj.blocking())
            if reasons:
                raise RefusedError(reasons)
            done = obj.load(watch())
        except (RefusedError, SettingsError, StoreError) as error:
            tried = context.step_context.previous_attempt_count
            if isinstance(error, StoreError) and error.retry and tried < self.retries:
                context.log.warning(str(error))
                raise dg.RetryRequested(self.retries, self.retry_seconds * 2**tried) from None
            raise as_failure(error) from None
        context.add_output_metadata(loaded_metadata(obj, done))

    def load_input(self, context: dg.InputContext) -> None:
        """Nothing is made from the database; connect to the target instead."""
        raise NotImplementedError("the database is the end of the graph; read it with its own tools")


def evaluation_reasons(instance: dg.DagsterInstance, blocking: Mapping[str, Sequence[str]]) -> list[str]:
    """Why this instance's latest check evaluations forbid a load: one failed, is missing, or looked at older data."""
    assets = {key: dg.AssetKey(key) for key in blocking}
    records = {record.asset_entry.asset_key: record for record in instance.get_asset_records(list(assets.values()))}
    newest = {key: record.asset_entry.last_materialization_storage_id for key, record in records.items()}
    checks = [dg.AssetCheckKey(assets[asset], name) for asset, names in blocking.items() for name in names]
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    reasons = (_against(check, found.get(check), newest.get(check.asset_key)) for check in checks)
    return [reason for reason in reasons if reason]


def _against(check: dg.AssetCheckKey, record, materialization: int | None) -> str | None:
    name = f"{check.asset_key.to_user_string()}: {check.name}"
    evaluation = record and record.event and record.event.asset_check_evaluation
    if not evaluation:
        return f"{name} was never evaluated in this Dagster instance; launch the job recheck_and_load"
    if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
        return f"{name} failed: {evaluation.description or 'see the check'}"
    target = evaluation.target_materialization_data
    if materialization is not None and (target is None or target.storage_id != materialization):
        return f"{name} was evaluated on older data; launch the job recheck_and_load"
    return None
