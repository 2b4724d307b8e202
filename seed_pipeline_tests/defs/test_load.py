"""What reaches the database, and what never does, however a load is launched."""

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.definitions import defs
from seed_pipeline.defs.launch import TARGET, run_config, without_secret
from seed_pipeline.pipeline.ledger import Ledger, lineage
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import SettingsError
from seed_pipeline.settings.secret import Address
from seed_pipeline_tests.defs.conftest import JOB, Place, failed_checks, message

TOO_FEW = ["targets.statements.O1_completed.expected=0.5"]
"""A contract that sessions cannot meet: half of them completed."""


def test_a_good_dataset_is_loaded(loaded: Place) -> None:
    """Everything selected: every check runs, and the release is in the database."""
    assert loaded.database.stat().st_size > 0
    assert loaded.instance.get_latest_materialization_event(dg.AssetKey("database")) is not None


def test_a_failed_check_blocks_what_comes_after_it(place: Place) -> None:
    """A blocking check that fails stops the assets downstream and the load."""
    result = place.launch(overrides=TOO_FEW)
    assert not result.success
    assert "O1_completed" in failed_checks(result)
    assert "metrics" not in place.artifacts.assets()
    assert not place.database.exists()


def test_a_load_launched_alone_after_a_failed_check_is_refused(loaded: Place, tmp_path: Path) -> None:
    """Dagster would let it through: within its run, nothing failed."""
    place = Place(tmp_path)
    loaded.copy(tmp_path)
    before = place.database.read_bytes()
    job = defs.resolve_job_def("recheck_and_load")
    assert not place.launch(job=job, overrides=TOO_FEW).success
    result = place.launch("database")
    assert not result.success
    assert "O1_completed: failed" in message(result)
    assert place.database.read_bytes() == before


def test_a_load_without_any_checks_is_refused(place: Place) -> None:
    """Everything materialized with all checks deselected: there are no verdicts, so there is no load."""
    result = place.launch_without_checks(*ENTITIES, "database")
    assert "never evaluated" in message(result)
    assert len(reasons(result)) == 1
    assert not place.database.exists()


def test_a_load_of_data_changed_since_its_checks_is_refused(loaded: Place, tmp_path: Path) -> None:
    """Checked, then materialized anew without checks: the verdicts are about other data."""
    place = loaded.copy(tmp_path)
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success
    assert place.launch_without_checks("feedback", overrides=["probabilities.rating.spread=0.5"]).success
    result = place.launch_without_checks("database")
    assert not result.success
    assert "other data" in message(result)


def test_a_new_instance_takes_no_verdicts_on_trust(loaded: Place, tmp_path: Path) -> None:
    """Good artifacts in an instance that never judged them: refused, and recheck_and_load is the way."""
    place = loaded.copy(tmp_path)
    assert "never evaluated" in message(place.launch("database"))
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success


def test_the_ledger_beside_the_artifacts_has_to_agree(loaded: Place, tmp_path: Path) -> None:
    """The instance knows good evaluations, but the verdicts beside the artifacts are gone: refused, in one line."""
    place = loaded.copy(tmp_path)
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success
    Ledger.of(place.artifacts).path.unlink()
    assert reasons(place.launch("database")) == [
        "- reference, tutors, students and 6 more: the checks never ran on these artifacts; run the checks on what is "
        "there (the job recheck_and_load does)"
    ]


def reasons(result: dg.ExecuteInProcessResult) -> list[str]:
    """Why the guard refused, a line each."""
    assert not result.success
    return message(result).splitlines()[1:]


def queue(place: Place, **settings: Any) -> None:
    """A second *Materialize all* that waits for its turn: Dagster plans all its evaluations at once."""
    place.instance.create_run_for_job(JOB, run_config=place.config(settings), status=dg.DagsterRunStatus.NOT_STARTED)


def test_a_run_that_waits_hides_no_verdict(loaded: Place, tmp_path: Path) -> None:
    """*Materialize all* twice: what the second run only plans to judge does not count against the first one's data."""
    place = loaded.copy(tmp_path)
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success
    queue(place, seed=7)
    result = place.launch("database")
    assert result.success, message(result)


def test_a_failure_of_other_data_refuses_no_load(loaded: Place, tmp_path: Path) -> None:
    """Judged and found wanting, but in another folder or in other bytes: what is loaded is what speaks."""
    place, other = loaded.copy(tmp_path / "one"), Place(tmp_path / "other", loaded.instance)
    place.instance = loaded.instance
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success
    assert not other.launch(overrides=TOO_FEW).success
    assert place.launch("database").success


def test_files_that_somebody_edited_are_not_loaded(loaded: Place, tmp_path: Path) -> None:
    """Verdicts are bound to content: a part that was changed behind the manifest's back stops the load."""
    place = loaded.copy(tmp_path)
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success
    part = place.artifacts.root / "feedback" / "session_feedback" / "part-00000.parquet"
    frame = pd.read_parquet(part)
    frame["student_satisfaction_rating"] = 6 - frame["student_satisfaction_rating"]
    frame.to_parquet(part)
    result = place.launch("database")
    assert not result.success
    assert "damaged or edited" in message(result)


