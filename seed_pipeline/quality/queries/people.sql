-- Users by role, against the cast of every cohort.
WITH wanted AS (
    SELECT 'admin' AS role, 1 AS expected
    UNION ALL
    SELECT role, sum(count) * {cohorts} FROM persona GROUP BY role
),
sums AS (SELECT role, count(*) AS n FROM users GROUP BY role)
SELECT coalesce(wanted.role, sums.role) AS label, greatest(coalesce(n, 0), 1) AS n, coalesce(n, 0) AS observed,
       coalesce(expected, 0) AS expected, coalesce(expected, 0) AS low, coalesce(expected, 0) AS high
FROM wanted
FULL JOIN sums USING (role);

-- People without exactly one row of their role.
SELECT id AS offender, 'one ' || of.role || 's row per ' || of.role AS label,
       coalesce(rows, 0) <> (users.role = of.role)::INTEGER AS wrong, users.role, email
FROM users
CROSS JOIN (VALUES ('tutor'), ('student')) AS of (role)
LEFT JOIN (
    SELECT user_id, 'tutor' AS role, count(*) AS rows FROM tutors GROUP BY user_id
    UNION ALL
    SELECT user_id, 'student', count(*) FROM students GROUP BY user_id
) AS found ON found.user_id = users.id AND found.role = of.role
