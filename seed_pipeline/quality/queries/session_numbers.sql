-- Sessions whose number is not their place in time among those of their pair.
SELECT id AS offender, 'number' AS label, session_number, tutor_id, student_id, scheduled_start,
       row_number() OVER (PARTITION BY tutor_id, student_id ORDER BY scheduled_start, session_number) AS place,
       session_number IS DISTINCT FROM place AS wrong
FROM sessions
