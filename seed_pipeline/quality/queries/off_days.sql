-- Off days by tutor persona: half to twice the configured share; each of several cohorts rounds its few off days, perhaps down.
WITH sums AS (
    SELECT tutor_persona AS name, count(*) AS n, count(*) FILTER (WHERE off_day) AS off
    FROM session_fact
    WHERE status = 'completed'
    GROUP BY tutor_persona
)
SELECT name AS label, coalesce(n, 0) AS n, off / n AS observed, coalesce(off_days_share, 0) AS expected,
       if({cohorts} > 1 AND n * expected < 2, 0, {times}[1] * expected) AS low, {times}[2] * expected AS high, 1 AS unit
FROM persona
LEFT JOIN sums USING (name)
WHERE role = 'tutor'
ORDER BY position;

-- Off days on which talk or checks stay in the persona's range, or that did not take place.
SELECT id AS offender, 'off days leave the persona''s ranges' AS label, status, tutor_persona, tutor_talk_ratio,
       tutor_checks_understanding_count,
       status IS DISTINCT FROM 'completed'
       OR coalesce(tutor_talk_ratio BETWEEN talk_ratio_low AND talk_ratio_high, false)
       OR coalesce(tutor_checks_understanding_count BETWEEN understanding_checks_low AND understanding_checks_high,
                   false) AS wrong
FROM session_fact
LEFT JOIN persona ON role = 'tutor' AND name = tutor_persona
WHERE off_day
