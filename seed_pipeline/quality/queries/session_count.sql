-- The number of sessions.
SELECT '' AS label, greatest(count(*), 1) AS n, count(*) AS observed,
       {main.total_sessions} AS expected, {main.total_sessions} AS low, {main.total_sessions} AS high
FROM sessions
