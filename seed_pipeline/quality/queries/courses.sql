-- Tutors whose mean score falls by more than the platform's threshold from one period of 30 days to the next, or rises.
WITH score AS (
    SELECT tutor_id, max(tenths / scored) FILTER (WHERE period = 'current') AS now,
           max(tenths / scored) FILTER (WHERE period = 'previous') AS before
    FROM tutor_period
    GROUP BY tutor_id
),
sums AS (
    SELECT persona, what, judged, wanted, exempt, count(*) AS n,
           count(*) FILTER (WHERE CASE what WHEN 'fall' THEN now < before * (1 - {falls}) ELSE now > before END) AS so
    FROM platform_wish
    JOIN truth_personas USING (persona)
    JOIN score ON tutor_id = user_id
    WHERE what IN ('fall', 'rise')
    GROUP BY ALL
)
SELECT persona || ': ' || what AS label, if(judged, n, 0) AS n, so AS observed, wanted * {cohorts} - exempt AS low
FROM sums
ORDER BY label
