"""The first cast: the people of the first cohort and all that happened to them, the same however large the world."""

from collections.abc import Mapping
from typing import Any

from seed_pipeline.quality.scope import Scope
from seed_pipeline.quality.sql import filled
from seed_pipeline.views.vocabulary import Words

Row = dict[str, Any]
SEEN = """WITH seen AS (
    SELECT s.*, strftime(local_start, '%a %Y-%m-%d %H:%M') AS "when", t.name AS tutor, p.name AS student,
        replace(s.status, '_', ' ') AS outcome, s.status = 'completed' AS done,
        s.overall_session_score AS score, s.student_engagement_score AS engagement,
        s.student_satisfaction_rating::INTEGER AS stars, f.feedback_text AS comment
    FROM session_fact AS s
    LEFT JOIN users AS t ON t.id = s.tutor_id
    LEFT JOIN users AS p ON p.id = s.student_id
    LEFT JOIN session_feedback AS f ON f.session_id = s.id
    WHERE list_contains({tutors}, s.tutor_id)
)
"""
_TUTORS = """SELECT tutor AS name, tutor_id AS id, count(*) AS sessions,
    count(*) FILTER (WHERE status = 'no_show_tutor') AS "no-shows", count(*) FILTER (WHERE off_day) AS "off days",
    favg(engagement) FILTER (WHERE done) AS engagement, favg(score) FILTER (WHERE done) AS score, favg(stars) AS stars
FROM seen WHERE tutor_persona = {persona} GROUP BY name, tutor_id ORDER BY tutor_id"""
_STUDENTS = """SELECT u.name, user_id AS id, count(seen.id) AS sessions, favg(engagement) AS engagement,
    favg(score) AS score, count(stars) AS feedback, coalesce(any_value(churned_date)::VARCHAR, '') AS "left on"
FROM student_fact JOIN users AS u ON u.id = user_id LEFT JOIN seen ON student_id = user_id AND done
WHERE list_contains({students}, user_id) AND student_fact.student_persona = {persona} GROUP BY ALL ORDER BY user_id"""


class Cast:
    """Whom stories are told of, and questions about them: `seen` is one row per session, with everything about it."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.settings = scope, scope.settings
        self.words = Words(scope.settings)
        self.knows_why = knows_why(scope)

    def rows(self, query: str, **values: Any) -> list[Row]:
        """The rows of a query on `seen`, facts and tables; `{name}` is one of the values, `tutors` or `students`."""
        known: Mapping[str, Any] = {"tutors": self.words.tutors, "students": self.words.students, **values}
        return self.scope.rows(filled(SEEN + query, self.settings, known), edge_cases=False)

    def people(self, role: str, persona: str) -> list[Row]:
        """The people of a persona, with how they did."""
        return self.rows(_TUTORS if role == "tutor" else _STUDENTS, persona=persona)


def knows_why(scope: Scope) -> bool:
    """Whether the answer key is there."""
    personas = scope.tables.get("truth_personas")
    return bool(personas and personas.rows)
