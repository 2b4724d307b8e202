-- Completed sessions by student persona, and how many of them keep the persona's range; one may always be outside.
SELECT name AS label, count(id) AS n,
       count(*) FILTER (WHERE avg_student_response_delay BETWEEN response_delay_low - 1e-9 AND response_delay_high + 1e-9)
       / nullif(count(id), 0) AS observed, least({at_least}, 1 - 1 / nullif(count(id), 0)) AS low, 1 AS high
FROM persona
LEFT JOIN session_fact ON student_persona = name AND session_fact.status = 'completed'
WHERE role = 'student'
GROUP BY name, position
ORDER BY position
