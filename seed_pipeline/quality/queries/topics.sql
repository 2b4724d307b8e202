-- Texts that speak of a topic which only other subjects have.
SELECT session_id AS offender, kind || ': topics of its subject' AS label, name AS subject, words,
       coalesce(CASE name
{foreign_topics}
       END, false) AS wrong
FROM said
LEFT JOIN sessions ON sessions.id = session_id
LEFT JOIN subjects ON subjects.id = subject_id
WHERE list_contains({texts}, kind)
UNION ALL BY NAME
SELECT session_id AS offender, kind || ': of a subject that is known' AS label, name AS subject,
       NOT coalesce(list_contains({subject_names}, name), false) AS wrong
FROM said
JOIN sessions ON sessions.id = session_id
LEFT JOIN subjects ON subjects.id = subject_id
WHERE list_contains({texts}, kind)
