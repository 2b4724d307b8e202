-- Rows of the journal that do not follow the one before, or do not close on the stored value.
WITH numbered AS (  -- Numbers sort faster than words.
    SELECT session_id, metric, row_number() OVER () AS number FROM truth_effects GROUP BY session_id, metric
),
chain AS (
    SELECT truth_effects.*, position, lag(after) OVER step AS previous, lag(position) OVER step AS earlier,
           row_number() OVER step AS place, lead(seq) OVER step IS NULL AS last
    FROM truth_effects
    LEFT JOIN numbered USING (session_id, metric)
    LEFT JOIN rule ON rule.name = truth_effects.rule
    WINDOW step AS (PARTITION BY number ORDER BY seq)
)
SELECT session_id AS offender, unnest([
    {'label': 'numbered from 1', 'wrong': seq IS DISTINCT FROM place},
    {'label': 'before is the last after',
     'wrong': place > 1 AND coalesce(abs(before - previous) > 1e-9 * greatest(1.0, abs(previous)), true)},
    {'label': 'in the order of the rules', 'wrong': place > 1 AND coalesce(position < earlier, false)}
], recursive := true), metric, rule, seq, before, after
FROM chain
UNION ALL BY NAME
SELECT session_id AS offender, metric || ' closes' AS label, metric, rule, seq, after, {stored_value} AS value,
       coalesce(abs(value - greatest(low, least(high, after))) > 0.5 * 10.0 ** -places + 1e-9, true) AS wrong
FROM chain
JOIN rule_metric ON rule_metric.name = metric AND stored
LEFT JOIN session_fact ON id = session_id
WHERE last
