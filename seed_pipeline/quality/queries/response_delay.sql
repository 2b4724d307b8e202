-- Completed sessions by student persona, and how many of them keep the persona's range; one may always be outside.
WITH sums AS (
    SELECT name, count(*) AS n,
           count(*) FILTER (WHERE avg_student_response_delay
                            BETWEEN response_delay_low - 1e-9 AND response_delay_high + 1e-9) AS inside
    FROM session_fact
    JOIN persona ON role = 'student' AND name = student_persona
    WHERE session_fact.status = 'completed'
    GROUP BY name
)
SELECT name AS label, coalesce(n, 0) AS n, inside / n AS observed, least({at_least}, 1 - 1 / n) AS low, 1 AS high
FROM persona
LEFT JOIN sums USING (name)
WHERE role = 'student'
ORDER BY position
