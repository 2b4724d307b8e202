-- How much lower the scores of the story's pairs are after a tutor no-show than in pairs without any.
WITH pair AS (
    SELECT *, bool_or(status = 'no_show_tutor') OVER (PARTITION BY tutor_id, student_id) AS ever
    FROM session_fact
    WHERE tutor_persona = {cascade_tutors}
)
SELECT 'points lower' AS label, count(*) FILTER (WHERE ever) AS n, {at_least} AS low,
       avg(overall_session_score) FILTER (WHERE NOT ever) - avg(overall_session_score) FILTER (WHERE ever) AS observed
FROM pair
WHERE status = 'completed' AND overall_session_score IS NOT NULL AND (earlier_tutor_no_shows >= 1 OR NOT ever)
HAVING observed IS NOT NULL
