-- What is looked at of every rule: recorded where triggered, nowhere else, with the arithmetic of the settings.
SELECT rule, session_id AS offender, metric || ': recorded where triggered' AS label, NOT recorded AS wrong, operation, operand
FROM rule_fact
JOIN rule_effect USING (rule, metric, effect)
WHERE demanded
UNION ALL BY NAME
SELECT rule, session_id AS offender, metric || ': not recorded elsewhere' AS label, NOT demanded AS wrong, before, after
FROM rule_fact
WHERE recorded AND acts
UNION ALL BY NAME
SELECT rule, session_id AS offender, metric || ': ' || operation || ' ' || operand AS label,
       abs(after - due) > 1e-9 * greatest(1.0, abs(due)) AS wrong, operation, operand, before, after
FROM rule_fact
JOIN rule_effect USING (rule, metric, effect)
WHERE recorded
UNION ALL BY NAME
SELECT rule, session_id AS offender, 'acts on no other metric' AS label, NOT acts AS wrong, before, after
FROM rule_fact
WHERE recorded
