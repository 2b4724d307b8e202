-- People by role and persona, against the count of every cohort.
WITH wanted AS (SELECT role || ' ' || name AS label, count * {cohorts} AS expected FROM persona),
sums AS (SELECT role || ' ' || persona AS label, count(*) AS n FROM truth_personas GROUP BY ALL)
SELECT label, greatest(coalesce(n, 0), 1) AS n, coalesce(n, 0) AS observed,
       coalesce(expected, 0) AS expected, coalesce(expected, 0) AS low, coalesce(expected, 0) AS high
FROM wanted
FULL JOIN sums USING (label);

-- People whom the answer key does not know, or knows in another role.
SELECT user_id AS offender, people.role || 's in the answer key' AS label,
       truth_personas.role IS DISTINCT FROM people.role AS wrong, truth_personas.role, persona
FROM (SELECT user_id, 'tutor' AS role FROM tutors UNION ALL SELECT user_id, 'student' FROM students) AS people
LEFT JOIN truth_personas USING (user_id)
