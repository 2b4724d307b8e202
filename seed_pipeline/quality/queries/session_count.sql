-- The number of sessions.
WITH sums AS (SELECT count(*) AS n FROM sessions)
SELECT '' AS label, greatest(n, 1) AS n, n AS observed, {main.total_sessions} AS expected, {main.total_sessions} AS low,
       {main.total_sessions} AS high
FROM sums
