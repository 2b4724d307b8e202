-- Sessions that begin before the same person's session before them has ended, as scheduled and as held.
WITH held AS (
    SELECT 'scheduled' AS kind, id, tutor_id, student_id, scheduled_start AS begins, scheduled_duration AS minutes
    FROM sessions
    UNION ALL
    SELECT 'actual', id, tutor_id, student_id, actual_start, actual_duration FROM sessions
),
attended AS (
    SELECT 'tutor' AS person, tutor_id AS who, * FROM held
    UNION ALL
    SELECT 'student', student_id, * FROM held
),
ordered AS (
    SELECT *, lag(begins + to_minutes(minutes)) OVER (PARTITION BY kind, person, who ORDER BY begins) AS busy_until
    FROM attended
    WHERE begins IS NOT NULL AND minutes IS NOT NULL
)
SELECT id AS offender, person || ', as ' || kind AS label, coalesce(begins < busy_until, false) AS wrong, busy_until,
       scheduled_start, scheduled_duration, actual_start, actual_duration, tutor_id, student_id
FROM ordered
JOIN sessions USING (id, tutor_id, student_id)
