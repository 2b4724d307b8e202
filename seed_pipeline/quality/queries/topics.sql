-- Texts that speak of a topic which only other subjects have. Each wording is looked through once.
WITH told AS (
    SELECT kind, session_id, words, name AS subject
    FROM said
    LEFT JOIN sessions ON sessions.id = session_id
    LEFT JOIN subjects ON subjects.id = subject_id
    WHERE list_contains({texts}, kind)
),
heard AS (
    SELECT subject, words, coalesce(CASE subject
{foreign_topics}
    END, false) AS wrong
    FROM (SELECT DISTINCT subject, words FROM told WHERE words IS NOT NULL)
)
SELECT session_id AS offender, kind || ': topics of its subject' AS label, subject, words,
       coalesce(wrong, false) AS wrong
FROM told
LEFT JOIN heard USING (subject, words)
UNION ALL BY NAME
SELECT session_id AS offender, kind || ': of a subject that is known' AS label, subject,
       NOT coalesce(list_contains({subject_names}, subject), false) AS wrong
FROM told
SEMI JOIN sessions ON sessions.id = session_id
