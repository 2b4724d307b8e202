-- Tutors of the best persona with enough strengths and without a growth area, and of the weakest with enough growth areas.
WITH counted AS (
    SELECT user_id, persona, count(insight) FILTER (WHERE starts_with(insight, 'strength')) AS strengths,
           count(insight) FILTER (WHERE starts_with(insight, 'growth_area')) AS growth_areas
    FROM truth_personas
    LEFT JOIN demanded_insight ON tutor_id = user_id
    WHERE role = 'tutor'
    GROUP BY user_id, persona
),
sums AS (
    SELECT persona, what, judged, exempt, count(*) AS n, count(*) FILTER (WHERE CASE what
           WHEN 'strengths' THEN strengths >= {strengths}
           WHEN 'no growth area' THEN growth_areas = 0
           ELSE growth_areas >= {growth_areas}
       END) AS so
    FROM counted
    JOIN platform_wish USING (persona)
    WHERE what IN ('strengths', 'no growth area', 'growth areas')
    GROUP BY ALL
)
SELECT persona || ': ' || what AS label, if(judged, n, 0) AS n, so AS observed, n AS expected, n - exempt AS low, n AS high
FROM sums
ORDER BY label
