-- Counts, rates and scores of the sessions of each tutor, pair and student, as alerts look at them.
WITH subject AS (
    SELECT 'tutor' AS per, tutor_id AS subject, * FROM session_fact
    UNION ALL
    SELECT 'pair', tutor_id || '/' || student_id, * FROM session_fact
    UNION ALL
    SELECT 'student', student_id, * FROM session_fact
),
counted AS (
    SELECT
        per,
        subject,
        count(*) AS sessions,
        count(*) FILTER (WHERE status = 'completed') AS completed_sessions,
        count(*) FILTER (WHERE status = 'no_show_tutor') AS tutor_no_shows,
        count(*) FILTER (WHERE status = 'rescheduled') AS reschedules,
        avg(overall_session_score) FILTER (WHERE status = 'completed') AS mean_score,
        arg_max(overall_session_score, session_number) FILTER (WHERE status = 'completed')
            - arg_min(overall_session_score, session_number) FILTER (WHERE status = 'completed') AS score_change
    FROM subject
    GROUP BY per, subject
)
SELECT
    counted.*,
    tutor_no_shows / counted.sessions AS tutor_no_show_rate,
    reschedules / counted.sessions AS reschedule_rate,
    churn_probability,
    weighted_session_score
FROM counted
LEFT JOIN student_fact ON per = 'student' AND user_id = subject
