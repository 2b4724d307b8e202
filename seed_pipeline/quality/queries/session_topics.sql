-- Sessions whose texts name more topics than they may, or one that the summary does not name; and summaries without any.
WITH told AS (
    SELECT session_id, kind, words, subjects.name AS subject
    FROM said
    JOIN sessions ON sessions.id = session_id
    LEFT JOIN subjects ON subjects.id = subject_id
    WHERE words IS NOT NULL
),
heard AS (  -- Each wording is looked through once.
    SELECT subject, words, list_filter(CASE subject
{topics_named}
        END, lambda topic: topic IS NOT NULL) AS topics
    FROM (SELECT DISTINCT subject, words FROM told WHERE list_contains({subject_names}, subject))
),
named AS (SELECT session_id, kind, topics FROM told JOIN heard USING (subject, words)),
session AS (
    SELECT session_id, coalesce(list_distinct(flatten(list(topics))), []) AS every,
           coalesce(flatten(list(topics) FILTER (WHERE kind = 'summary')), []) AS summary,
           coalesce(flatten(list(topics) FILTER (WHERE kind = 'trouble')), []) AS trouble,
           coalesce(flatten(list(topics) FILTER (WHERE kind = 'feedback')), []) AS feedback,
           coalesce(flatten(list(topics) FILTER (WHERE kind = 'highlight')), []) AS highlight
    FROM named
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
SELECT sessions.id AS offender, 'of a subject that is known' AS label, name AS subject,
       NOT coalesce(list_contains({subject_names}, name), false) AS wrong
FROM sessions
LEFT JOIN subjects ON subjects.id = subject_id
