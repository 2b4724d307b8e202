"""The three worked uses of the answer key run on a loaded database and print what their docstrings promise."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from seed_pipeline.store import database
from seed_pipeline.store.assembly import whole
from seed_pipeline.store.plan import Release
from seed_pipeline_tests.core.conftest import make_all, settings_with

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> str:
    """A database file with 600 sessions and their answer key."""
    path = tmp_path_factory.mktemp("examples") / "seed.db"
    tables = whole(make_all(settings_with("main.total_sessions=600")))
    database.load(database.connect(f"sqlite:///{path}"), [tables], Release(42, "", "test"))
    return str(path)


def example(name: str) -> Callable:
    main: Callable = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
    return main


def test_a_scoring_formula_is_graded(target, capsys) -> None:
    """Correlation, error and bias over all sessions and by persona; the sample formula is plausible."""
    table = example("grade_scoring")(target)
    assert "correlation" in capsys.readouterr().out
    overall = table.loc[("all", "")]
    assert overall["sessions"] == 528
    assert overall["correlation"] > 0.7
    assert overall["abs_error"] < 1.5
    assert set(table.loc["tutor"].index) == {"star", "solid", "struggling", "at_risk"}
    assert table.loc["student", "sessions"].sum() == 528


def test_an_alert_service_is_graded(target, capsys) -> None:
    """Precision and recall per type; a threshold above the true one is precise and misses some."""
    table = example("grade_alerts")(target)
    assert "sample service" in capsys.readouterr().out
    assert table.loc["high_talk_ratio", "precision"] == 1
    assert 0 < table.loc["high_talk_ratio", "recall"] < 1
    assert table.loc["low_understanding_checks", ["precision", "recall"]].tolist() == [1, 1]
    assert table.loc["all", "right"] == table["right"].drop("all").sum()


def test_a_perfect_alert_service_has_nothing_wrong(target, capsys) -> None:
    """Whatever stands in the platform's table is graded; the right answer itself gets full marks."""
    engine = sa.create_engine(f"sqlite:///{target}")
    with engine.begin() as connection:
        same = "id, tutor_id, alert_type, severity, session_id"
        into = f"INSERT INTO alerts ({same}, title, description, triggered_date, acknowledged, resolved, created_at)"
        rows = f"SELECT {same}, 'a', 'a', '2026-01-01', 0, 0, '2026-01-01' FROM truth_alerts WHERE source = 'seed'"
        connection.execute(sa.text(f"{into} {rows}"))
    table = example("grade_alerts")(target)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alerts"))
    assert "Grading the table alerts." in capsys.readouterr().out
    assert (table[["precision", "recall"]] == 1).all(axis=None)


def test_a_churn_model_is_graded(target, capsys) -> None:
    """Precision, recall and calibration; nobody's probabilities beat the true ones by much."""
    grades, table = example("grade_churn")(target)
    assert "By the risk the model gave" in capsys.readouterr().out
    assert grades["students"] == 80
    assert table["students"].sum() == 80
    assert 0 < grades["precision"] <= 1
    assert 0 < grades["recall"] <= 1
    assert grades["brier score of the truth"] < grades["brier score"] + 0.02
    assert table["left"].is_monotonic_increasing or table["truth"].is_monotonic_increasing


@pytest.mark.parametrize("name", ["grade_scoring", "grade_alerts", "grade_churn"])
def test_a_missing_database_is_told_plainly(name, tmp_path) -> None:
    """No traceback, no empty file left behind."""
    with pytest.raises(SystemExit, match="no such file"):
        example(name)(str(tmp_path / "none.db"))
    assert not list(tmp_path.iterdir())


def test_examples_need_sqlalchemy_and_pandas_only() -> None:
    """They can be copied into another project as they are."""
    for path in EXAMPLES.glob("*.py"):
        assert "seed_pipeline" not in path.read_text(encoding="utf-8").replace("seed_pipeline/", "")
    assert len(list(EXAMPLES.glob("*.py"))) == 3