def test_half_a_world_is_refused(loaded: Place, tmp_path: Path) -> None:
    """A seed given to a run of one asset does not mix with the other assets' seed."""
    place = loaded.copy(tmp_path)
    result = place.launch("feedback", seed=7)
    assert not result.success
    assert "main.yaml, seed = 7" in message(result)
    assert place.fingerprints() == loaded.fingerprints()


def test_a_partial_run_keeps_the_day_of_its_upstream(loaded: Place, tmp_path: Path) -> None:
    """`as_of: today` means, for one asset, the day for which its upstream was made."""
    place = loaded.copy(tmp_path)
    assert place.launch("feedback", as_of="today").success
    assert place.fingerprints() == loaded.fingerprints()


def test_one_asset_made_again_is_the_same(loaded: Place, tmp_path: Path) -> None:
    """Deleting an asset's artifacts and running it again gives the same bytes (X1)."""
    place = loaded.copy(tmp_path)
    for asset in ("feedback", "students"):
        for path in sorted((place.artifacts.root / asset).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        assert place.launch(asset).success
    assert place.fingerprints() == loaded.fingerprints()


def test_feedback_only_changes_feedback_only(loaded: Place, tmp_path: Path) -> None:
    """The job feedback_only, with another share of feedback, leaves all other artifacts and the database alone."""
    place = loaded.copy(tmp_path)
    before = place.database.read_bytes()
    job = defs.resolve_job_def("feedback_only")
    assert place.launch(job=job, overrides=["probabilities.rating.spread=0.5"]).success
    changed = {a for a, print_ in place.fingerprints().items() if print_ != loaded.fingerprints()[a]}
    assert changed == {"feedback"}
    assert place.database.read_bytes() == before


def test_verdicts_speak_for_the_whole_lineage(loaded: Place) -> None:
    """A sheet of the ledger is bound to everything its asset was made from."""
    for asset in ENTITIES:
        sheet = Ledger.of(loaded.artifacts).sheet(asset)
        assert sheet is not None
        assert tuple(sheet.seen) == lineage(asset)


def test_what_was_judged_is_not_judged_again(loaded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same data under the same law: the ledger answers."""
    monkeypatch.setattr("seed_pipeline.pipeline.judging.judged", lambda *a, **k: pytest.fail("judged twice"))
    assert loaded.launch(job=defs.resolve_job_def("recheck_and_load")).success


def test_verdicts_under_other_settings_do_not_count(loaded: Place, tmp_path: Path) -> None:
    """Judged as configs/ has it, then loaded alone under settings that the data do not keep: judged by those first."""
    place = loaded.copy(tmp_path)
    assert place.launch(job=defs.resolve_job_def("recheck_and_load")).success
    before = place.database.read_bytes()
    result = place.launch("database", overrides=["personas.tutors.star.rating=[1.0, 2.0]"])
    assert not result.success
    assert "T4_rating failed: observed star" in message(result)
    assert place.database.read_bytes() == before
    assert place.launch("database").success


@pytest.mark.parametrize(
    "typed", [{"target": "postgresql://me:s3cret@127.0.0.1/app"}, {"overrides": ["main.target = postgresql://a:b@c/d"]}]
)
def test_a_password_typed_into_a_run_stops_it(place: Place, typed: dict) -> None:
    """Dagster keeps a run's configuration for good: nothing is made, and the message says what to write instead."""
    result = place.launch("reference", **typed)
    assert not result.success
    assert "this one holds a password" in str([e.event_specific_data for e in result.all_events])
    assert place.artifacts.assets() == ()


@pytest.mark.parametrize("before", [None, "somebody's"])
def test_a_password_given_to_the_command_line_never_reaches_dagster(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it was written, the configuration that is stored names a variable, and the variable ends with the run."""
    url = "postgresql://me:s3cret@127.0.0.1/app"
    monkeypatch.delenv(TARGET, raising=False)
    if before is not None:
        monkeypatch.setenv(TARGET, before)
    for wishes in (Wishes(target=url), Wishes(overrides=(f"main.target ={url}", "main.seed=7"))):
        with without_secret(wishes, Address(url)) as shown:
            config = run_config(shown, Path("artifacts"))
            assert os.environ[TARGET] == url
        assert "s3cret" not in str(config)
        assert 'main.target="env:SEED_TARGET_URL"' in config["overrides"]
        assert ("main.seed=7" in config["overrides"]) is bool(wishes.overrides)
        assert os.environ.get(TARGET) == before
    with pytest.raises(SettingsError, match="holds a password"):
        run_config(Wishes(overrides=(f"main.targett={url}",)), Path("artifacts"))
