-- Texts that speak of a topic (of two words or more) which only other subjects have.
WITH abroad AS (
    SELECT here.name AS subject, topic.phrase
    FROM (SELECT DISTINCT name FROM subjects) AS here
    CROSS JOIN (SELECT DISTINCT phrase FROM topic_phrase WHERE kind = 'name' AND contains(phrase, '  ')) AS topic
    ANTI JOIN topic_phrase AS own ON own.subject = here.name AND own.kind = 'name' AND contains(own.phrase, topic.phrase)
),
stray AS (
    SELECT DISTINCT text, subject
    FROM wording
    JOIN sentence_of USING (text)
    JOIN named_phrase USING (sentence)
    SEMI JOIN abroad USING (subject, phrase)
)
SELECT session_id AS offender, kind || ': topics of its subject' AS label, wording.subject, words,
       stray.text IS NOT NULL AS wrong
FROM said
JOIN wording USING (text)
LEFT JOIN stray ON stray.text = said.text AND stray.subject = wording.subject
WHERE list_contains({texts}, kind)
UNION ALL BY NAME
SELECT session_id AS offender, kind || ': of a subject that is known' AS label, wording.subject,
       known.subject IS NULL AS wrong
FROM said
JOIN wording USING (text)
LEFT JOIN (SELECT DISTINCT subject FROM topic_phrase) AS known USING (subject)
WHERE list_contains({texts}, kind) AND of_session
