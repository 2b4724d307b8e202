-- Sessions of the newer half of the window for each of the older, against the contract's factor, or 0.825 of what the
-- configured trend comes to where that is less.
WITH sums AS (
    SELECT count(*) AS n, count(*) FILTER (WHERE back <= {main.days} // 2) AS new,
           count(*) FILTER (WHERE back > {main.days} - {main.days} // 2) AS old
    FROM (SELECT {main.as_of} - local_start::DATE AS back FROM session_fact)
    WHERE back BETWEEN 1 AND {main.days}
),
trend AS (
    SELECT (1 + 0.75 * ({probabilities.time.recency} - 1)) / (1 + 0.25 * ({probabilities.time.recency} - 1)) AS expected
)
SELECT 'newer half / older half' AS label, n, coalesce(new / nullif(old, 0), 1000) AS observed,
       expected, least({at_least}, 0.825 * expected) AS low
FROM sums
CROSS JOIN trend
