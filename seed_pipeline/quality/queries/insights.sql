-- Tutors of the best persona with enough strengths and without a growth area, and of the weakest with enough growth areas.
WITH counted AS (
    SELECT user_id, persona, count(insight) FILTER (WHERE starts_with(insight, 'strength')) AS strengths,
           count(insight) FILTER (WHERE starts_with(insight, 'growth_area')) AS growth_areas
    FROM truth_personas
    LEFT JOIN demanded_insight ON tutor_id = user_id
    WHERE role = 'tutor'
    GROUP BY user_id, persona
)
SELECT persona || ': ' || what AS label, if(any_value(judged), count(*), 0) AS n,
       count(*) FILTER (WHERE CASE what
           WHEN 'strengths' THEN strengths >= {strengths}
           WHEN 'no growth area' THEN growth_areas = 0
           ELSE growth_areas >= {growth_areas}
       END) AS observed,
       count(*) AS expected, count(*) - any_value(exempt) AS low, count(*) AS high
FROM counted
JOIN platform_wish USING (persona)
WHERE what IN ('strengths', 'no growth area', 'growth areas')
GROUP BY persona, what
ORDER BY label
