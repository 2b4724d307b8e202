"""The jobs people launch, and the nightly refresh."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from seed_pipeline.definitions import defs
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline_tests.defs.conftest import QUIET, Place, message


def launched(job: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """The job as its own configuration has it."""
    found = defs.resolve_job_def(job)
    return found.execute_in_process({**found.run_config, **QUIET}, instance, raise_on_error=False)


def test_the_nightly_refresh_is_off_until_switched_on() -> None:
    """At 02:00 UTC, into what SEED_STAGING_URL names, and not by itself."""
    schedule = defs.resolve_schedule_def("staging_refresh_nightly")
    assert schedule.cron_schedule == "0 2 * * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def test_the_run_configuration_stores_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Dagster keeps of a staging run is the variable's name."""
    monkeypatch.setenv("SEED_STAGING_URL", "postgresql://me:hush@staging/app")
    config = defs.resolve_job_def("staging_refresh").run_config
    assert config["resources"]["settings"]["config"]["target"] == {"env": "SEED_STAGING_URL"}


def test_staging_without_its_variable_fails_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing variable is found at the start, and named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEED_STAGING_URL", raising=False)
    with pytest.raises(dg.DagsterInvalidConfigError, match="SEED_STAGING_URL"):
        launched("staging_refresh", dg.DagsterInstance.ephemeral())
    assert not list(tmp_path.iterdir())


def test_staging_is_filled_beside_what_one_works_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refresh loads staging from artifacts of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEED_STAGING_URL", f"sqlite:///{tmp_path}/staging.db")
    result = launched("staging_refresh", dg.DagsterInstance.ephemeral())
    assert result.success, message(result)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "staging.db"]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["staging"]


def test_the_load_test_is_large_and_apart() -> None:
    """The preset load_test: 150,000 sessions into a database of its own, from artifacts of its own."""
    config = defs.resolve_job_def("load_test").run_config["resources"]["settings"]["config"]
    assert config["artifacts"] == "data/load_test/artifacts"
    settings = Wishes(presets=config["presets"]).settings(date(2026, 3, 1))
    assert settings.main.total_sessions == 150_000
    assert settings.main.target != Wishes().settings(date(2026, 3, 1)).main.target


def test_an_asset_shows_what_changed_and_pictures(loaded: Place) -> None:
    """The materialization says what is new, gone and changed, and sessions show their hours and outcomes."""
    event = loaded.instance.get_latest_materialization_event(dg.AssetKey("sessions"))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert metadata["rows new"].value == 150
    assert metadata["dagster/row_count"].value == 150
    assert "| sessions | *rows* | 150 |" in metadata["what changed"].md_str  # type: ignore[union-attr]
    for picture in ("sessions per day", "hours and weekdays", "outcomes"):
        assert "data:image/png;base64," in metadata[picture].md_str  # type: ignore[union-attr]


def test_a_failed_check_shows_what_one_asks_first(place: Place) -> None:
    """Observed, expected, on how many, by group, the setting that governs it, what to try, and a picture."""
    result = place.launch(overrides=["targets.statements.O1_completed.expected=0.5"])
    found = next(e for e in result.get_asset_check_evaluations() if e.check_name == "O1_completed")
    assert not found.passed
    assert {"observed", "expected", "n", "deviation", "setting", "what to try", "fingerprint"} <= set(found.metadata)
    assert "data:image/png;base64," in found.metadata["outcomes"].md_str  # type: ignore[union-attr]
    assert found.metadata["observed against expected"].records[0].data["observed"] == 0.88  # type: ignore[union-attr]
