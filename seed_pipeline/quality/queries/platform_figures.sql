-- The dashboard's figures of the whole platform: each is stated once, and no other is.
WITH whole AS (
    SELECT period, sum(sessions)::DOUBLE AS sessions, sum(completed_sessions)::DOUBLE AS completed_sessions,
           sum(first_sessions)::DOUBLE AS first_sessions, sum(tutor_no_shows)::DOUBLE AS tutor_no_shows,
           sum(student_no_shows)::DOUBLE AS student_no_shows, (count(*) FILTER (WHERE at_risk))::DOUBLE AS tutors_at_risk,
           sum(tenths)::DOUBLE AS tenths, sum(rebooked)::DOUBLE AS rebooked
    FROM tutor_period
    GROUP BY period
),
sums AS (  -- What is counted, and what is stated.
    SELECT 'counted' AS kind, 'platform' AS id, period, metric, 1 AS n, value
    FROM (UNPIVOT whole ON COLUMNS(* EXCLUDE (period)) INTO NAME metric VALUE value)
    UNION ALL
    SELECT 'stated', id, period, metric, count(*), any_value(value) FROM truth_dashboard WHERE scope = 'platform' GROUP BY ALL
),
counted AS (FROM (PIVOT (SELECT period, metric, value FROM sums WHERE kind = 'counted') ON metric IN (
    'sessions', 'completed_sessions', 'first_sessions', 'tutor_no_shows', 'student_no_shows', 'tutors_at_risk', 'tenths',
    'rebooked') USING sum(value))),
figure AS (
    SELECT * EXCLUDE (tenths, rebooked), (tutor_no_shows + student_no_shows) / sessions AS no_show_rate,
           tenths / nullif(10 * completed_sessions, 0) AS mean_score,
           rebooked / nullif(first_sessions, 0) AS first_session_rebooking_rate
    FROM counted
),
due AS (
    SELECT 'platform/' || metric || '/' || period AS label, due
    FROM (UNPIVOT figure ON COLUMNS(* EXCLUDE (period)) INTO NAME metric VALUE due)
),
stated AS (SELECT id || '/' || metric || '/' || period AS label, n AS times, value FROM sums WHERE kind = 'stated')
SELECT label, coalesce(times, 1) AS n, if(times = 1, value, NULL) AS observed, due AS expected,
       coalesce(due, -1) AS low, coalesce(due, -1) AS high
FROM due
FULL JOIN stated USING (label)
ORDER BY label
