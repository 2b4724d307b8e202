-- Off days by tutor persona: half to twice the configured share; each of several cohorts rounds its few off days, perhaps down.
SELECT name AS label, count(id) AS n, count(*) FILTER (WHERE off_day) / nullif(count(id), 0) AS observed,
       coalesce(off_days_share, 0) AS expected, if({cohorts} > 1 AND n * expected < 2, 0, {times}[1] * expected) AS low, {times}[2] * expected AS high, 1 AS unit
FROM persona
LEFT JOIN session_fact ON tutor_persona = name AND session_fact.status = 'completed'
WHERE role = 'tutor'
GROUP BY name, off_days_share, position
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
