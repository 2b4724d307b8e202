"""What the platform's services compute, straight from its tables, on SQLite and PostgreSQL.

Written from the platform's rules (platform_rules.md) alone: it imports nothing of the pipeline, and the answer key is
right where both agree. What the rules leave open is read as docs/decisions/2026-11-25-platform-alerts-read.md says.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

_FACTORS = (
    "first_session_satisfaction",
    "sessions_completed",
    "follow_up_booking_rate",
    "avg_session_score",
    "tutor_consistency",
    "student_engagement",
)

_ALERTS = """
WITH recent AS (
    SELECT s.tutor_id, a.tutor_talk_ratio AS talk, a.tutor_checks_understanding_count AS checks,
           row_number() OVER (PARTITION BY s.tutor_id ORDER BY s.scheduled_start DESC, s.id DESC) AS back
    FROM sessions s JOIN session_audio_metrics a ON a.session_id = s.id
    WHERE s.status = 'completed' AND s.scheduled_start >= :since AND s.scheduled_start < :now
), last_ten AS (SELECT * FROM recent WHERE back <= 10),
poor_first AS (
    SELECT tutor_id, CAST(id AS text) AS session_id,
           row_number() OVER (PARTITION BY tutor_id ORDER BY scheduled_start DESC, id DESC) AS back
    FROM sessions
    WHERE status = 'completed' AND session_number = 1 AND overall_session_score < 6.5
      AND scheduled_start >= :week AND scheduled_start < :now
), held AS (
    SELECT * FROM sessions WHERE scheduled_start >= :since AND scheduled_start < :now
), scored AS (  -- tenths and counts are whole numbers: 15 % is 15 %
    SELECT tutor_id,
           sum(CASE WHEN scheduled_start >= :since THEN CAST(round(overall_session_score * 10) AS int) END) AS now_sum,
           sum(CASE WHEN scheduled_start >= :since THEN 1 ELSE 0 END) AS now_count,
           sum(CASE WHEN scheduled_start < :since THEN CAST(round(overall_session_score * 10) AS int) END) AS then_sum,
           sum(CASE WHEN scheduled_start < :since THEN 1 ELSE 0 END) AS then_count
    FROM sessions WHERE status = 'completed' AND scheduled_start >= :before AND scheduled_start < :now
    GROUP BY tutor_id
)
SELECT tutor_id, 'high_talk_ratio' AS alert_type, 'warning' AS severity, CAST(NULL AS text) AS session_id
FROM last_ten GROUP BY tutor_id
HAVING count(*) >= 5 AND 10 * sum(CASE WHEN talk > :talk THEN 1 ELSE 0 END) >= 7 * count(*)
UNION ALL
SELECT tutor_id, 'low_understanding_checks', 'warning', NULL FROM last_ten GROUP BY tutor_id
HAVING count(*) >= 5 AND sum(checks) < 4 * count(*)
UNION ALL
SELECT tutor_id, 'poor_first_session', 'critical', session_id FROM poor_first WHERE back = 1
UNION ALL
SELECT tutor_id, 'no_show_pattern', 'critical', NULL FROM held
WHERE status = 'no_show_tutor' OR (status = 'no_show_student' AND :students = 1) GROUP BY tutor_id HAVING count(*) >= 2
UNION ALL
SELECT tutor_id, 'high_reschedule_rate', 'warning', NULL FROM held
WHERE rescheduled_by = 'tutor' GROUP BY tutor_id HAVING count(*) >= 5
UNION ALL
SELECT tutor_id, 'declining_performance', 'warning', NULL FROM scored
WHERE 100 * now_sum * then_count < 85 * then_sum * now_count
"""

_INSIGHTS = """
WITH figures AS (
    SELECT s.tutor_id, count(a.session_id) AS heard, 1.0 * sum(a.student_engagement_score) AS engagement,
           sum(CASE WHEN a.tutor_talk_ratio BETWEEN 0.35 AND 0.50 THEN 1 ELSE 0 END) AS balanced,
           sum(CASE WHEN a.tutor_talk_ratio > :talk THEN 1 ELSE 0 END) AS talkative,
           sum(a.tutor_checks_understanding_count) AS checks, sum(a.tutor_positive_reinforcement_count) AS praise,
           sum(a.open_ended_questions) AS open_ones,
           sum(a.open_ended_questions + a.closed_ended_questions + a.rhetorical_questions) AS questions,
           count(v.session_id) AS seen, sum(CASE WHEN v.tutor_uses_visual_aids THEN 1 ELSE 0 END) AS aids,
           sum(CASE WHEN s.session_number = 1 THEN 1 ELSE 0 END) AS firsts,
           sum(CASE WHEN s.session_number = 1 AND s.follow_up_booked THEN 1 ELSE 0 END) AS booked
    FROM sessions s
    LEFT JOIN session_audio_metrics a ON a.session_id = s.id LEFT JOIN session_video_metrics v ON v.session_id = s.id
    WHERE s.status = 'completed' AND s.scheduled_start < :now GROUP BY s.tutor_id
)
"""
_FOUND = {
    ("strength", "high_engagement"): "heard >= 5 AND round(10 * engagement) > 80 * heard",
    ("strength", "balanced_talk_ratio"): "heard >= 5 AND 10 * balanced >= 7 * heard",
    ("strength", "frequent_understanding_checks"): "heard >= 5 AND checks > 8 * heard",
    ("strength", "strong_questioning"): "heard >= 5 AND 10 * open_ones > 6 * questions",
    ("strength", "high_visual_aids"): "seen >= 5 AND 10 * aids >= 7 * seen",
    ("strength", "positive_reinforcement"): "heard >= 5 AND praise > 10 * heard",
    ("strength", "first_session_expert"): "firsts >= 3 AND 100 * booked > 85 * firsts",
    ("growth_area", "low_engagement"): "heard >= 5 AND round(10 * engagement) < 60 * heard",
    ("growth_area", "high_talk_ratio"): "heard >= 5 AND 10 * talkative >= 7 * heard",
    ("growth_area", "infrequent_understanding_checks"): "heard >= 5 AND checks < 4 * heard",
    ("growth_area", "low_visual_aids"): "seen >= 5 AND 10 * aids < 3 * seen",
}
_INSIGHTS += " UNION ALL ".join(f"SELECT tutor_id, '{t}', '{c}' FROM figures WHERE {w}" for (t, c), w in _FOUND.items())

_HELD = """
WITH held AS (
    SELECT s.*, f.student_satisfaction_rating AS rating,
           CASE WHEN s.scheduled_start >= :since THEN 'current' ELSE 'previous' END AS period,
           CASE WHEN s.status = 'completed' THEN 1 ELSE 0 END AS done,
           CASE WHEN s.status = 'completed' AND s.session_number = 1 THEN 1 ELSE 0 END AS is_first,
           CASE WHEN s.status = 'no_show_tutor' OR (s.status = 'no_show_student' AND :students = 1)
                THEN 1 ELSE 0 END AS missed,
           CASE WHEN s.status = 'no_show_student' THEN 1 ELSE 0 END AS stood_up,
           CASE WHEN s.rescheduled_by = 'tutor' THEN 1 ELSE 0 END AS moved,
           CASE WHEN s.status = 'completed' AND {late} > 300 THEN 1 ELSE 0 END AS is_late
    FROM sessions s LEFT JOIN session_feedback f ON f.session_id = s.id
    WHERE s.scheduled_start >= :before AND s.scheduled_start < :now
), tutor_pages AS (
    SELECT tutor_id, period, count(*) AS sessions, sum(done) AS completed_sessions,
           avg(CASE WHEN done = 1 THEN overall_session_score END) AS mean_score, sum(is_first) AS first_sessions,
           avg(CASE WHEN is_first = 1 THEN CASE WHEN follow_up_booked THEN 1.0 ELSE 0.0 END END)
               AS first_session_rebooking_rate,
           sum(missed) AS tutor_no_shows, sum(stood_up) AS student_no_shows, sum(moved) AS reschedules_by_tutor,
           sum(is_late) AS late_arrivals, avg(CASE WHEN done = 1 THEN rating * 1.0 END) AS mean_rating,
           CASE WHEN sum(missed) >= 2 OR sum(moved) >= 4 THEN 2
                WHEN sum(missed) >= 1 OR sum(moved) >= 2 THEN 1 ELSE 0 END AS risk_level
    FROM held GROUP BY tutor_id, period
)
"""

_TUTORS = "SELECT 'tutor' AS scope, tutor_id AS id, tutor_pages.* FROM tutor_pages"

_PLATFORM = """
SELECT 'platform' AS scope, 'platform' AS id, period, count(*) AS sessions, sum(done) AS completed_sessions,
       avg(CASE WHEN done = 1 THEN overall_session_score END) AS mean_score, sum(is_first) AS first_sessions,
       avg(CASE WHEN is_first = 1 THEN CASE WHEN follow_up_booked THEN 1.0 ELSE 0.0 END END)
           AS first_session_rebooking_rate,
       sum(missed) AS tutor_no_shows, sum(stood_up) AS student_no_shows,
       avg(CASE WHEN status IN ('no_show_tutor', 'no_show_student') THEN 1.0 ELSE 0.0 END) AS no_show_rate,
       (SELECT count(*) FROM tutor_pages p
        WHERE p.period = held.period AND (p.tutor_no_shows >= 2 OR p.reschedules_by_tutor >= 5)) AS tutors_at_risk
