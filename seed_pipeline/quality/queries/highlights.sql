-- Highlights of sessions that did not take place, outside their session, at one time, or said by the wrong speaker.
SELECT h.id AS offender, unnest([
    {'label': 'of a completed session', 'wrong': status IS DISTINCT FROM 'completed'},
    {'label': 'inside the session', 'wrong': coalesce(NOT timestamp_seconds BETWEEN 0 AND actual_duration * 60, true)},
    {'label': 'one after the other', 'wrong': timestamp_seconds IS NOT DISTINCT FROM
        lag(timestamp_seconds) OVER (PARTITION BY session_id ORDER BY timestamp_seconds)},
    {'label': 'said by a plausible speaker', 'wrong': share IS NULL}
], recursive := true), session_id, timestamp_seconds, highlight_type, h.speaker, actual_duration
FROM session_transcript_highlights AS h
LEFT JOIN session_fact ON session_fact.id = session_id
LEFT JOIN speaker_share ON type = highlight_type AND speaker_share.speaker = h.speaker
