-- Sessions that begin before the same person's session before them has ended, as scheduled and as held.
WITH held AS (
    SELECT 'scheduled' AS kind, scheduled_start AS begins, scheduled_duration AS minutes, sessions.* FROM sessions
    UNION ALL
    SELECT 'actual', actual_start, actual_duration, sessions.* FROM sessions
),
attended AS (
    SELECT 'tutor' AS person, number AS who, held.* FROM held JOIN number ON number.id = tutor_id
    UNION ALL
    SELECT 'student', number, held.* FROM held JOIN number ON number.id = student_id
),
ordered AS (
    SELECT *, lag(begins + to_minutes(minutes)) OVER (PARTITION BY who, kind, person ORDER BY begins) AS busy_until
    FROM attended
    WHERE begins IS NOT NULL AND minutes IS NOT NULL
)
SELECT id AS offender, person || ', as ' || kind AS label, coalesce(begins < busy_until, false) AS wrong, busy_until,
       scheduled_start, scheduled_duration, actual_start, actual_duration, tutor_id, student_id
FROM ordered
