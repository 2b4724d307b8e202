-- One row per session: its own columns, what was measured of it, and what the answer key says of it and its people.
WITH numbered AS (
    SELECT sessions.*, tutor.number AS tutor_number, student.number AS student_number
    FROM sessions
    LEFT JOIN number AS tutor ON tutor.id = tutor_id
    LEFT JOIN number AS student ON student.id = student_id
),
earlier AS (  -- Tutor no-shows of the pair before this session.
    SELECT id, count(*) FILTER (WHERE status = 'no_show_tutor') OVER (
        PARTITION BY tutor_number, student_number ORDER BY session_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS earlier_tutor_no_shows
    FROM numbered
),
highlighted AS (
    SELECT session_id, count(*) AS highlights FROM session_transcript_highlights GROUP BY session_id
),
ruled AS (  -- Frustration before the rules acted on it.
    SELECT session_id, min(before) AS frustration_before
    FROM truth_effects
    WHERE metric = 'student_frustration_count' AND seq = 1
    GROUP BY session_id
),
known AS (
    SELECT
        sessions.* EXCLUDE (ai_summary, technical_issues_description),
        technical_issues_description IS NOT NULL AS issues_described,
        {session_metrics},
        rated.student_satisfaction_rating,
        audio.session_id IS NOT NULL AS has_audio,
        video.session_id IS NOT NULL AS has_video,
        screen.session_id IS NOT NULL AS has_screen,
        rated.session_id IS NOT NULL AS has_feedback,
        intended.off_day,
        intended.story,
        tutor.persona AS tutor_persona,
        student.persona AS student_persona,
        {seconds_ahead} AS seconds_ahead,
        scheduled_start + to_seconds(seconds_ahead) AS local_start,
        seconds_ahead // 60 AS minutes_ahead,
        hour(local_start) AS hour,
        isodow(local_start) - 1 AS weekday,
        epoch(actual_start - scheduled_start) / 60 AS minutes_late,
        coalesce(highlights, 0) AS highlights,
        coalesce(earlier_tutor_no_shows, 0) AS earlier_tutor_no_shows,
        coalesce(frustration_before, audio.student_frustration_count) AS frustration_before_rules
    FROM numbered AS sessions
    LEFT JOIN earlier USING (id)
    LEFT JOIN highlighted ON highlighted.session_id = sessions.id
    LEFT JOIN ruled ON ruled.session_id = sessions.id
    LEFT JOIN session_audio_metrics AS audio ON audio.session_id = sessions.id
    LEFT JOIN session_video_metrics AS video ON video.session_id = sessions.id
    LEFT JOIN session_screen_metrics AS screen ON screen.session_id = sessions.id
    LEFT JOIN session_feedback AS rated ON rated.session_id = sessions.id
    LEFT JOIN truth_sessions AS intended ON intended.session_id = sessions.id
    LEFT JOIN truth_personas AS tutor ON tutor.user_id = sessions.tutor_id
    LEFT JOIN truth_personas AS student ON student.user_id = sessions.student_id
)
SELECT * EXCLUDE (seconds_ahead), {rules_on_questions} AS rules_on_questions FROM known
