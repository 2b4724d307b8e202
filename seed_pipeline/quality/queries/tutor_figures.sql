-- Figures, risk levels and insights of tutors that the answer key lacks, has too many of, or has otherwise than the
-- platform's services compute them.
WITH figure AS (
    SELECT tutor_id, period, sessions::DOUBLE AS sessions, completed_sessions::DOUBLE AS completed_sessions,
           first_sessions::DOUBLE AS first_sessions, tutor_no_shows::DOUBLE AS tutor_no_shows,
           student_no_shows::DOUBLE AS student_no_shows, reschedules_by_tutor::DOUBLE AS reschedules_by_tutor,
           late_arrivals::DOUBLE AS late_arrivals, risk_level::DOUBLE AS risk_level,
           tenths / nullif(10 * scored, 0) AS mean_score, stars / nullif(rated, 0) AS mean_rating,
           rebooked / nullif(first_sessions, 0) AS first_session_rebooking_rate
    FROM tutor_period
),
due AS (
    SELECT tutor_id || '/' || metric || '/' || period AS key, due
    FROM (UNPIVOT figure ON COLUMNS(* EXCLUDE (tutor_id, period)) INTO NAME metric VALUE due)
    UNION ALL
    SELECT tutor_id || '/' || insight || '/current', figure FROM demanded_insight
),
stated AS (
    SELECT id || '/' || metric || '/' || period AS key, value, row_number() OVER (PARTITION BY key) AS time
    FROM truth_dashboard
    WHERE scope = 'tutor'
)
SELECT key AS offender, 'there where due' AS label, due, stated.key IS NULL AS wrong
FROM due
LEFT JOIN stated USING (key)
UNION ALL BY NAME
SELECT key AS offender, 'there nowhere else' AS label, value, due.key IS NULL OR time > 1 AS wrong
FROM stated
LEFT JOIN due USING (key)
UNION ALL BY NAME
SELECT key AS offender, 'equal to what the services compute' AS label, value, due,
       coalesce(abs(value - due) > 1e-9, true) AS wrong
FROM due
JOIN stated USING (key)
WHERE time = 1
UNION ALL BY NAME
SELECT scope AS offender, 'of a known scope' AS label, id, metric, scope NOT IN ('tutor', 'platform') AS wrong
FROM truth_dashboard