FROM held GROUP BY period
"""

_STUDENTS = """
WITH done AS (
    SELECT s.*, a.student_engagement_score AS engagement,
           row_number() OVER (PARTITION BY s.student_id ORDER BY s.scheduled_start, s.id) AS nth
    FROM sessions s LEFT JOIN session_audio_metrics a ON a.session_id = s.id
    WHERE s.status = 'completed' AND s.scheduled_start < :now
)
SELECT student_id, max(CASE WHEN nth = 1 THEN overall_session_score END) / 10.0 AS first, count(*) AS sessions,
       avg(CASE WHEN follow_up_booked THEN 1.0 ELSE 0.0 END) AS booked, avg(overall_session_score) / 10.0 AS score,
       count(DISTINCT tutor_id) AS tutors, avg(engagement) / 10.0 AS engagement
FROM done GROUP BY student_id
"""

_WEIGHTS = """
SELECT factor_category, weight FROM churn_algorithm_weights
WHERE version = (SELECT max(version) FROM churn_algorithm_weights)
"""


@dataclass(frozen=True)
class Services:
    """The platform's services on one database, as of `now`. Other values than the defaults make them wrong."""

    connection: sa.Connection
    now: datetime
    talk: float = 0.65
    days: int = 30
    students_missing_count: bool = False

    def alerts(self) -> list[tuple[str, str, str, str | None]]:
        """tutor, type, severity, session: what would be open."""
        return [tuple(row) for row in self._rows(_ALERTS)]

    def insights(self) -> list[tuple[str, str, str]]:
        """tutor, type, category."""
        return [tuple(row) for row in self._rows(_INSIGHTS)]

    def dashboard(self) -> dict[tuple[str, str, str, str], float]:
        """(scope, id, metric, period) → figure, for the platform and on every tutor's page."""
        late = {
            "sqlite": "strftime('%s', s.actual_start) - strftime('%s', s.scheduled_start)",
            "postgresql": "extract(epoch FROM s.actual_start - s.scheduled_start)",
        }[self.connection.dialect.name]
        found = {}
        for select in (_TUTORS, _PLATFORM):
            for row in self._rows(_HELD.format(late=late) + select):
                figures = row._asdict()
                place = figures.pop("scope"), figures.pop("id"), figures.pop("period")
                figures.pop("tutor_id", None)
                found |= {(*place[:2], m, place[2]): float(v) for m, v in figures.items() if v is not None}
        return found

    def risk_levels(self) -> dict[str, str]:
        """tutor → low, medium or high."""
        levels = ("low", "medium", "high")
        shown = self.dashboard().items()
        return {id_: levels[int(v)] for (_, id_, m, period), v in shown if (m, period) == ("risk_level", "current")}

    def churn_risk(self) -> dict[str, float]:
        """student → the prediction service's risk, 0-1."""
        return {r.student_id: self._weighted(_predicted(r)) for r in self._rows(_STUDENTS)}

    def student_page(self) -> dict[str, tuple[float, str]]:
        """student → the page's risk in percent, and its level."""
        percents = {r.student_id: 100 * self._weighted(_shown(r)) for r in self._rows(_STUDENTS)}
        return {s: (p, "high" if p > 70 else "medium" if p >= 40 else "low") for s, p in percents.items()}

    def run(self) -> None:
        """Write everything: `alerts`, `tutor_insights`, `churn_predictions`, `dashboard_figures`."""
        alert = (
            "INSERT INTO alerts (id, tutor_id, alert_type, severity, session_id, title, description, triggered_date, "
        )
        alert += "acknowledged, resolved, created_at) "
        self._write(alert + "VALUES (?, ?, ?, ?, ?, 'Alert', 'Found', ?, ?, ?, ?)", self._open_alerts())
        insight = (
            "INSERT INTO tutor_insights (id, tutor_id, insight_type, category, display_text, detected_at, is_active) "
        )
        rows = [(str(uuid.uuid4()), *row, "Found", self._moment(0), self._flag(True)) for row in self.insights()]
        self._write(insight + "VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self.connection.exec_driver_sql("CREATE TABLE churn_predictions (student_id text, risk double precision)")
        self._write("INSERT INTO churn_predictions VALUES (?, ?)", list(self.churn_risk().items()))
        columns = "scope text, id text, metric text, period text, value double precision"
        self.connection.exec_driver_sql(f"CREATE TABLE dashboard_figures ({columns})")
        figures = [(*place, value) for place, value in self.dashboard().items()]
        self._write("INSERT INTO dashboard_figures VALUES (?, ?, ?, ?, ?)", figures)

    def _open_alerts(self) -> list[tuple]:
        now, no = self._moment(0), self._flag(False)
        return [(str(uuid.uuid4()), t, kind, level, s, now, no, no, now) for t, kind, level, s in self.alerts()]

    def _write(self, sql: str, rows: Sequence[tuple]) -> None:
        if rows:
            mark = "?" if self.connection.dialect.name == "sqlite" else "%s"
            self.connection.exec_driver_sql(sql.replace("?", mark), list(rows))

    def _rows(self, sql: str) -> Sequence[sa.Row]:
        values = {
            "now": self._moment(0),
            "week": self._moment(7),
            "since": self._moment(self.days),
            "before": self._moment(2 * self.days),
            "talk": self.talk,
            "students": int(self.students_missing_count),
        }
        named = {name: value for name, value in values.items() if f":{name}" in sql}
        return self.connection.execute(sa.text(sql), named).all()

    def _moment(self, days: int) -> Any:
        """So many days ago, as the database compares it."""
        moment = self.now - timedelta(days=days)
        return moment.isoformat(" ") if self.connection.dialect.name == "sqlite" else moment

    def _flag(self, value: bool) -> Any:
        return int(value) if self.connection.dialect.name == "sqlite" else value

    def _weighted(self, factors: Sequence[float]) -> float:
        weights = {name: float(weight) for name, weight in self._rows(_WEIGHTS)}
        if set(weights) != set(_FACTORS) or abs(sum(weights.values()) - 1) > 1e-6:
            raise ValueError(f"churn_algorithm_weights: {weights} are not the six factors, or do not sum to 1")
        return sum(weights[name] * factor for name, factor in zip(_FACTORS, factors, strict=True))


def _predicted(student: sa.Row) -> list[float]:
    first, booked, score, engagement = (
        float(v) for v in (student.first, student.booked, student.score, student.engagement)
    )
    satisfaction = min(1.0, 1.5 * (1 - first)) if first < 0.65 else 1 - first
    tutors = min(1.0, 0.15 * max(0, student.tutors - 2))
    return [satisfaction, max(0.0, 1 - student.sessions / 20), 1 - booked, 1 - score, tutors, 1 - engagement]


def _shown(student: sa.Row) -> list[float]:
    satisfaction, _, booked, score, _, engagement = _predicted(student)
    few = min(1.0, max(0.0, (10 - student.sessions) / 8))
    return [satisfaction, few, booked, score, min(1.0, (student.tutors - 1) / 2), engagement]
