"""The jobs people launch, and the nightly refresh."""

import json
import multiprocessing
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest
from dagster._core.instance import InstanceRef

from seed_pipeline.cli import main
from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.definitions import defs
from seed_pipeline.defs import launch
from seed_pipeline.defs.alive import end_dead_runs, holds
from seed_pipeline.defs.jobs import WEBHOOK, failed_runs
from seed_pipeline.defs.pictures import OF_ASSETS
from seed_pipeline.defs.places import DEV, STAGING, STAGING_URL
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.store.errors import StoreError
from seed_pipeline.store.places import place
from seed_pipeline.views.plots import PLOTS
from seed_pipeline_tests.defs.conftest import JOB, QUIET, Place, message


def launched(job: str, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """The job as it stands."""
    return defs.resolve_job_def(job).execute_in_process(QUIET, instance, raise_on_error=False)


def test_the_nightly_refresh_is_off_until_switched_on() -> None:
    """At 02:00 UTC, into what SEED_STAGING_URL names, and not by itself."""
    schedule = defs.resolve_schedule_def("staging_refresh_nightly")
    assert schedule.cron_schedule == "0 2 * * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def tick(when: datetime) -> dg.RunRequest:
    """What the schedule asks for at a moment."""
    context = dg.build_schedule_context(scheduled_execution_time=when)
    found = defs.resolve_schedule_def("staging_refresh_nightly").evaluate_tick(context).run_requests
    assert found is not None
    return found[0]


@pytest.mark.parametrize("day", ["2026-11-22", "2026-03-01", "2024-02-29"])
def test_a_tick_refreshes_up_to_its_own_date(day: str) -> None:
    """Evaluated for another day, as the UI and a backfill can, it asks for that day's month, once."""
    asked = tick(datetime.fromisoformat(f"{day}T02:00:00+00:00"))
    assert asked.run_key == day
    assert asked.run_config["resources"]["staging_settings"]["config"] == {"as_of": day}


def test_the_date_is_that_of_the_schedules_time_zone() -> None:
    """The moment may be given in any zone: 20:00 in New York is the next day's 01:00 UTC."""
    asked = tick(datetime.fromisoformat("2026-11-21T20:00:00-05:00"))
    assert asked.run_key == "2026-11-22"


class Webhook(BaseHTTPRequestHandler):
    """Keeps what it is told, and answers with the status in its path."""

    told: ClassVar[list[dict]] = []

    def do_POST(self) -> None:
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def webhook() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        Webhook.told.clear()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def failed_run(place: Place) -> dg.RunFailureSensorContext:
    """The context in which the sensor sees a run that a check stopped."""
    return failure_of(place.launch(overrides=["targets.statements.O1_completed.expected=0.5"]), place.instance)


def failure_of(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> dg.RunFailureSensorContext:
    """The context of a failed run."""
    run = instance.get_run_by_id(result.run_id)
    event = next(event for event in result.all_events if event.is_failure)
    assert run is not None
    return dg.build_run_status_sensor_context("failed_runs", event, instance, run).for_run_failure()


def test_a_failed_run_is_reported(
    place: Place, webhook: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The sensor names run and checks in its log, and tells the webhook if there is one; a dead one does no harm."""
    context = failed_run(place)
    for url, answer in (
        (f"{webhook}/200", "Told the webhook"),
        (f"{webhook}/500", "did not take the message (HTTP 500)"),
        ("http://127.0.0.1:1/secret", "did not take the message (ConnectionError)"),
        (None, "sessions.O1_completed"),
    ):
        capfd.readouterr()
        monkeypatch.delenv(WEBHOOK, raising=False)
        if url:
            monkeypatch.setenv(WEBHOOK, url)
        failed_runs(context)
        logged = capfd.readouterr().err
        assert answer in logged
        assert "127.0.0.1" not in logged
    failed = [set(told["text"].rpartition("Failed checks: ")[2].split(", ")) for told in Webhook.told]
    assert failed == [{"sessions.O1_completed"}] * 2


def test_a_lost_connection_is_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the connection breaks, the third time it holds; the data is loaded once."""
    breaks = iter([StoreError("db", None, "the connection was lost", "run again", retry=True)] * 2)
    real = Candidate.load

    def load(candidate: Candidate, *arguments: object) -> object:
        for error in breaks:
            raise error
        return real(candidate, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Candidate, "load", load)
    config = place.config({})
    config["resources"]["database_release"] = {"config": {"retry_seconds": 0.0}}
    everything = [dg.AssetKey(name) for name in (*ENTITIES, "database")]
    result = JOB.execute_in_process(config, place.instance, asset_selection=everything, raise_on_error=False)
    assert result.success, message(result)
    assert result.retry_attempts_for_node("database") == 2


def test_a_failed_check_is_not_tried_again(place: Place) -> None:
    """Nothing changes by asking twice: a run whose check failed has no second attempt."""
    result = place.launch(overrides=["targets.statements.O1_completed.expected=0.5"])
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


@pytest.mark.parametrize(
    ("home", "says"),
    [
        ("dh", r"absolute paths alone.*export DAGSTER_HOME='/.*/dh'"),
        ("{}/file", "cannot be written .*name a folder"),
        ("/proc/nowhere", "cannot be written .*name a folder"),
        ("{}/broken", r"cannot use it .*mend its dagster\.yaml"),
        ("{}/unknown", r"cannot use it .*mend its dagster\.yaml"),
        ("{}/damaged", r"cannot use it .*name another folder"),
    ],
)
def test_a_home_that_dagster_cannot_use_is_refused_in_words(
    home: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative, in the way of a file, not to be written, with a dagster.yaml or a history that is none."""
    for name in ("broken", "unknown", "damaged/history"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "broken" / "dagster.yaml").write_text("storage: [")
    (tmp_path / "unknown" / "dagster.yaml").write_text("storrage: {}")
    (tmp_path / "damaged" / "history" / "runs.db").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("DAGSTER_HOME", home.format(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(launch.LaunchError, match=says):
        launch.materialize(Wishes(), Wishes().settings(date(2026, 3, 1)), tmp_path / "artifacts")
    assert not (tmp_path / "artifacts").exists()


def test_a_job_from_the_command_line_says_last_what_failed(
    loaded: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of what the job judged, counted in three states, and that nothing was loaded where nothing was to be; who names
    no job is told which there are."""
    shutil.copytree(loaded.artifacts.root, tmp_path / "data" / "artifacts")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with pytest.raises(SystemExit, match="0"):
        main(["job", "feedback_only"])
    said = capfd.readouterr().out.splitlines()
    assert (said[0], said[-1]) == (
        "✅ Checks: 10 passed, 2 not judged",
        "Nothing was to be loaded; the database is as it was.",
    )
    with pytest.raises(SystemExit, match="2"):
        main(["job", "feedback"])
    assert "name one of seed_all, feedback_only, recheck_and_load" in capfd.readouterr().err


def test_a_night_without_a_staging_to_refresh_raises_an_alarm(
    tmp_path: Path, webhook: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The tick's run starts, and fails in its first step with the variable's name; the webhook is told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STAGING_URL, raising=False)
    monkeypatch.setenv(WEBHOOK, f"{webhook}/200")
    instance = dg.DagsterInstance.ephemeral()
    result = launched("staging_refresh", instance)
    assert f"environment variable {STAGING_URL}: it is not set" in message(result)
    assert not list(tmp_path.iterdir())
    failed_runs(failure_of(result, instance))
    assert STAGING_URL in Webhook.told[-1]["text"]
    assert "staging_refresh" in Webhook.told[-1]["text"]


def test_staging_is_a_place_of_its_own(loaded: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assets, artifacts, report and target are apart from those you work on, and what fails there refuses nothing here.

    What Dagster keeps of its runs is the variable's name.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(STAGING_URL, f"sqlite:///{tmp_path}/staging.db")
    before = (loaded.root / "report.html").read_bytes()
    wrong = {**STAGING.asking(overrides=["targets.statements.O1_completed.expected=0.5"]), **QUIET}
    job = defs.resolve_job_def("staging_refresh")
    assert not job.execute_in_process(wrong, loaded.instance, raise_on_error=False).success
    assert loaded.launch("database").success
    result = launched("staging_refresh", loaded.instance)
    assert result.success, message(result)
    assert {path.name for path in (tmp_path / "data" / "staging").iterdir()} == {"artifacts", "report.html"}
    assert {path.name for path in tmp_path.iterdir()} == {"data", "staging.db"}
    assert (loaded.root / "report.html").read_bytes() == before
    event = loaded.instance.get_latest_materialization_event(dg.AssetKey(["staging", "database"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["target"].value == f"sqlite:///{tmp_path}/staging.db"
    run = loaded.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert str(tmp_path) not in json.dumps(run.run_config, default=str)


def test_only_staging_is_watched_and_only_dev_is_made_by_hand() -> None:
    """Freshness is expected of what is refreshed every night; *Materialize all* makes what one works on."""
    graph = defs.resolve_asset_graph()
    databases = {k.to_user_string(): graph.get(k) for k in graph.get_all_asset_keys() if k.path[-1] == "database"}
    assert {name for name, node in databases.items() if node.freshness_policy} == {"staging/database"}
    assert {k.path[0] for k in graph.materializable_asset_keys} == {*ENTITIES, "database", "report"}
    assert {k.path[0] for k in graph.get_all_asset_keys()} >= {"staging", "load_test"}


def test_the_load_test_is_large_and_apart() -> None:
    """The preset load_test: 150,000 sessions into a database of its own, from artifacts of its own."""
    job = defs.resolve_job_def("load_test")
    resources: dict = dg.validate_run_config(job)["resources"]  # type: ignore[index]
    assert resources["cluster"]["config"] == {"workers": 0, "scheduler": ""}
    asked = resources["load_test_settings"]["config"]
    assert asked["artifacts"] == "data/load_test/artifacts"
    settings = Wishes(presets=asked["presets"]).settings(date(2026, 3, 1))
    assert settings.main.total_sessions == 150_000
    assert settings.main.target != Wishes().settings(date(2026, 3, 1)).main.target


def test_automation_loads_what_was_made_as_configs_has_it(
    loaded: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feedback made by itself is loaded; that of `feedback_only`, or of a run with settings of its own, is not."""
    monkeypatch.chdir(tmp_path)
    loaded.copy(tmp_path / "data")
    cursor, only, one = None, defs.resolve_job_def("feedback_only"), {"asset_selection": [dg.AssetKey("feedback")]}
    own = DEV.asking(overrides=["probabilities.rating.spread=0.5"])
    asked_for = []
    for job, config, selected in [(None, {}, {}), (JOB, {}, one), (only, {}, {}), (JOB, own, one), (JOB, {}, one)]:
        if job is not None:
            assert job.execute_in_process({**config, **QUIET}, loaded.instance, **selected).success
        found = dg.evaluate_automation_conditions(defs=defs, instance=loaded.instance, cursor=cursor)
        cursor = found.cursor
        asked_for.append(found.total_requested)
    assert asked_for == [0, 1, 0, 0, 1]


def test_an_asset_shows_what_changed_and_pictures(loaded: Place) -> None:
    """The materialization says what is new, gone and changed, and sessions show their hours and outcomes."""
    event = loaded.instance.get_latest_materialization_event(dg.AssetKey("sessions"))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert metadata["rows new"].value == 150
    assert metadata["dagster/row_count"].value == 150
    assert "| sessions | *rows* | 150 |" in metadata["what changed"].md_str  # type: ignore[union-attr]
    for picture in ("Sessions per day", "Sessions by weekday and hour", "Outcomes of all sessions"):
        assert "data:image/png;base64," in metadata[f"{picture}, large"].md_str  # type: ignore[union-attr]
    assert "completed 88.0%" in str(metadata["Outcomes of all sessions, in words"].value)
    assert len(metadata["first rows of sessions"].value.records) == 5  # type: ignore[union-attr]


@pytest.mark.parametrize("asset", OF_ASSETS)
def test_every_asset_shows_its_picture_and_first_rows(loaded: Place, asset: str) -> None:
    """Drawn with the targets in it: small enough to be seen at once (Dagster hides markdown of 1,000 letters and more),
    its figures in words beside it, and large behind a link."""
    event = loaded.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    for name in OF_ASSETS[asset]:
        title = PLOTS[name].title
        assert "data:image/png;base64," in metadata[f"{title}, large"].md_str  # type: ignore[union-attr]
        assert metadata[f"{title}, in words"].value
        if name != "hours_and_weekdays":
            assert len(metadata[title].md_str) < 1000  # type: ignore[union-attr]
            assert "data:image/svg+xml" in metadata[title].md_str  # type: ignore[union-attr]
    assert any(name.startswith("first rows of ") for name in metadata)


def test_a_failed_check_shows_what_one_asks_first(place: Place) -> None:
    """Observed, expected, on how many, by group, the setting that governs it, what to try, and a picture."""
    result = place.launch(overrides=["targets.statements.O1_completed.expected=0.5"])
    found = next(e for e in result.get_asset_check_evaluations() if e.check_name == "O1_completed")
    assert not found.passed
    assert {"observed", "expected", "n", "deviation", "setting", "what to try", "fingerprint"} <= set(found.metadata)
    assert "data:image/png;base64," in found.metadata["Outcomes of all sessions, large"].md_str  # type: ignore[union-attr]
    assert found.metadata["observed against expected"].records[0].data["observed"] == 0.88  # type: ignore[union-attr]


def test_a_failed_check_shows_the_offending_rows(place: Place) -> None:
    """Up to 20 of them, each with its ID and what the statement looked at."""
    result = place.launch(overrides=["targets.statements.O7_busy_students.at_least=30"])
    found = next(e for e in result.get_asset_check_evaluations() if e.check_name == "O7_busy_students")
    rows = found.metadata["offending rows"].records  # type: ignore[union-attr]
    assert len(rows) == 20
    assert all(len(row.data["id"]) == 36 and row.data["sessions"] < 30 for row in rows)


def hold(home: str, run_id: str, said: Connection) -> None:
    """In another process: hold the run, then wait to be killed."""
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(home)) as instance:
        holds(instance, run_id)
    said.send("held")
    time.sleep(60)


def test_a_run_whose_process_was_killed_is_ended(tmp_path: Path) -> None:
    """It would count as in progress for ever, and the nightly refresh would wait for it; one that lives is let be."""
    spawn = multiprocessing.get_context("spawn")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = instance.create_run_for_job(defs.resolve_job_def("seed_all"), status=dg.DagsterRunStatus.STARTED)
        here, there = spawn.Pipe()
        process = spawn.Process(target=hold, args=(str(tmp_path), run.run_id, there))
        process.start()
        assert here.recv() == "held"
        assert end_dead_runs(instance) == []
        process.kill()
        process.join()
        assert end_dead_runs(instance) == [run.run_id]
        ended = instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert ended.status == dg.DagsterRunStatus.FAILURE
        assert end_dead_runs(instance) == []


@pytest.mark.slow
def test_artifacts_may_be_at_a_url(tmp_path: Path) -> None:
    """Assets, checks, load and report work on what lies in a store, made anew or judged again; the report is there."""
    asked = {"as_of": "2026-03-01", "artifacts": "memory://jobs/artifacts", "target": f"sqlite:///{tmp_path}/a.db"}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        for name in ("seed_all", "seed_all", "recheck_and_load"):
            config = {"resources": {"settings": {"config": asked}}, **launch.QUIET}
            assert defs.resolve_job_def(name).execute_in_process(run_config=config, instance=instance).success
    assert place("memory://jobs/report.html").is_file()
