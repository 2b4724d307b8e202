-- Sessions whose parts of the time do not add up to 1.
SELECT session_id AS offender, 'parts of the time' AS label,
       tutor_talk_ratio + student_talk_ratio + productive_silence_ratio + awkward_pause_ratio AS total,
       coalesce(abs(total - 1) > {tolerance} + 1e-9, true) AS wrong,
       tutor_talk_ratio, student_talk_ratio, productive_silence_ratio, awkward_pause_ratio
FROM session_audio_metrics
