-- Scores and follow-ups of sessions that did not take place, and sessions without a score.
SELECT id AS offender, status, coalesce(status = 'completed', false) AS done, unnest([
    {'label': 'score', 'wrong': (overall_session_score IS NOT NULL) <> done},
    {'label': 'follow-up only where completed', 'wrong': follow_up_booked IS true AND NOT done}
], recursive := true), overall_session_score, follow_up_booked
FROM session_fact
