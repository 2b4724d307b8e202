-- Where one rule acts otherwise than the stored values and the settings demand.
SELECT * EXCLUDE (rule) FROM rule_fault WHERE rule = {rule}
