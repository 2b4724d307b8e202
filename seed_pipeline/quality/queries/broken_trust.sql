-- How much lower the scores of the story's pairs are after a tutor no-show than in pairs without any.
WITH sums AS (
    SELECT ever, count(*) AS n, sum(overall_session_score) AS total
    FROM (
        SELECT *, bool_or(status = 'no_show_tutor') OVER (PARTITION BY tutor_id, student_id) AS ever
        FROM session_fact
        WHERE tutor_persona = {cascade_tutors}
    )
    WHERE status = 'completed' AND overall_session_score IS NOT NULL AND (earlier_tutor_no_shows >= 1 OR NOT ever)
    GROUP BY ever
)
SELECT 'points lower' AS label, met.n, {at_least} AS low, unmet.total / unmet.n - met.total / met.n AS observed
FROM sums AS met
JOIN sums AS unmet ON met.ever AND NOT unmet.ever
