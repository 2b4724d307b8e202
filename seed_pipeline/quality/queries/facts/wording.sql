-- What is said of a session with the session's subject; the words are as in `named_phrase`.
SELECT said.session_id, kind, words, subjects.name AS subject, sessions.id IS NOT NULL AS of_session
FROM said
LEFT JOIN sessions ON sessions.id = said.session_id
LEFT JOIN subjects ON subjects.id = subject_id
