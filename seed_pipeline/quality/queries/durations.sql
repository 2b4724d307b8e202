-- The usual durations hold most sessions, others some; a duration that is not configured does not occur. Where the
-- configured shares differ from the contract's story, the bounds follow them.
WITH sums AS (
    SELECT scheduled_duration AS minutes, count(*) AS n FROM session_fact WHERE minutes IS NOT NULL GROUP BY minutes
),
duration AS (
    SELECT minutes, coalesce(n, 0) AS n, sum(coalesce(n, 0)) OVER () AS total, coalesce(share, 0) AS share,
           share IS NOT NULL AND list_contains({usual}, minutes) AS usual
    FROM duration_share
    FULL JOIN sums USING (minutes)
)
SELECT coalesce(string_agg(minutes, ' and ' ORDER BY minutes) FILTER (WHERE usual), 'no') || ' min' AS label,
       any_value(total) AS n, coalesce(sum(n) FILTER (WHERE usual), 0) / any_value(total) AS observed,
       coalesce(sum(share) FILTER (WHERE usual), 0) AS expected, {at_least} * least(1, expected / {shipped}) AS low,
       1 AS high, 0 AS unit
FROM duration
UNION ALL BY NAME
SELECT minutes || ' min' AS label, total AS n, n / total AS observed, share AS expected,
       if(share > 0, least({others}[1], 0.4 * share), 0) AS low,
       if(share > 0, greatest({others}[2], 1.8 * share), 0) AS high, if(share > 0, 1, 0) AS unit
FROM duration
WHERE NOT usual
