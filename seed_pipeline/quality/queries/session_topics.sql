-- Sessions whose texts name more topics than they may, or one that the summary does not name; and summaries without any.
WITH named AS (SELECT DISTINCT words, subject, topic FROM named_phrase JOIN topic_phrase USING (phrase)),
session AS (
    SELECT session_id, coalesce(list(DISTINCT topic) FILTER (WHERE topic IS NOT NULL), []) AS every,
           coalesce(list(topic) FILTER (WHERE kind = 'summary' AND topic IS NOT NULL), []) AS summary,
           coalesce(list(topic) FILTER (WHERE kind = 'trouble' AND topic IS NOT NULL), []) AS trouble,
           coalesce(list(topic) FILTER (WHERE kind = 'feedback' AND topic IS NOT NULL), []) AS feedback,
           coalesce(list(topic) FILTER (WHERE kind = 'highlight' AND topic IS NOT NULL), []) AS highlight
    FROM wording
    LEFT JOIN named USING (words, subject)
    WHERE words IS NOT NULL
    GROUP BY session_id
    HAVING bool_or(kind = 'summary')
)
SELECT session_id AS offender, unnest([
    {'label': 'more topics than it may have', 'wrong': len(every) > {most}},
    {'label': 'a summary without a topic', 'wrong': len(summary) = 0},
    {'label': 'trouble: a topic that the summary does not name', 'wrong': NOT list_has_all(summary, trouble)},
    {'label': 'feedback: a topic that the summary does not name', 'wrong': NOT list_has_all(summary, feedback)},
    {'label': 'highlight: a topic that the summary does not name', 'wrong': NOT list_has_all(summary, highlight)}
], recursive := true), every AS topics, summary
FROM session
UNION ALL BY NAME
SELECT sessions.id AS offender, 'of a subject that is known' AS label, name AS subject, known.subject IS NULL AS wrong
FROM sessions
LEFT JOIN subjects ON subjects.id = subject_id
LEFT JOIN (SELECT DISTINCT subject FROM topic_phrase) AS known ON known.subject = name
