-- Flags that say otherwise than the rows that exist.
SELECT id AS offender, unnest([
    {'label': 'has_audio_analysis', 'wrong': has_audio_analysis IS DISTINCT FROM has_audio},
    {'label': 'has_video_analysis', 'wrong': has_video_analysis IS DISTINCT FROM has_video},
    {'label': 'has_screen_monitoring', 'wrong': has_screen_monitoring IS DISTINCT FROM has_screen}
], recursive := true), status, has_audio, has_video, has_screen
FROM session_fact
