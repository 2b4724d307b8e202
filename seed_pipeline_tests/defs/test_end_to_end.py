"""The real webserver and daemon, launched and questioned as the UI does. `make e2e`; takes minutes."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.store import database as store
from seed_pipeline_tests.defs.server import Server, running
from seed_pipeline_tests.store import servers

pytestmark = pytest.mark.slow
TOO_FEW = ["targets.statements.O1_completed.expected=0.5"]


@pytest.fixture(scope="module")
def staging() -> Iterator[str]:
    """A PostgreSQL database to refresh."""
    with servers.running() as server, servers.database(server) as url:
        yield servers.raw(url)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, staging: str) -> Iterator[Server]:
    """The UI, with a dataset that its first launch filled: all assets, all checks."""
    with running(tmp_path_factory.mktemp("ui"), SEED_STAGING_URL=staging) as found:
        assert found.launch() == "SUCCESS"
        yield found


def seed_of(server: Server) -> int:
    with sqlite3.connect(server.folder / "data" / "seed.db") as connection:
        return int(connection.execute("SELECT seed FROM seed_pipeline_releases ORDER BY release DESC").fetchone()[0])


def test_all_assets(server: Server) -> None:
    """Everything is materialized, judged and loaded, and nothing is unsynced."""
    assert seed_of(server) == 42
    for entity in ENTITIES:
        assert set(server.checks(entity).values()) == {"SUCCEEDED"}
    assert not server.stale(*ENTITIES, "database")


def test_feedback_only(server: Server) -> None:
    """Feedback made again is the same, so nothing that builds on it becomes unsynced."""
    assert server.launch("feedback") == "SUCCESS"
    assert not server.stale(*ENTITIES, "database")


def test_another_feedback_marks_what_builds_on_it(server: Server) -> None:
    """A tweak for one run: feedback differs, what is made from it and the database are unsynced."""
    assert server.launch("feedback", overrides=["probabilities.rating.spread=0.5"]) == "SUCCESS"
    assert server.stale(*ENTITIES, "database") == {"highlights", "answer_key", "database"}
    assert server.launch("feedback", "highlights", "answer_key", "database") == "SUCCESS"
    assert not server.stale(*ENTITIES, "database")


def test_a_failing_check_blocks_the_load(server: Server) -> None:
    """And a load launched alone afterwards is refused; recheck_and_load judges anew, and loads."""
    before = (server.folder / "data" / "seed.db").read_bytes()
    assert server.launch(overrides=TOO_FEW) == "FAILURE"
    assert server.checks("sessions")["O1_completed"] == "FAILED"
    assert server.launch("database") == "FAILURE"
    assert (server.folder / "data" / "seed.db").read_bytes() == before
    assert server.launch(job="recheck_and_load") == "SUCCESS"
    assert server.launch("database") == "SUCCESS"


def test_deselected_checks_do_not_open_the_door(server: Server) -> None:
    """Other bytes, materialized with all checks deselected, then only the load: refused. The same bytes were judged."""
    assert server.launch("sessions", checks=[], overrides=["probabilities.availability.video=0.9"]) == "SUCCESS"
    assert server.launch("database") == "FAILURE"
    assert server.launch("sessions", checks=[]) == "SUCCESS"
    assert server.launch("database") == "SUCCESS"


def test_a_seed_of_one_run_flows_to_all_assets(server: Server) -> None:
    """A seed in the Launchpad: the whole release has it. For one asset alone it is refused."""
    assert server.launch(seed=7) == "SUCCESS"
    assert seed_of(server) == 7
    assert server.launch("feedback", seed=8) == "FAILURE"
    assert server.launch() == "SUCCESS"


def test_settings_of_one_run_reach_all_its_assets(server: Server) -> None:
    """A rule off and more feedback, in a place of their own: nothing of the rule is loaded, and every check agrees."""
    apart = {"artifacts": "data/tried/artifacts", "target": "sqlite:///data/tried.db"}
    assert server.launch(feedback_share=0.5, rules={"technical_issues": False}, **apart) == "SUCCESS"
    with sqlite3.connect(server.folder / "data" / "tried.db") as connection:
        assert connection.execute("SELECT count(*) FROM session_feedback").fetchone() == (66,)
        rules = {rule for (rule,) in connection.execute("SELECT DISTINCT rule FROM truth_effects")}
    assert "first_session" in rules
    assert "technical_issues" not in rules
    assert server.launch() == "SUCCESS"


def test_a_wrong_setting_is_refused_at_the_launch(server: Server) -> None:
    """The answer says which entry is wrong and what there could be; no run is started."""
    for wrong, says in [({"seed": "seven"}, '"seven"'), ({"rules": {"first_sesion": False}}, "first_session")]:
        assert says in server.refusal(**wrong)


def test_several_processes_work_inside_a_run(server: Server) -> None:
    """Chunks are made side by side by processes of the run's own."""
    apart = {"artifacts": "data/side/artifacts", "target": "sqlite:///data/side.db"}
    assert server.launch(sessions=450, overrides=["main.processes=2", "main.chunk_cohorts=1"], **apart) == "SUCCESS"
    assert server.launch() == "SUCCESS"


def test_the_nightly_tick_refreshes_staging(server: Server, staging: str) -> None:
    """The schedule's tick asks for one run, and that run fills the PostgreSQL database."""
    tick = server.tick("staging_refresh_nightly")
    assert tick["error"] is None
    assert len(tick["runRequests"]) == 1
    config = json.loads(json.dumps(yaml.safe_load(tick["runRequests"][0]["runConfigYaml"]), default=str))
    assert list(config["resources"]) == ["staging_settings"]
    assert server.launch(job="staging_refresh", config=config) == "SUCCESS"
    assert len(store.read(store.connect(staging), ["sessions"])["sessions"]) == 150


def test_no_secret_is_in_the_logs(server: Server, staging: str) -> None:
    """Nothing that Dagster wrote holds the target's URL."""
    files = [path for path in (server.folder / "home").rglob("*") if path.is_file()]
    assert not [path for path in files if staging.encode() in Path(path).read_bytes()]
