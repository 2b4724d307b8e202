-- Pairs of the story in which a tutor no-show, poor sessions and the student's churn follow each other.
WITH later AS (  -- Sessions of the story's pairs after a tutor no-show.
    SELECT *
    FROM session_fact
    WHERE status = 'completed' AND tutor_persona = {cascade_tutors} AND earlier_tutor_no_shows >= 1
),
told AS (
    SELECT tutor_id, later.student_id, coalesce(bool_or(
        overall_session_score < {probabilities.stories.poor_score} AND churned
        AND churned_date::DATE >= local_start::DATE), false) AS whole
    FROM later
    LEFT JOIN student_fact ON user_id = later.student_id
    GROUP BY ALL
),
sums AS (
    SELECT (SELECT count(*) FROM session_fact) AS n, count(*) FILTER (WHERE whole) AS whole, count(*) AS pairs FROM told
)
SELECT 'pairs with the whole story' AS label, whole AS observed, n, 1 AS low FROM sums WHERE {cascade_tutors} IS NOT NULL
UNION ALL BY NAME
SELECT 'pairs with a no-show and later sessions' AS label, pairs AS observed, pairs AS n, 0 AS low FROM sums
