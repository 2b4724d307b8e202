-- Stored values that a rule's caps and settings forbid, where no later effect touches them, whatever the journal says.
WITH last_effect AS (
    SELECT effect, metric, operation, operand, rule_position, greatest(low, least(high, operand)) AS bound,
           0.5 * 10.0 ** -places + 1e-9 AS half
    FROM rule_effect
    JOIN rule_metric ON rule_metric.name = metric AND stored
    WHERE rule = {rule} AND operation IN ('cap', 'set')
        AND NOT EXISTS (
            FROM rule_effect AS later
            WHERE later.rule = rule_effect.rule AND later.metric = rule_effect.metric AND later.turn > rule_effect.turn
        )
),
bounded AS (
    SELECT due.session_id, last_effect.*
    FROM demanded_effect AS due
    JOIN last_effect USING (effect)
    ANTI JOIN demanded_effect AS later
        ON later.session_id = due.session_id AND later.metric = due.metric AND later.rule_position > due.rule_position
)
SELECT session_id AS offender, 'stored ' || metric || ': ' || operation || ' ' || operand AS label,
       {stored_value} AS value, bound,
       CASE operation
           WHEN 'cap' THEN coalesce(value > bound + half, false)
           ELSE coalesce(abs(value - bound) > half, true)
       END AS wrong
FROM bounded
JOIN session_fact ON id = session_id
