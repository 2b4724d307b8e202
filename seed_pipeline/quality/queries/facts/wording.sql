-- The subject of the session that a text is about, and whether there is such a session.
SELECT text, subjects.name AS subject, sessions.id IS NOT NULL AS of_session
FROM said
LEFT JOIN sessions ON sessions.id = session_id
LEFT JOIN subjects ON subjects.id = subject_id
