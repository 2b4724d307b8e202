"""Grades tell a right service from a wrong one, and say what is wrong."""

from collections.abc import Callable
from pathlib import Path
from shutil import copy

import pytest

from seed_pipeline.grade import Grades, Thresholds, grade
from seed_pipeline.grade.churn import auc
from seed_pipeline.store import database
from seed_pipeline_tests.grade.conftest import SEEDS, change, serve

WRONG = {
    "talk from 0.60 instead of 0.65": {"talk": 0.60},
    "14 days instead of 30": {"days": 14},
    "no-shows of students counted": {"students_missing_count": True},
}
STRICT = Thresholds(min_precision=1, min_recall=1, min_severity=1, min_insight_precision=1, min_insight_recall=1)


def all_of(grades: Grades) -> tuple[int, int, int]:
    """raised, expected, right over all types of alerts."""
    match = grades.alerts.matches[-1]
    return match.raised, match.expected, match.right


def alert(id_: str, rows: str, **instead: str) -> str:
    """SQL that copies rows into `alerts` under another id, with other values for some of the columns."""
    columns = ("tutor_id", "alert_type", "severity", "session_id")
    values = ", ".join(instead.get(column, column) for column in columns)
    into = f"id, {', '.join(columns)}, title, description, triggered_date, acknowledged, resolved, created_at"
    return f"INSERT INTO alerts ({into}) SELECT {id_}, {values}, '', '', '2026-03-01', 0, 0, '2026-03-01' {rows}"


@pytest.mark.parametrize("seed", SEEDS)
def test_right_services_get_full_marks(filled: Callable[[int], Path], tmp_path: Path, seed: int) -> None:
    """Precision and recall 1.0 for alerts and insights, every figure as expected, whatever the seed."""
    target = f"sqlite:///{copy(filled(seed), tmp_path / 'own.db')}"
    serve(target)
    grades = grade(target, dashboard=["dashboard_figures"], thresholds=STRICT)
    assert grades.failures == ()
    raised, expected, right = all_of(grades)
    assert raised == expected == right > 0
    assert grades.insights
    assert grades.insights.matches[-1].right == grades.insights.matches[-1].expected > 0
    assert grades.dashboard.shown == len(grades.dashboard.figures) > 50
    assert grades.dashboard.wrong == ()


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_services_are_seen(filled: Callable[[int], Path], tmp_path: Path, wrong: str) -> None:
    """A wrong threshold, window or kind of no-show: precision or recall falls well below 1, and the figures tell."""
    found = []
    for seed in SEEDS:
        target = f"sqlite:///{copy(filled(seed), tmp_path / f'{seed}.db')}"
        serve(target, **WRONG[wrong])
        found.append(grade(target, dashboard=["dashboard_figures"], thresholds=STRICT))
    raised, expected, right = (sum(column) for column in zip(*map(all_of, found), strict=True))
    assert min(right / raised, right / expected) < 0.9
    assert any(grades.failures for grades in found)
    if wrong != "talk from 0.60 instead of 0.65":
        assert all(grades.dashboard.wrong for grades in found)


def test_what_is_wrong_is_named(served: str) -> None:
    """A missed alert with the reason why it had to be raised, a wrong one, a wrong severity, one raised twice."""
    right = grade(served)
    tutors = [item for match in right.alerts.matches for item in match.missed]
    assert tutors == []
    change(
        served,
        "DELETE FROM alerts WHERE alert_type = 'low_understanding_checks'",
        "UPDATE alerts SET severity = 'info' WHERE alert_type = 'high_talk_ratio'",
        alert("'again' || substr(id, 6)", "FROM alerts WHERE alert_type = 'high_talk_ratio'"),
    )
    grades = grade(served, thresholds=STRICT)
    kinds = {match.kind: match for match in grades.alerts.matches}
    checks, talk = kinds["low_understanding_checks"], kinds["high_talk_ratio"]
    assert checks.recall == 0
    assert all("mean" in item.because for item in checks.missed)
    assert (talk.recall, talk.precision, talk.level) == (1, 0.5, 0)
    said = " ".join(grades.failures)
    assert "low_understanding_checks: recall 0.000 is below 1 (--min-recall)" in said
    assert "high_talk_ratio: precision 0.500" in said
    assert "high_talk_ratio: severity 0.000" in said
    assert "missed  low_understanding_checks: tutor" in grades.text


