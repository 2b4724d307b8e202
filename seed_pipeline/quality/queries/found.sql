-- Tutors of each persona that the platform has to find: by each alert that the persona raises, and by whether they have the
-- completed sessions in 30 days below which the services look at nobody.
WITH found AS (
    SELECT truth_personas.persona, what, judged, exempt,
           CASE what WHEN 'looked at' THEN coalesce(completed_sessions, 0) >= {fewest} ELSE raised.user_id IS NOT NULL END AS so
    FROM platform_wish
    JOIN truth_personas ON truth_personas.persona = platform_wish.persona AND role = 'tutor'
    LEFT JOIN tutor_period ON tutor_id = user_id AND period = 'current'
    LEFT JOIN (
        SELECT DISTINCT split_part(subject, '/', 1) AS user_id, alert_type FROM demanded_alert WHERE source = 'platform'
    ) AS raised ON raised.user_id = truth_personas.user_id AND alert_type = what
    WHERE what IN ('looked at', 'high_talk_ratio', 'low_understanding_checks', 'no_show_pattern')
),
sums AS (
    SELECT persona, what, judged, exempt, count(*) AS n, count(*) FILTER (WHERE so) AS so FROM found GROUP BY ALL
)
SELECT persona || ': ' || what AS label, if(judged, n, 0) AS n, so AS observed, n AS expected, n - exempt AS low, n AS high
FROM sums
ORDER BY label
