-- Where a rule without a statement of its own acts otherwise than it must, and rows of nothing that is configured.
SELECT rule_fault.* EXCLUDE (rule, label), rule || ': ' || label AS label
FROM rule_fault
SEMI JOIN rule ON rule.name = rule_fault.rule AND NOT rule.has_statement
UNION ALL BY NAME
SELECT session_id AS offender, 'rows of a known rule, metric and session' AS label, truth_effects.rule,
       truth_effects.metric, rule.name IS NULL OR rule_metric.name IS NULL OR sessions.id IS NULL AS wrong
FROM truth_effects
LEFT JOIN rule ON rule.name = truth_effects.rule
LEFT JOIN rule_metric ON rule_metric.name = truth_effects.metric
LEFT JOIN sessions ON sessions.id = session_id
