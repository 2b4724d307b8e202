-- The journal's rows; `turn` counts a rule's effects on a metric of a session from 1.
SELECT *, row_number() OVER (PARTITION BY session_id, metric, rule ORDER BY seq) AS turn
FROM truth_effects
