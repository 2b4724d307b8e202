-- Texts that speak of a topic (of two words or more) which only other subjects have.
WITH heard AS (SELECT DISTINCT subject, words, phrase FROM wording JOIN named_phrase USING (words)),
abroad AS (
    SELECT DISTINCT subject, words
    FROM heard
    SEMI JOIN topic_phrase AS name ON name.phrase = heard.phrase AND kind = 'name' AND contains(name.phrase, '  ')
    ANTI JOIN topic_phrase AS own ON own.subject = heard.subject AND own.kind = 'name' AND contains(own.phrase, heard.phrase)
)
SELECT session_id AS offender, kind || ': topics of its subject' AS label, wording.subject, wording.words,
       abroad.words IS NOT NULL AS wrong
FROM wording
LEFT JOIN abroad ON abroad.words = wording.words AND abroad.subject = wording.subject
WHERE list_contains({texts}, kind)
UNION ALL BY NAME
SELECT session_id AS offender, kind || ': of a subject that is known' AS label, wording.subject,
       known.subject IS NULL AS wrong
FROM wording
LEFT JOIN (SELECT DISTINCT subject FROM topic_phrase) AS known USING (subject)
WHERE list_contains({texts}, kind) AND of_session
