-- Sessions of a status that is not generated.
SELECT id AS offender, 'status' AS label, status,
       coalesce(status, '') NOT IN ('completed', 'no_show_student', 'no_show_tutor', 'rescheduled') AS wrong
FROM session_fact
