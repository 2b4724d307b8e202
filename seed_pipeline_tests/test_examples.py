"""The worked uses of the answer key run on a database that the platform's services have worked on."""

import runpy
import sys
from pathlib import Path

import pytest

from seed_pipeline_tests.grade.conftest import change, fill, serve

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMED = {"grade_alerts": (), "grade_churn": ("churn_predictions.risk",), "grade_scoring": ("rescored.score",)}
WORDS = {
    "grade_alerts": ("all", "precision", "no_show_pattern"),
    "grade_churn": ("AUC", "calibration error", "warned"),
    "grade_scoring": ("correlation", "at_risk", "bias"),
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with alerts, churn risks and recomputed scores."""
    url = f"sqlite:///{tmp_path_factory.mktemp('examples') / 'seed.db'}"
    fill(url)
    serve(url)
    score = "SELECT id AS session_id, round(overall_session_score) AS score FROM sessions WHERE status = 'completed'"
    change(url, f"CREATE TABLE rescored AS {score}")
    return url


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_prints_its_grades(
    path: Path, target: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each grades what its docstring names, in three lines."""
    monkeypatch.setattr(sys, "argv", [str(path), target, *NAMED[path.stem]])
    runpy.run_path(str(path))
    out = capsys.readouterr().out
    assert [words for words in WORDS[path.stem] if words not in out] == []
    code = path.read_text(encoding="utf-8").split('"""')[2]
    assert len([line for line in code.splitlines() if line]) == 3
