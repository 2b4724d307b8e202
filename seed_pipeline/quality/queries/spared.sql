-- Tutors of spared personas who raise an alert about talk, checks or no-shows, or are shown as a high risk.
WITH accused AS (
    SELECT truth_personas.persona, judged, exempt, coalesce(risk_level = 2, false) OR raised.user_id IS NOT NULL AS so
    FROM platform_wish
    JOIN truth_personas ON truth_personas.persona = platform_wish.persona AND role = 'tutor'
    LEFT JOIN tutor_period ON tutor_id = user_id AND period = 'current'
    LEFT JOIN (
        SELECT DISTINCT split_part(subject, '/', 1) AS user_id
        FROM demanded_alert
        WHERE source = 'platform' AND alert_type IN ('high_talk_ratio', 'low_understanding_checks', 'no_show_pattern')
    ) AS raised ON raised.user_id = truth_personas.user_id
    WHERE what = 'spared'
),
sums AS (SELECT persona, judged, exempt, count(*) AS n, count(*) FILTER (WHERE so) AS so FROM accused GROUP BY ALL)
SELECT persona AS label, if(judged, n, 0) AS n, so AS observed, 0 AS expected, 0 AS low, exempt AS high
FROM sums
ORDER BY persona
