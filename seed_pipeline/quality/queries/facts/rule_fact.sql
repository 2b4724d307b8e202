-- What the settings demand of a session's metrics beside what the journal has, effect by effect. A rule's several effects
-- on one metric of a session are told by their turn.
WITH again AS (
    SELECT session_id, metric, rule FROM truth_effects GROUP BY session_id, metric, rule HAVING count(*) > 1
),
recorded_effect AS (
    SELECT *, 1 AS turn FROM truth_effects ANTI JOIN again USING (session_id, metric, rule)
    UNION ALL
    SELECT *, row_number() OVER (PARTITION BY session_id, metric, rule ORDER BY seq)
    FROM truth_effects
    SEMI JOIN again USING (session_id, metric, rule)
),
recorded AS (
    SELECT session_id, rule, metric, known.rule IS NOT NULL AS acts, effect, before, after, true AS there,
           CASE operation
               WHEN 'multiply' THEN before * operand
               WHEN 'add' THEN before + operand
               WHEN 'cap' THEN least(before, operand)
               WHEN 'set' THEN operand
           END AS due
    FROM recorded_effect
    LEFT JOIN rule_effect USING (rule, metric, turn)
    LEFT JOIN (SELECT DISTINCT rule, metric FROM rule_effect) AS known USING (rule, metric)
)
SELECT coalesce(d.rule, r.rule) AS rule, coalesce(d.session_id, r.session_id) AS session_id,
       coalesce(d.metric, r.metric) AS metric, coalesce(d.effect, r.effect) AS effect,
       coalesce(d.demanded, false) AS demanded, coalesce(there, false) AS recorded, acts, before, after, due
FROM recorded AS r
FULL JOIN (SELECT *, true AS demanded FROM demanded_effect) AS d ON d.session_id = r.session_id AND d.effect = r.effect
