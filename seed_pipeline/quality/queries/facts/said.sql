-- What is said of a session, or in it, each text with a number.
WITH told AS (
    SELECT 'summary' AS kind, id AS session_id, ai_summary AS words FROM sessions
    UNION ALL
    SELECT 'trouble', id, technical_issues_description FROM sessions
    UNION ALL
    SELECT 'feedback', session_id, feedback_text FROM session_feedback
    UNION ALL
    SELECT 'highlight', session_id, text FROM session_transcript_highlights
)
SELECT row_number() OVER ()::INTEGER AS text, * FROM told