def test_what_is_done_with_is_not_graded(served: str) -> None:
    """Resolved alerts and insights that are no longer active are not the application's answer."""
    change(served, "UPDATE alerts SET resolved = 1", "UPDATE tutor_insights SET is_active = 0")
    grades = grade(served)
    assert grades.alerts.empty
    assert grades.insights is None
    assert "no alert is open" in grades.text.lower()
    assert "ends on 2026-03-01" in grades.text


def test_alerts_without_a_rule_and_about_others_are_not_judged(served: str) -> None:
    """The platform has rules for six types; a colleague's tutors are in no answer key."""
    change(
        served,
        "INSERT INTO users (id, email, name, role, created_at) VALUES ('theirs', 'a@b.example', 'A', 'tutor', '2026')",
        alert("'x1'", "FROM alerts LIMIT 1", tutor_id="'theirs'"),
        alert("'x2'", "FROM alerts LIMIT 1", alert_type="'student_churn_risk'"),
    )
    grades = grade(served, thresholds=STRICT)
    assert grades.failures == ()
    assert grades.alerts.unjudged == 2


def test_a_service_that_ran_earlier_may_name_an_earlier_first_session(served: str) -> None:
    """Of several poor first sessions of one tutor any may be named; another tutor's, or a good one, may not."""
    other = (
        "SELECT id FROM sessions s WHERE s.tutor_id = alerts.tutor_id AND session_number = 1 AND status = 'completed'"
    )
    poor, good = (f"{other} AND overall_session_score {op} 6.5 ORDER BY scheduled_start LIMIT 1" for op in ("<", ">="))
    change(served, f"UPDATE alerts SET session_id = ({poor}) WHERE alert_type = 'poor_first_session'")
    assert {m.kind: m.recall for m in grade(served).alerts.matches}["poor_first_session"] == 1
    change(served, f"UPDATE alerts SET session_id = ({good}) WHERE alert_type = 'poor_first_session'")
    assert {m.kind: m.recall for m in grade(served).alerts.matches}["poor_first_session"] == 0


def test_the_finer_rules_can_be_graded_too(untouched: str) -> None:
    """With source `seed` the alerts of our finer thresholds are the right ones, session by session."""
    change(untouched, alert("id", "FROM truth_alerts WHERE source = 'seed'"))
    match = grade(untouched, source="seed", thresholds=STRICT).alerts.matches[-1]
    assert match.precision == match.recall == match.level == 1
    assert match.expected > 20


def test_churn_risk_is_graded(served: str) -> None:
    """The prediction service's risk separates those who left; percent are read as such; no prediction is no warning."""
    churn = grade(served, churn="churn_predictions.risk").churn
    assert churn
    assert churn.auc
    assert churn.auc >= 0.8
    assert churn.truth_auc
    assert churn.warned_left + churn.warned_stayed + churn.silent_left + churn.silent_stayed == churn.students == 20
    assert sum(band.students for band in churn.bands) == 20
    change(served, "UPDATE churn_predictions SET risk = risk * 100")
    percent = grade(served, churn="churn_predictions.risk:student_id").churn
    assert percent
    assert percent.percent
    assert percent.auc == churn.auc
    assert percent.error == pytest.approx(churn.error)
    change(
        served,
        "DELETE FROM churn_predictions WHERE student_id IN (SELECT user_id FROM students WHERE status = 'churned')",
    )
    worse = grade(served, churn="churn_predictions.risk", thresholds=Thresholds(min_auc=0.8))
    assert worse.churn
    assert worse.churn.missing == worse.churn.silent_left == 5
    assert worse.failures == ("churn: AUC 0.000 is below 0.8 (--min-auc)",)


