-- The dashboard's figures of the whole platform: each is stated once, and no other is.
WITH whole AS (
    SELECT period, sum(sessions) AS sessions, sum(completed_sessions) AS completed_sessions,
           sum(first_sessions) AS first_sessions, sum(tutor_no_shows) AS tutor_no_shows,
           sum(student_no_shows) AS student_no_shows, count(*) FILTER (WHERE at_risk) AS tutors_at_risk,
           sum(tenths) AS tenths, sum(rebooked) AS rebooked
    FROM tutor_period
    GROUP BY period
),
figure AS (
    SELECT period, sessions::DOUBLE AS sessions, completed_sessions::DOUBLE AS completed_sessions,
           first_sessions::DOUBLE AS first_sessions, tutor_no_shows::DOUBLE AS tutor_no_shows,
           student_no_shows::DOUBLE AS student_no_shows, tutors_at_risk::DOUBLE AS tutors_at_risk,
           (tutor_no_shows + student_no_shows) / sessions AS no_show_rate,
           tenths / nullif(10 * completed_sessions, 0) AS mean_score,
           rebooked / nullif(first_sessions, 0) AS first_session_rebooking_rate
    FROM whole
),
due AS (
    SELECT 'platform/' || metric || '/' || period AS label, due
    FROM (UNPIVOT figure ON COLUMNS(* EXCLUDE (period)) INTO NAME metric VALUE due)
),
stated AS (
    SELECT id || '/' || metric || '/' || period AS label, count(*) AS times, any_value(value) AS value
    FROM truth_dashboard
    WHERE scope = 'platform'
    GROUP BY label
)
SELECT label, coalesce(times, 1) AS n, if(times = 1, value, NULL) AS observed, due AS expected,
       coalesce(due, -1) AS low, coalesce(due, -1) AS high
FROM due
FULL JOIN stated USING (label)
ORDER BY label
