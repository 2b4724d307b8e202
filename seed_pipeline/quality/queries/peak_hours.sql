-- The peak hours (the heaviest weights, as many as the contract names) hold their part of all sessions, in proportion
-- where the configured weights are flatter; in large data each beats every hour that it clearly outweighs; an hour
-- without a weight holds nothing.
WITH sums AS (SELECT hour, count(*) AS n FROM session_fact WHERE hour IS NOT NULL GROUP BY hour),
hours AS (
    SELECT hour, coalesce(weight, 0) AS weight, coalesce(n, 0) AS n,
           row_number() OVER (ORDER BY coalesce(weight, 0) DESC, hour) <= {hours} AS peak
    FROM hour_weight
    FULL JOIN sums USING (hour)
),
whole AS (
    SELECT sum(n) AS n, sum(n) FILTER (WHERE peak) / sum(n) AS observed,
           sum(weight) FILTER (WHERE peak) / sum(weight) AS expected,
           string_agg(hour, ', ' ORDER BY hour) FILTER (WHERE peak) AS names
    FROM hours
)
SELECT 'hours ' || names AS label, n, observed, expected, {at_least} * least(1, expected / {shipped}) AS low, 1 AS high
FROM whole
UNION ALL BY NAME
SELECT 'hour ' || hour AS label, whole.n, hours.n / whole.n AS observed, 0 AS expected, 0 AS low, 0 AS high
FROM hours
CROSS JOIN whole
WHERE weight = 0
UNION ALL BY NAME
SELECT 'hour ' || top.hour || ' against the next' AS label, greatest(top.n, 1) AS n, top.n / max(lesser.n) AS observed,
       1 AS low
FROM hours AS top
JOIN hours AS lesser ON NOT lesser.peak AND lesser.n > 0 AND top.weight >= {clearly} * lesser.weight
WHERE top.peak AND (SELECT large FROM dataset)
GROUP BY top.hour, top.n
