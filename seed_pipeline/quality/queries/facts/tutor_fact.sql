-- One row per tutor: persona and sessions.
WITH counted AS (
    SELECT tutor_id, count(*) AS sessions, count(*) FILTER (WHERE status = 'completed') AS completed_sessions
    FROM session_fact
    GROUP BY tutor_id
)
SELECT
    user_id,
    truth_personas.persona AS tutor_persona,
    coalesce(sessions, 0) AS sessions,
    coalesce(completed_sessions, 0) AS completed_sessions
FROM tutors
LEFT JOIN counted ON counted.tutor_id = user_id
LEFT JOIN truth_personas USING (user_id)
