-- People who act before they exist: their first session is before they joined, or before their account was opened.
WITH first_session AS (
    SELECT tutor_id AS user_id, 'tutor' AS role, min(scheduled_start) AS first_start FROM sessions GROUP BY ALL
    UNION ALL
    SELECT student_id, 'student', min(scheduled_start) FROM sessions GROUP BY ALL
),
person AS (
    SELECT user_id, 'tutor' AS role, 'member_since' AS word, member_since AS joined FROM tutors
    UNION ALL
    SELECT user_id, 'student', 'enrolled_since', enrolled_since FROM students
)
SELECT person.user_id AS offender, unnest([
    {'label': word, 'wrong': coalesce(joined > first_start, true)},
    {'label': person.role || '''s created_at', 'wrong': coalesce(users.created_at > first_start, true)}
], recursive := true), first_start, joined, users.created_at
FROM person
JOIN first_session ON first_session.user_id = person.user_id AND first_session.role = person.role
LEFT JOIN users ON users.id = person.user_id
WHERE first_start IS NOT NULL
