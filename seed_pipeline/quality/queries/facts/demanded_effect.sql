-- Every application of a rule that the stored values demand: ratings only where there is feedback.
SELECT session_id, effect, rule, metric, rule_position
FROM triggered_rule
JOIN rule_effect USING (rule)
WHERE enabled AND (metric <> 'student_satisfaction_rating' OR has_feedback)