def test_auc_counts_pairs() -> None:
    """One who left above one who stayed is a pair in order, a tie half a one; without both there is none."""
    assert auc([0.9, 0.1], [True, False]) == 1
    assert auc([0.5, 0.5], [True, False]) == 0.5
    assert auc([0.9, 0.2, 0.5, 0.1], [True, True, False, False]) == 0.75
    assert auc([0.9], [True]) is None


def test_recomputed_scores_are_graded(untouched: str) -> None:
    """Correlation and bias, over all and by persona; a session without a score is missed where a limit asks."""
    score = "SELECT id AS session_id, overall_session_score + 0.5 AS score FROM sessions WHERE status = 'completed'"
    change(untouched, f"CREATE TABLE rescored AS {score}")
    limits = Thresholds(min_correlation=0.9, max_bias=0.3)
    grades = grade(untouched, scores="rescored.score", thresholds=limits)
    assert grades.scores
    assert grades.scores.overall
    assert grades.scores.overall.correlation == pytest.approx(1)
    assert grades.scores.overall.bias == pytest.approx(0.5)
    assert {g.persona for g in grades.scores.groups if g.role == "tutor"} == {"star", "solid", "struggling", "at_risk"}
    assert grades.failures == ("scores: bias 0.5 is above 0.3 (--max-bias)",)
    change(
        untouched,
        "UPDATE rescored SET score = 5",
        "DELETE FROM rescored WHERE session_id = (SELECT min(session_id) FROM rescored)",
    )
    missing, constant, *_ = grade(untouched, scores="rescored.score", thresholds=limits).failures
    assert missing == "scores: 1 of 132 completed sessions have none"
    assert "correlate with nothing" in constant


def test_dashboard_figures_can_be_anywhere(served: str) -> None:
    """A table shaped like the answer key's, one of the platform's figures only, or any column, metric by metric."""
    now = "FROM dashboard_figures WHERE period = 'current' AND scope"
    change(
        served,
        f"CREATE TABLE shown AS SELECT metric, value {now} = 'platform'",
        "UPDATE shown SET value = value + 0.1 WHERE metric = 'no_show_rate'",
        f"CREATE TABLE tutor_cards AS SELECT id AS tutor, value AS mean {now} = 'tutor' AND metric = 'mean_score'",
        f"CREATE TABLE card AS SELECT value AS n {now} = 'platform' AND metric = 'sessions'",
    )
    limits = Thresholds(max_wrong_figures=0)
    grades = grade(served, dashboard=["shown", "mean_score=tutor_cards.mean:tutor"], thresholds=limits)
    assert [figure.metric for figure in grades.dashboard.wrong] == ["no_show_rate"]
    assert grades.failures == ("dashboard: wrong figures 1 is above 0 (--max-wrong-figures)",)
    assert grades.dashboard.shown == 9 + 6
    assert grade(served, dashboard=["shown"], tolerance=0.2, thresholds=limits).failures == ()
    assert grade(served, dashboard=["sessions=card.n"], thresholds=limits).failures == ()
    assert len(grade(served, dashboard=["sessions@previous=card.n"]).dashboard.wrong) == 1  # there was no such period


def test_a_csv_file_is_as_good_as_a_table(untouched: str, tmp_path: Path) -> None:
    """What a service answers over HTTP need not be put into the database."""
    engine = database.connect(untouched)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT user_id, CASE status WHEN 'churned' THEN 0.9 ELSE 0.1 END FROM students"
        )
        lines = ["who,risk", *(f"{who},{risk}" for who, risk in rows), "somebody,"]
    engine.dispose()
    (tmp_path / "risk.csv").write_text("\n".join(lines), encoding="utf-8")
    churn = grade(untouched, churn=f"{tmp_path / 'risk.csv'}.risk:who").churn
    assert churn
    assert (churn.missing, churn.auc) == (0, 1)
