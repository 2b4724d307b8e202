-- What is looked at of every rule: recorded where triggered, nowhere else, with the arithmetic of the settings.
WITH missing AS (
    SELECT d.rule, d.session_id AS offender, d.metric || ': recorded where triggered' AS label,
           r.session_id IS NULL AS wrong, d.operation, d.operand
    FROM demanded_effect AS d
    LEFT JOIN recorded_effect AS r
        ON r.session_id = d.session_id AND r.rule = d.rule AND r.metric = d.metric AND r.turn = d.turn
),
recorded AS (  -- Rows of the rules on metrics that they act on.
    SELECT r.*, e.operation, e.operand, d.session_id IS NULL AS extra,
           CASE e.operation
               WHEN 'multiply' THEN before * e.operand
               WHEN 'add' THEN before + e.operand
               WHEN 'cap' THEN least(before, e.operand)
               WHEN 'set' THEN e.operand
           END AS due
    FROM recorded_effect AS r
    SEMI JOIN rule_effect AS any_effect ON any_effect.rule = r.rule AND any_effect.metric = r.metric
    LEFT JOIN rule_effect AS e ON e.rule = r.rule AND e.metric = r.metric AND e.turn = r.turn
    LEFT JOIN demanded_effect AS d
        ON d.session_id = r.session_id AND d.rule = r.rule AND d.metric = r.metric AND d.turn = r.turn
)
FROM missing
UNION ALL BY NAME
SELECT rule, session_id AS offender, metric || ': not recorded elsewhere' AS label, extra AS wrong, before, after
FROM recorded
UNION ALL BY NAME
SELECT rule, session_id AS offender, metric || ': ' || operation || ' ' || operand AS label,
       abs(after - due) > 1e-9 * greatest(1.0, abs(due)) AS wrong, operation, operand, before, after
FROM recorded
WHERE operation IS NOT NULL
UNION ALL BY NAME
SELECT rule, session_id AS offender, 'acts on no other metric' AS label, e.rule IS NULL AS wrong, before, after
FROM recorded_effect
LEFT JOIN (SELECT DISTINCT rule, metric FROM rule_effect) AS e USING (rule, metric)
