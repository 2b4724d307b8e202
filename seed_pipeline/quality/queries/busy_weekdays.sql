-- The busiest weekdays are those with the heaviest weights; the trend is removed by comparing within whole weeks,
-- counted back from as_of; a day that the window cuts is left out. In large data each of them beats every day that it clearly outweighs.
WITH sums AS (  -- Every day of the window, the last one first.
    SELECT back::INTEGER AS back, count(id) AS n
    FROM range(1 + {newest}, 1 + {newest} + ({main.days} - {newest} - {oldest}) // 7 * 7) AS days (back)
    LEFT JOIN session_fact ON local_start::DATE = {main.as_of} - back::INTEGER
    GROUP BY back
),
level AS (
    SELECT isodow({main.as_of} - back) - 1 AS weekday, avg(part) AS observed, sum(n) AS n
    FROM (SELECT back, n, n / nullif(avg(n) OVER (PARTITION BY (back - 1 - {newest}) // 7), 0) AS part FROM sums)
    GROUP BY weekday
),
weekday AS (
    SELECT weekday, name, weight, observed, n, weight / avg(weight) OVER () AS expected,
           row_number() OVER (ORDER BY weight DESC, weekday) <= {days} AS busy
    FROM weekday_weight
    JOIN level USING (weekday)
),
whole AS (
    SELECT sum(n) AS n, avg(observed) FILTER (WHERE busy) - avg(observed) FILTER (WHERE NOT busy) AS above,
           avg(weight) FILTER (WHERE busy) >= {clearly} * avg(weight) FILTER (WHERE NOT busy) AS clear,
           string_agg(name, ', ' ORDER BY weight DESC, weekday) FILTER (WHERE busy) AS names
    FROM weekday
)
SELECT weekday.name AS label, whole.n, observed, expected, 0 AS low FROM weekday CROSS JOIN whole
UNION ALL BY NAME
SELECT names || ' above the rest' AS label, n, above AS observed, 1e-6 AS low FROM whole WHERE clear
UNION ALL BY NAME
SELECT 'day ' || top.name || ' against the next' AS label, any_value(top.n) AS n,
       any_value(top.observed) / max(lesser.observed) AS observed, 1 AS low
FROM weekday AS top
JOIN weekday AS lesser ON NOT lesser.busy AND lesser.observed > 0 AND top.weight >= {clearly} * lesser.weight
WHERE top.busy AND (SELECT large FROM dataset)
GROUP BY top.name
