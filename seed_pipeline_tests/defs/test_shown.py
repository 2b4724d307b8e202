"""What Dagster makes to be shown: the report beside the artifacts, and the demo script's checks on the database."""

import re
import sqlite3
from pathlib import Path

import dagster as dg

from seed_pipeline.core.dataset import ENTITIES
from seed_pipeline.definitions import defs
from seed_pipeline.defs import launch
from seed_pipeline.defs.last_good import shipped
from seed_pipeline.quality.statements import statements
from seed_pipeline.settings.demo import read
from seed_pipeline.store.places import report_on
from seed_pipeline.views.scenes import named
from seed_pipeline_tests.defs.conftest import Place, failed_checks

CHECKS = len(statements(shipped())) + len(ENTITIES)
"""Every statement, and types and keys of each entity."""


def _metadata(result: dg.ExecuteInProcessResult) -> dict:
    (event,) = result.asset_materializations_for_node("report")
    return {key: value.value for key, value in event.metadata.items()}


def test_the_report_lies_beside_the_artifacts(loaded: Place) -> None:
    """A full run leaves the file, which says what the run changed: here everything is new."""
    html = (loaded.root / "report.html").read_text(encoding="utf-8")
    assert f" of {CHECKS} checks hold, none fails" in html
    assert "every row is new" in html


def test_a_report_launched_alone_tells_of_what_is_there(loaded: Place, tmp_path: Path) -> None:
    """Nothing is made anew, the page shows where the file is, and the bytes are those of the full run."""
    place = loaded.copy(tmp_path)
    before = (place.root / "report.html").read_bytes()
    found = _metadata(place.launch("report"))
    assert found["file"] == str(place.root / "report.html")
    assert (found["checks failed"], found["checks passed"] + found["checks not judged"]) == (0, CHECKS)
    assert (place.root / "report.html").read_bytes() == before


def test_a_report_says_what_changed_since(loaded: Place, tmp_path: Path) -> None:
    """After feedback was made anew with another setting, the report names its columns, and no other table."""
    place = loaded.copy(tmp_path)
    tweak = {"overrides": ["probabilities.rating.spread=0.6"]}
    assert place.launch("feedback", "highlights", "churn", "answer_key", **tweak).success
    assert place.launch("report", **tweak).success
    html = (place.root / "report.html").read_text(encoding="utf-8")
    changes = html[html.index('id="changes"') : html.index('id="again"')]
    assert "student_satisfaction_rating" in changes
    assert "overall_session_score" not in changes


def test_data_that_fails_leaves_the_report_of_before(loaded: Place, tmp_path: Path) -> None:
    """A blocking check holds the report back in the same run; launched alone, it says on top what does not hold, and
    how the asset was judged before."""
    place = loaded.copy(tmp_path)
    wrong = {"overrides": ["targets.statements.O1_completed.expected=0.5"]}
    before = (place.root / "report.html").read_bytes()
    assert not place.launch(**wrong).success
    assert (place.root / "report.html").read_bytes() == before
    found = _metadata(place.launch("report", **wrong))
    assert found["checks failed"] == 1, "the statement alone; the schema of sessions shows it, too"
    html = (place.root / "report.html").read_text(encoding="utf-8")
    assert f"1 of {CHECKS} checks fails" in html
    assert re.search(r"Judged before.*?holds.*?fails.*?failed [^<]*O1_completed", html, re.S)


def test_the_demo_script_is_checked_on_the_database(loaded: Place, tmp_path: Path) -> None:
    """All pass after a load but the trend, which one month has not and which is shown as skipped, no success; a fact
    broken in the database afterwards fails exactly its check, and no run."""
    place = loaded.copy(tmp_path)
    checks = dg.AssetSelection.checks_for_assets("database")
    job = dg.define_asset_job("shown", selection=checks).resolve(asset_graph=defs.resolve_asset_graph())
    assert {e.check_name: e.passed for e in place.launch(job=job).get_asset_check_evaluations()} == {
        name: True for name, scene in named(read(shipped())) if not scene.needs
    }
    with sqlite3.connect(place.database) as connection:
        connection.execute(
            "UPDATE session_audio_metrics SET student_engagement_score = 9 WHERE tutor_talk_ratio > 0.65"
        )
    result = place.launch(job=job)
    assert result.success
    assert failed_checks(result) == ["demo_05_talk_collapse"]
    assert [line.partition(":")[0] for line in launch.afterwards(result)] == ["demo_05_talk_collapse"]
    (evaluation,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert "engagement_above 9, expected" in (evaluation.description or "")
    assert not evaluation.blocking


def test_each_folder_of_artifacts_has_a_report_of_its_own() -> None:
    """A run with other artifacts leaves data/report.html to the data it speaks of."""
    folders = ["data/artifacts", "data/tried", "data/tried/artifacts", "data/other", "artifacts"]
    reports = [report_on(Path(folder)).as_posix() for folder in folders]
    assert reports[0] == "data/report.html"
    assert len(set(reports)) == len(folders)
