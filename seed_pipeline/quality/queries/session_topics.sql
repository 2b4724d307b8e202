-- Sessions whose texts name more topics than they may, or one that the summary does not name; and summaries without any.
WITH named AS (
    SELECT session_id, topic, bool_or(said.kind = 'summary') AS summary, bool_or(said.kind = 'trouble') AS trouble,
           bool_or(said.kind = 'feedback') AS feedback, bool_or(said.kind = 'highlight') AS highlight
    FROM said
    JOIN wording USING (text)
    JOIN sentence_of USING (text)
    JOIN named_phrase USING (sentence)
    JOIN topic_phrase USING (subject, phrase)
    GROUP BY session_id, topic
),
session AS (
    SELECT session_id, count(topic) AS every, count(topic) FILTER (WHERE summary) AS summaries,
           coalesce(bool_or(trouble AND NOT summary), false) AS trouble,
           coalesce(bool_or(feedback AND NOT summary), false) AS feedback,
           coalesce(bool_or(highlight AND NOT summary), false) AS highlight,
           coalesce(list(topic ORDER BY topic) FILTER (WHERE topic IS NOT NULL), []) AS topics,
           coalesce(list(topic ORDER BY topic) FILTER (WHERE summary), []) AS summary
    FROM (SELECT DISTINCT session_id FROM said WHERE said.kind = 'summary' AND words IS NOT NULL)
    LEFT JOIN named USING (session_id)
    GROUP BY session_id
)
SELECT session_id AS offender, unnest([
    {'label': 'more topics than it may have', 'wrong': every > {most}},
    {'label': 'a summary without a topic', 'wrong': summaries = 0},
    {'label': 'trouble: a topic that the summary does not name', 'wrong': trouble},
    {'label': 'feedback: a topic that the summary does not name', 'wrong': feedback},
    {'label': 'highlight: a topic that the summary does not name', 'wrong': highlight}
], recursive := true), topics, summary
FROM session
UNION ALL BY NAME
SELECT sessions.id AS offender, 'of a subject that is known' AS label, name AS subject, known.subject IS NULL AS wrong
FROM sessions
LEFT JOIN subjects ON subjects.id = subject_id
LEFT JOIN (SELECT DISTINCT subject FROM topic_phrase) AS known ON known.subject = name
