"""The database IO manager: loads a release, and refuses data that did not pass, however the load was launched.

Dagster's blocking checks hold within one run only. A load that is launched alone, with its checks deselected, by a
backfill or from another instance would slip through, so the load looks for itself: at this instance's evaluations of
exactly this data by every blocking check, and at the ledger beside the artifacts, which is bound to their content.
"""

from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord as Record
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status
from pydantic import Field

from seed_pipeline.defs.cluster import events
from seed_pipeline.defs.describe import folder, loaded_metadata
from seed_pipeline.defs.places import key
from seed_pipeline.defs.settings import SeedSettings, as_failure
from seed_pipeline.pipeline.ledger import RefusedError, together
from seed_pipeline.pipeline.making import both, watch
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.settings import SettingsError
from seed_pipeline.store.errors import StoreError

JUDGED = {Status.SUCCEEDED, Status.FAILED}
HISTORY = 10
"""How many evaluations of a check are looked through for one of the data at hand."""
_AGAIN = "launch the job recheck_and_load"


class DatabaseRelease(dg.ConfigurableIOManager):
    """Guards the target and loads it in one transaction."""

    settings: dg.ResourceDependency[SeedSettings]
    retries: int = Field(default=3, description="How often a load is tried again whose connection failed or was lost.")
    retry_seconds: float = Field(default=10.0, description="How long to wait before that; twice as long each time.")

    def handle_output(self, context: dg.OutputContext, obj: Candidate) -> None:
        """Load the candidate, or fail for good with every reason why not, before anything is written."""
        try:
            prefix = context.asset_key.path[:-1]
            reasons = evaluation_reasons(context.step_context.instance, context.run_id, obj, prefix)
            if reasons:
                raise RefusedError(reasons)
            done = obj.load(both(watch(), events(context.log)))
        except (RefusedError, SettingsError, StoreError) as error:
            tried = context.step_context.previous_attempt_count
            if isinstance(error, StoreError) and error.retry and tried < self.retries:
                context.log.warning(str(error))
                raise dg.RetryRequested(self.retries, self.retry_seconds * 2**tried) from None
            raise as_failure(error) from None
        context.add_output_metadata(loaded_metadata(obj, done, prefix))

    def load_input(self, context: dg.InputContext) -> None:
        """Nothing is made from the database; connect to the target instead."""
        raise NotImplementedError("the database is the end of the graph; read it with its own tools")


def evaluation_reasons(
    instance: dg.DagsterInstance, run: str, candidate: Candidate, prefix: Sequence[str]
) -> list[str]:
    """Why this instance's check evaluations forbid the load: on exactly this data one failed, or there is none.

    What another run judged elsewhere, on other bytes, or only plans to judge does not count; what this run judged does,
    whatever others came to since.
    """
    checks = [dg.AssetCheckKey(key(a, prefix), name) for a, names in candidate.blocking().items() for name in names]
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    found = [(_name(check), _against(instance, run, candidate, check, latest.get(check))) for check in checks]
    return together((name, why) for name, why in found if why)


def _against(
    instance: dg.DagsterInstance, run: str, candidate: Candidate, check: dg.AssetCheckKey, latest: Record | None
) -> str:
    """Why the check forbids the load, or nothing."""
    print_ = candidate.artifacts.manifest(check.asset_key.path[-1]).fingerprint
    data = {"fingerprint": print_, "artifacts": folder(candidate.artifacts)}
    records: Sequence[Record] = [latest] if latest and latest.run_id == run and latest.status in JUDGED else ()
    records = records or instance.event_log_storage.get_asset_check_execution_history(check, HISTORY, status=JUDGED)
    judged = [record for record in records if record.evaluation]
    speak = [record for record in judged if _is_about(record, data)]
    if not speak:
        return f"{'evaluated on other data' if judged else 'never evaluated in this Dagster instance'}; {_AGAIN}"
    evaluation = next((record for record in speak if record.run_id == run), speak[0]).evaluation
    failed = evaluation and not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR
    return f"failed, {evaluation.description or 'see the check'}" if evaluation and failed else ""


def _is_about(record: Record, data: Mapping[str, str]) -> bool:
    shown = record.evaluation.metadata if record.evaluation else {}
    return all(name in shown and shown[name].value == value for name, value in data.items())


def _name(check: dg.AssetCheckKey) -> str:
    return f"{check.asset_key.to_user_string()}.{check.name}"
