-- Every application of a rule that the stored values demand: ratings only where there is feedback.
SELECT session_id, rule, rule_effect.rule_position, metric, turn, operation, operand
FROM triggered_rule
JOIN rule_effect USING (rule)
WHERE enabled AND (metric <> 'student_satisfaction_rating' OR has_feedback)
