"""`seed-pipeline grade`: what it prints, when it fails, and what it says to whom asks for what cannot be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seed_pipeline.cli import main
from seed_pipeline.store.errors import StoreError
from seed_pipeline_tests.grade.conftest import change

Command = Callable[..., tuple[int, str, str]]
PREDICTIONS = "CREATE TABLE predictions AS SELECT user_id AS student, 0.5 AS risk, 'high' AS level FROM students"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `seed-pipeline grade …`: exit code, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["grade", *arguments])
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


def test_it_prints_every_grade(served: str, command: Command) -> None:
    """Alerts, insights, churn risk and dashboard, observed against expected; without limits the exit code is 0."""
    code, out, _ = command("--target", served, "--churn", "churn_predictions.risk", "--dashboard", "dashboard_figures")
    assert code == 0
    for words in ("Alerts (alerts)", "Insights (tutor_insights)", "AUC", "not warned", "Dashboard", "tutors_at_risk"):
        assert words in out
    assert "❌" not in out


def test_it_stands_in_an_applications_ci(served: str, command: Command) -> None:
    """Exit code 1 below a limit, with a sentence for each; 0 when everything is within."""
    limits = ("--min-precision", "1", "--min-recall", "1", "--min-insight-recall", "1")
    code, out, _ = command("--target", served, *limits)
    assert (code, "every grade is within its limit" in out) == (0, True)
    change(served, "DELETE FROM alerts WHERE alert_type = 'low_understanding_checks'", "DELETE FROM tutor_insights")
    code, out, _ = command("--target", served, *limits)
    assert code == 1
    assert "❌ alerts: low_understanding_checks: recall 0.000 is below 1 (--min-recall)" in out
    assert "❌ insights: " in out


def test_its_json_holds_all_of_it(served: str, command: Command) -> None:
    """Every match with what is missed and wrong, churn, scores, every figure, passed and why not."""
    change(served, "DELETE FROM alerts")
    code, out, _ = command("--target", served, "--json", "--min-recall", "0.5", "--churn", "churn_predictions.risk")
    said = json.loads(out)
    assert (code, said["passed"]) == (1, False)
    every = said["alerts"]["types"][-1]
    assert (every["kind"], every["recall"]) == ("all", 0)
    assert len(every["missed"]) == every["expected"] == sum(len(t["missed"]) for t in said["alerts"]["types"][:-1])
    assert said["churn"]["students"] == 20
    assert said["scores"] is None
    assert {"scope", "id", "metric", "period", "expected", "observed", "holds"} == set(said["dashboard"][0])


def test_it_only_reads(served: str, command: Command) -> None:
    """Grading changes no byte of the database, and the connection could not write."""
    from seed_pipeline.grade.reading import opened

    path = Path(served.removeprefix("sqlite:///"))
    before = path.read_bytes()
    assert command("--target", served)[0] == 0
    assert path.read_bytes() == before
    with pytest.raises(StoreError), opened(served) as reader:
        reader.query("DELETE FROM alerts")


@pytest.mark.parametrize(
    ("statements", "options", "says"),
    [
        (["DROP TABLE truth_alerts"], [], "no answer key"),
        (["ALTER TABLE truth_alerts DROP COLUMN source"], [], "earlier version"),
        ([], ["--alerts", "alert"], "no such table"),
        ([], ["--alerts", "sessions"], "no such column"),
        ([], ["--source", "mine"], "use platform, seed, all"),
        ([], ["--churn", "predictions"], "this names no column"),
        ([], ["--churn", "none.csv.risk"], "the file cannot be read"),
        ([PREDICTIONS], ["--churn", "predictions.risk"], "predictions.risk:KEY, of student, risk, level"),
        ([PREDICTIONS], ["--churn", "predictions.rsk:student"], "it has the columns student, risk, level"),
        ([PREDICTIONS], ["--churn", "predictions.level:student"], "'high', which is no number"),
        ([PREDICTIONS], ["--churn", "predictions.risk:level"], "level high has several rows"),
        ([], ["--scores", "sessions.overall_session_score"], "this column is the answer"),
        ([], ["--dashboard", "mean=sessions.overall_session_score"], "use one of completed_sessions"),
        ([], ["--dashboard", "mean_score=sessions.overall_session_score"], "overall_session_score:tutor_id"),
        ([], ["--dashboard", "mean_score=sessions"], "this names no column"),
        ([], ["--min-auc", "0.8"], "name what the application wrote with --churn"),
    ],
)
def test_what_cannot_be_is_told(
    untouched: str, command: Command, statements: list[str], options: list[str], says: str
) -> None:
    """Exit code 2 and one sentence: where, what, why, what to do instead."""
    change(untouched, *statements)
    code, out, err = command("--target", untouched, *options)
    assert code == 2
    assert not out
    assert says in err
    assert "What to do: " in err
    assert "Traceback" not in err


def test_an_empty_place_is_told(command: Command, tmp_path: Path) -> None:
    """A file that is not there stays so."""
    code, _, err = command("--target", f"sqlite:///{tmp_path / 'none.db'}")
    assert code == 2
    assert "there is no dataset in it. What to do: load one first: seed-pipeline run" in err
    assert not list(tmp_path.iterdir())
