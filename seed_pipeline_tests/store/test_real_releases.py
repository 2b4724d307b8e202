"""What the generator makes is what both databases hold, answer key and all."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from seed_pipeline import schema
from seed_pipeline.grade import grade
from seed_pipeline.pipeline.releasing import Candidate
from seed_pipeline.pipeline.running import run
from seed_pipeline.pipeline.wishes import Wishes
from seed_pipeline.settings import Settings
from seed_pipeline.store import database
from seed_pipeline.store.artifacts import Artifacts
from seed_pipeline_tests.grade.conftest import serve
from seed_pipeline_tests.grade.test_grades import STRICT
from seed_pipeline_tests.grade.test_services import disagreements
from seed_pipeline_tests.store.conftest import Target
from seed_pipeline_tests.store.test_load import assert_holds

DAY = date(2026, 3, 1)


def asked(target: Target, seed: int) -> Settings:
    url = target.url.render_as_string(hide_password=False)
    overrides = ["main.allowed_targets=['*']", "defects.inject=valid"]
    wishes = Wishes(seed=seed, as_of=DAY.isoformat(), target=url, overrides=overrides)
    return wishes.settings(DAY)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_both_databases_hold_the_generated_release(sqlite: Target, postgres: Target, seed: int, tmp_path: Path) -> None:
    """A month of 150 sessions and edge cases reads back the same from both databases and from Parquet, by value.

    On both, the platform's services find in it what the answer key says.
    """
    assert run(asked(sqlite, seed), tmp_path / "artifacts").loaded is not None
    artifacts = Artifacts(tmp_path / "artifacts")
    Candidate(artifacts, asked(postgres, seed)).load()
    one, other = database.read(sqlite.engine), database.read(postgres.engine)
    assert list(one) == list(other) == list(schema.FILLED)
    for name, frame in one.items():
        assert len(frame), name
        pd.testing.assert_frame_equal(frame, other[name], obj=name, check_exact=True)
    for target in (sqlite, postgres):
        assert_holds(target, list(artifacts.release()))
        assert disagreements(target.url) == []
        serve(target.url)
        url = target.url.render_as_string(hide_password=False)
        grades = grade(url, dashboard=["dashboard_figures"], churn="churn_predictions.risk", thresholds=STRICT)
        assert grades.failures == ()


def test_the_same_command_twice_at_once(target: Target, tmp_path: Path) -> None:
    """Two runs on one folder and one database both end well, one after the other; the later one's month is in both."""
    url = target.url.render_as_string(hide_password=False)
    command = [Path(sys.executable).with_name("seed-pipeline"), "run", "--preset", "ci", "--target", url]
    command += ["--set", "main.allowed_targets=['*']", "--set", "main.answer_key=true"]
    running = [
        subprocess.Popen([*command, "--seed", str(seed), "--artifacts", tmp_path / "one"], stderr=subprocess.PIPE)
        for seed in (1, 2)
    ]
    for process in running:
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 0, said.decode()
    seeds = [seed for (seed,) in target.rows("SELECT seed FROM seed_pipeline_releases ORDER BY release")]
    assert sorted(seeds) == ["1", "2"]
    assert_holds(target, list(Artifacts(tmp_path / "one").release()))
