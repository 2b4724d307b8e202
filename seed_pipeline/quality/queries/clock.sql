-- The mean hour of start, round the clock, by how far the zone's clocks are ahead of UTC (summer time is a row of its own):
-- that of the configured weights, within the tolerance and four standard errors.
WITH usual AS (
    SELECT sum(weight * cos(hour * pi() / 12)) / sum(weight) AS x, sum(weight * sin(hour * pi() / 12)) / sum(weight) AS y,
           (atan2(y, x) * 12 / pi() + 24) % 24 AS mean,
           sqrt(-2 * ln(greatest(sqrt(x * x + y * y), 1e-9))) * 12 / pi() AS spread
    FROM hour_weight
),
sums AS (
    SELECT minutes_ahead, count(*) AS n, sum(cos(hour * pi() / 12)) AS x, sum(sin(hour * pi() / 12)) AS y
    FROM session_fact
    WHERE minutes_ahead IS NOT NULL
    GROUP BY minutes_ahead
)
SELECT printf('mean hour at UTC%s%02d:%02d', if(minutes_ahead < 0, '-', '+'), abs(minutes_ahead) // 60,
              abs(minutes_ahead) % 60) AS label,
       n, mean AS expected, mean - {hours} - 4 * spread / sqrt(n) AS low, mean + {hours} + 4 * spread / sqrt(n) AS high,
       mean + (atan2(sums.y, sums.x) * 12 / pi() - mean + 36) % 24 - 12 AS observed
FROM sums
CROSS JOIN usual
ORDER BY minutes_ahead
